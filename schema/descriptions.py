"""Descriptions from docstrings: of a type its own, of a field, value or input the string that stands below it."""

import ast
import inspect
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from resolvers.changing import Mutating

__all__ = ["attribute_docstrings", "describe", "undescribed"]

ARGUMENTS = {
    "account_id": "For which customer, at the prices that it would pay.",
    "after": "Begin after this cursor, taken from a page of the same list, filter and order.",
    "before": "End before this cursor, taken from a page of the same list, filter and order.",
    "dry_run": "Do everything but keep it: the payload shows the world as it would be.",
    "filter": "Which rows the list shows.",
    "first": "How many rows from the beginning, at most 200. Default 50 at a root, 10 nested.",
    "id": "A global id.",
    "ids": "Global ids, at most 200.",
    "last": "How many rows from the end, at most 200; not together with `first`.",
    "limit": "Count no further than this.",
    "scope": "Whose rows the list shows.",
    "search": "Words, parts of numbers, names, e-mails or external ids; every word must be found, in any order.",
    "sort": "The order; later keys decide between equals. Without it the newest come first.",
}
"""What an argument means, by its name: the same everywhere."""


@cache
def attribute_docstrings(cls: type) -> dict[str, str]:
    """The string below each attribute of a class body, inherited ones included, as one line."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] in {"schema", "resolvers", "domain", "tenancy"}:
            found |= _own(base)
    return found


@cache
def _own(cls: type) -> dict[str, str]:
    tree = ast.parse(dedent(inspect.getsource(cls)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for statement, following in pairwise(body):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = " ".join(text.split())
    return found


def describe(schema: strawberry.Schema) -> None:
    """Fill in what has no description yet."""
    for type_ in schema._schema.type_map.values():  # noqa: SLF001 - Strawberry has no public way to the built types
        definition = type_.extensions.get("strawberry-definition")
        cls = getattr(definition, "origin", None) or getattr(definition, "wrapped_cls", None)
        if not isinstance(cls, type) or type_.name.startswith("__"):
            continue
        if not type_.description and cls.__doc__:
            type_.description = inspect.cleandoc(cls.__doc__)
        texts = attribute_docstrings(cls)
        match type_:
            case GraphQLEnumType():
                for name, value in type_.values.items():
                    value.description = value.description or texts.get(name)
            case GraphQLObjectType() | GraphQLInterfaceType() | GraphQLInputObjectType():
                _describe_fields(type_, texts)


def _describe_fields(
    type_: GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType, texts: dict[str, str]
) -> None:
    for name, field in type_.fields.items():
        python_name = _python_name(field, name)
        field.description = field.description or _with_needs(field, texts.get(python_name))
        for argument_name, argument in getattr(field, "args", {}).items():
            argument.description = argument.description or ARGUMENTS.get(_python_name(argument, argument_name))


def _with_needs(field: Any, text: str | None) -> str | None:
    """A mutation's text with its permission: a reader of the schema alone should not have to try."""
    definition = (field.extensions or {}).get("strawberry-definition")
    for each in getattr(definition, "extensions", ()):
        if isinstance(each, Mutating) and text is not None:
            return text.replace("Codes:", f"Needs {_needed(each)}. Codes:", 1)
    return text


def _needed(mutating: Mutating) -> str:
    if mutating.is_open:
        return "no token"
    return str(mutating.needs or "any token")


def _python_name(element: Any, name: str) -> str:
    definition = (element.extensions or {}).get("strawberry-definition")
    return getattr(definition, "python_name", None) or name


def undescribed(schema: strawberry.Schema) -> list[str]:
    """Coordinates of everything public that has no description: a partner would have to guess."""
    missing = []
    for type_ in schema._schema.type_map.values():  # noqa: SLF001 - as above
        if type_.name.startswith("__"):
            continue
        if not type_.description:
            missing.append(type_.name)
        for name, value in getattr(type_, "values", {}).items():
            if not value.description:
                missing.append(f"{type_.name}.{name}")
        for name, field in getattr(type_, "fields", {}).items():
            if not field.description:
                missing.append(f"{type_.name}.{name}")
            for argument_name, argument in getattr(field, "args", {}).items():
                if not argument.description:
                    missing.append(f"{type_.name}.{name}({argument_name}:)")
    return missing
