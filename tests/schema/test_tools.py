"""What others' tools make of the schema: a linter's rules, and the types of a TypeScript project."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schema.build import sdl
from tests.clients.node import Project, opened

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "server" / "explorer" / "examples.graphql"


@pytest.fixture
def project() -> Iterator[Project]:
    """A project with the schema and the explorer's examples in it."""
    with opened(HERE) as project:
        (project.folder / "schema.graphql").write_text(sdl())
        (project.folder / "examples.graphql").write_text(EXAMPLES.read_text())
        yield project


@pytest.mark.feature("A-08")
def test_the_schema_keeps_the_rules_of_graphql_eslint(project: Project) -> None:
    project.run("node_modules/eslint/bin/eslint.js", "schema.graphql")


def test_the_linter_would_say_something(project: Project) -> None:
    # given
    undescribed = 'extend type Query { getThing: Int! }\n"""No pages."""\ntype ThingConnection { things: Int }'
    (project.folder / "schema.graphql").write_text(f"{sdl()}\n{undescribed}\n")
    # when
    with pytest.raises(AssertionError) as failed:
        project.run("node_modules/eslint/bin/eslint.js", "schema.graphql")
    # then
    for rule in (
        "require-description",
        "naming-convention",
        "require-nullable-result-in-root",
        "relay-connection-types",
    ):
        assert f"@graphql-eslint/{rule}" in str(failed.value)


@pytest.mark.feature("A-08")
def test_typescript_types_of_schema_and_examples_compile(project: Project) -> None:
    # when
    project.run("types.mjs")
    # then
    strict = ["--strict", "--noEmit", "--noUnusedLocals", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"]
    modules = ["--module", "nodenext", "--target", "es2022", "--types", "", "--allowImportingTsExtensions"]
    project.run("node_modules/typescript/bin/tsc", *strict, *modules, "schema.ts", "operations.ts", "partner.ts")
    for name in ("schema.ts", "operations.ts"):
        assert ": any" not in (project.folder / name).read_text()
