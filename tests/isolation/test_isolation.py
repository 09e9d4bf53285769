"""Nobody learns of, or changes, what belongs to others: asked of everything that the schema offers, as everybody."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import true
from starlette.testclient import TestClient

from resolvers.changing import idempotency
from resolvers.changing.answers import Outcome
from resolvers.reading import Engine, catalog, reading_pool
from resolvers.reading.viewer import PREFIX_OF_ACTOR
from schema.build import schema
from server.app import application
from server.settings import ROOT, Settings
from tenancy.sessions import ScopedSession, Sessions
from tests.changing.documents import MUTATIONS, document_of, input_type_of
from tests.changing.samples import SAMPLES
from tests.changing.world import World, digest, uuid_of
from tests.conftest import Server
from tests.isolation.checking import EVERYBODY, FEW, Checker, Report
from tests.isolation.conftest import Ground
from tests.isolation.ground import known_rows
from tests.isolation.probes import id_leaves, places

pytestmark = pytest.mark.feature("T-02")

AS_WHOM = pytest.mark.parametrize(
    "viewers", [pytest.param(FEW, id="some"), pytest.param(EVERYBODY, id="everybody", marks=pytest.mark.slow)]
)
REPORT = ROOT / ".headwater" / "reports" / "isolation.txt"


@contextmanager
def asking(url: str, world: World) -> Iterator[Callable[[str, str, Mapping[str, Any]], dict[str, Any]]]:
    """The reading engine on connections of one login."""
    engine = Engine(schema)
    with asyncio.Runner() as runner:
        pool = reading_pool(url, size=1)
        runner.run(pool.open(wait=True))

        def read(who: str, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
            response = runner.run(engine.execute(pool, world.who(who).viewer, document, variables))
            return dict(json.loads(response.body))

        yield read
        runner.run(pool.close())


@contextmanager
def checking(ground: Ground, *, url: str | None = None, viewers: Sequence[str] = EVERYBODY) -> Iterator[Checker]:
    """A checker that reads as the application's role, or as somebody else."""
    database, world = ground.database, ground.world
    known = Engine(schema).catalog
    rows = known_rows(database, known)
    with asking(url or database.app, world) as read:
        yield Checker(
            known,
            rows,
            {who: world.who(who).scope for who in {*EVERYBODY, *(sample.who for sample in SAMPLES.values())}},
            read,
            lambda who, document, variables: json.loads(world.send(who, document, variables)),
            lambda: _kept(database),
            ground.marks,
            viewers,
        )


def told(name: str, report: Report) -> None:
    """Print a report, and keep it with the others."""
    text = f"{name}\n{report}\n"
    sys.stdout.write(f"\n{text}\n")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    kept = REPORT.read_text().split("\n\n") if REPORT.exists() else []
    kept = [part for part in kept if part.strip() and not part.startswith(name)]
    REPORT.write_text("\n\n".join([*(part.strip("\n") for part in kept), text]))


def _kept(database: Server) -> list[str]:
    """A digest of every table but the one that counts refusals, which they are to change."""
    return [line for line in digest(database.superuser).split("\n") if not line.startswith("sign_in_attempts ")]


MORE: dict[str, tuple[str, Callable[[Mapping[str, str]], dict[str, Any]]]] = {
    "updateAccount": (
        "child",
        lambda known: {
            "accountId": known["account"],
            "change": {
                "accountTypeId": known["type"],
                "accountClassId": known["class"],
                "managerId": known["bob"],
            },
        },
    ),
}
"""Inputs with ids that the sample of the mutation leaves out."""


def samples_of(known: Mapping[str, str]) -> dict[str, Any]:
    return {mutation: sample.make(known) for mutation, sample in SAMPLES.items()}


def test_every_kind_of_row_is_there_for_somebody_else(ground: Ground) -> None:
    """A type that has ids and no row here would be a type that nobody was refused."""
    with checking(ground) as checker:
        prefixes = {
            reads.prefix
            for type_ in checker.catalog.schema.type_map.values()
            if (reads := checker.catalog.reads(type_)) is not None and reads.prefix is not None
        }
        for who in ("sibling", "other distributor"):
            assert prefixes - {row.prefix for row in checker.foreign(who)} == set(), who


def test_every_id_that_a_mutation_takes_is_sent_by_a_sample(ground: Ground) -> None:
    more = {mutation: make(ground.world.ids) for mutation, (_, make) in MORE.items()}
    for mutation, input in samples_of(ground.world.ids).items():
        type_ = input_type_of(mutation)
        sent = {coordinate for _, coordinate, _ in id_leaves(type_, input)}
        sent |= {coordinate for _, coordinate, _ in id_leaves(type_, more.get(mutation, {}))}
        assert _id_fields(type_) - sent == set(), mutation


def _id_fields(type_: Any) -> set[str]:
    from graphql import get_named_type, is_input_object_type  # noqa: PLC0415 - small

    found = set()
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if named.name == "ID":
            found.add(f"{type_.name}.{name}")
        elif is_input_object_type(named):
            found |= _id_fields(named)
    return found


def test_every_kind_of_holder_is_among_the_viewers() -> None:
    """A kind that is new here has to be added to the viewers first.

    Platform operators see everything, and an invitation only itself (`tests/api/test_customers.py`).
    """
    assert set(PREFIX_OF_ACTOR) == {"manager", "user", "platform", "invitation"}


@AS_WHOM
def test_what_belongs_to_others_is_answered_like_what_is_not_there(ground: Ground, viewers: Sequence[str]) -> None:
    with checking(ground, viewers=viewers) as checker:
        checker.ask_fields()
        told(f"Fields, as {len(viewers)} viewers", checker.report)
        assert checker.report.leaks == []
        assert checker.report.fields == {place.name for place in places(checker.catalog.schema)}
        assert min(checker.report.questions.values()) > 10 * len(viewers)


@pytest.mark.slow
def test_predicates_alone_answer_so_where_row_level_security_is_missing(ground: Ground) -> None:
    """The second wall by itself: the same questions on a login that row-level security does not hold."""
    with checking(ground, url=ground.database.superuser) as checker:
        checker.ask_fields()
        told("Fields, predicates alone", checker.report)
        assert checker.report.leaks == []


@pytest.mark.slow
@pytest.mark.feature("T-03")
@pytest.mark.parametrize("login", ["app", "superuser"])
def test_nothing_that_anybody_sees_holds_what_belongs_upstream_or_aside(ground: Ground, login: str) -> None:
    with checking(ground, url=getattr(ground.database, login)) as checker:
        checker.look_around()
        told(f"Upstream privacy, as {login}", checker.report)
        assert checker.report.leaks == []


@AS_WHOM
def test_a_mutation_of_what_belongs_to_others_is_refused_like_one_of_nothing(
    ground: Ground, viewers: Sequence[str]
) -> None:
    world = ground.world
    own = samples_of(world.ids)
    samples = {mutation: (SAMPLES[mutation].who, own[mutation]) for mutation in MUTATIONS}
    with checking(ground, viewers=viewers) as checker:
        checker.ask_mutations(samples, samples_of(ground.others))
        for mutation, (who, make) in MORE.items():
            checker.ask_mutation(mutation, who, make(world.ids), make(ground.others))
        told(f"Mutations, as {len(viewers)} viewers", checker.report)
        assert checker.report.leaks == []
        assert checker.report.mutations == set(MUTATIONS)


@pytest.mark.slow
@pytest.mark.feature("A-07")
def test_a_key_that_somebody_else_used_is_as_good_as_new(ground: Ground) -> None:
    """Neither the first one's answer nor a mismatch: keys are the holder's own."""
    database, world = ground.database, ground.world
    inputs = samples_of(world.ids)
    for mutation, input in inputs.items():
        who = SAMPLES[mutation].who
        if who in {"operator", "nobody"}:
            continue
        scope = world.who(who).scope.as_seller()
        with Sessions(world.engine).begin(scope) as session:
            keyed = idempotency.begin(session, scope, f"isolation {mutation}", mutation, input)
            idempotency.finish(session, keyed, scope, Outcome({"tenant": uuid_of(world.ids["child"])}))
    before = _kept(database)
    for mutation, input in inputs.items():
        if SAMPLES[mutation].who in {"operator", "nobody"}:
            continue
        document = document_of(mutation, 1)
        for who in EVERYBODY:
            if who == SAMPLES[mutation].who or not _is_refused(world, who, mutation, input):
                continue
            used, new = (
                json.loads(world.send(who, document, {"input": input, "key": key}))
                for key in (f"isolation {mutation}", f"never used {mutation}")
            )
            assert used == new, (who, mutation)
    assert _kept(database) == before


def _is_refused(world: World, who: str, mutation: str, input: Mapping[str, Any]) -> bool:
    answer = json.loads(world.send(who, document_of(mutation, 1), {"input": input, "dry": True}))
    return bool(answer["data"]["done"]["errors"])


@pytest.mark.parametrize("authorization", [None, "Bearer hw_nobody", "Basic hw_nobody"])
def test_nobody_gets_the_same_answer_to_everything(ground: Ground, authorization: str | None) -> None:
    # given
    database, world = ground.database, ground.world
    settings = Settings(database_url=database.owner, app_database_url=database.app, web_pool_size=2, explorer=False)
    before = digest(database.superuser)
    answers = set()
    inputs = samples_of(world.ids)
    root = schema._schema.query_type
    assert root is not None
    # when
    with TestClient(application(settings)) as client:
        asked: list[tuple[str, dict[str, Any]]] = [
            (document_of(mutation), {"input": inputs[mutation]})
            for mutation in MUTATIONS
            if SAMPLES[mutation].who != "nobody"
        ]
        for name, each in root.fields.items():
            given = f'(id: "{world.ids["child"]}")' if "id" in each.args else ""
            given = f'(ids: ["{world.ids["child"]}"])' if "ids" in each.args else given
            asked.append((f"{{ {name}{given} {{ __typename }} }}", {}))
        for document, variables in asked:
            answer = client.post(
                "/graphql",
                json={"query": document, "variables": variables},
                headers={} if authorization is None else {"Authorization": authorization},
            )
            answers.add((answer.status_code, answer.text))
    # then
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    assert digest(database.superuser) == before


@pytest.mark.slow
def test_a_field_without_its_predicate_is_caught_where_row_level_security_is_missing_too(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checker checks: a broken copy of one field, the customer by id, is found by all of its questions."""
    right = catalog.visible

    def broken(reads: Any, columns: Any, **more: Any) -> Any:
        return true() if reads.prefix == "acc" else right(reads, columns, **more)

    monkeypatch.setattr("resolvers.reading.compiler.visible", broken)
    with checking(ground) as checker:  # one wall is left: nothing leaks
        checker.ask_fields()
        assert checker.report.leaks == []
    with checking(ground, url=ground.database.superuser) as checker:
        checker.ask_fields()
        told("Broken on purpose: a customer by id without its predicate, nor row-level security", checker.report)
        assert any("Query.account(id:) acc" in leak for leak in checker.report.leaks)
        assert any("Query.node(id:) acc" in leak for leak in checker.report.leaks)
        assert any("Query.nodes(ids:)" in leak for leak in checker.report.leaks)


def test_a_mutation_that_finds_rows_of_others_is_caught(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken copy of one resolver: it looks for the customer without a scope, and tells whose it is."""
    from domain.payments import actions  # noqa: PLC0415 - to break it
    from tenancy.errors import ActAsRequired  # noqa: PLC0415
    from tenancy.scope import PLATFORM  # noqa: PLC0415
    from tenancy.sessions import seeing  # noqa: PLC0415

    right = actions.top_up

    def broken(session: ScopedSession, scope: Any, *, account_id: Any, **more: Any) -> Any:
        with seeing(session, PLATFORM):
            owner = session.connection().exec_driver_sql("SELECT tenant_id FROM accounts WHERE id = %s", (account_id,))
            found = owner.scalar()
        if found is not None and found != scope.tenant_id:
            raise ActAsRequired(f"rsl_{found.hex}", path=("account_id",))
        return right(session, scope, account_id=account_id, **more)

    monkeypatch.setattr(actions, "top_up", broken)
    own, others = samples_of(ground.world.ids), samples_of(ground.others)
    with checking(ground) as checker:
        for mutation in ("topUp", "orderSubscription", "updateAccount"):
            checker.ask_mutation(mutation, SAMPLES[mutation].who, own[mutation], others[mutation])
        told("Broken on purpose: a mutation that looks for customers everywhere", checker.report)
        assert checker.report.leaks != []
        assert all("topUp" in leak for leak in checker.report.leaks)
