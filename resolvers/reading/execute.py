"""Runs operations: finds the plan, sends one pipeline, hands on the bytes."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Connection

from db.engine import APPLICATION_ROLE, FAIL_CLOSED
from resolvers.reading.catalog import Catalog
from resolvers.reading.compiler import Compiler, Declined
from resolvers.reading.cost import LONGEST, TOO_LONG, Cost, Meter, allowed_points
from resolvers.reading.documents import Document, Documents, Operation, RequestErrors
from resolvers.reading.inputs import Questions
from resolvers.reading.marks import with_marks_done
from resolvers.reading.payloads import Payload, Values
from resolvers.reading.plans import Plan
from resolvers.reading.reference import Reference
from resolvers.reading.selections import Selected, Selections
from resolvers.reading.statement import compiled
from resolvers.reading.viewer import Viewer
from resolvers.reading.wire import Statement, pipelined, sent
from tenancy.scope import Scope
from tenancy.sessions import settings_of

__all__ = ["Engine", "NotProven", "Pool", "Proof", "Response", "confirm", "reading_pool", "refused_request"]

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]

SET_SCOPE = (
    "SELECT set_config('app.lo', $1, true), set_config('app.hi', $2, true), set_config('app.ancestors', $3, true), "
    "set_config('plan_cache_mode', $4, true)"
)
EPOCH = "(SELECT epoch FROM access_epochs WHERE tenant_path = ${})"
SET_REACHES = (
    f"{SET_SCOPE}, set_config('app.account', $5, true), set_config('app.accounts', $6, true), "
    "set_config('app.services', $7, true), set_config('app.user', $8, true), set_config('app.seller', $9, true), "
    "set_config('app.chain', $10, true)"
)
_REACHES = ("account", "accounts", "services", "user", "seller", "chain")
_SETTINGS = {
    True: (Statement(SET_SCOPE), Statement(f"{SET_SCOPE}, {EPOCH.format(5)}")),
    False: (Statement(SET_REACHES), Statement(f"{SET_REACHES}, {EPOCH.format(11)}")),
}
"""How the scope is set, by whether a range of paths is all of it: alone, and with the epoch that it then sees."""
PLANNING = "-c enable_seqscan=off -c random_page_cost=1.1 -c jit=off"
"""A page is a few rows of a big table, found by an index, mostly in memory: never a whole table, and compiling a plan
would take longer than running it."""
ONE_SNAPSHOT = "-c default_transaction_isolation=repeatable\\ read"
"""The statement that proves where a tenant is and the one that reads its rows see the same instant: a tenant that is
moved between the two would otherwise have no rows."""
REFERENCES = 2
"""Operations that the reference answers at once: each takes a thread and a connection besides the pool's."""
DATA_ERROR = "22"
"""SQLSTATE class of values that cannot be: also how a missing value of a non-null field shows."""


@dataclass(slots=True)
class Response:
    """What goes to the client. `executed` False: the request was wrong and nothing ran."""

    body: bytes
    executed: bool = True
    faults: tuple[BaseException, ...] = ()
    """What the client was told of as "Internal error" only."""
    cost: int | None = None
    """Points; None when the request was wrong before that was known."""
    proven: bool = False
    """The proof was checked on the way."""


@dataclass(frozen=True, slots=True)
class Proof:
    """When a token's holder was looked up. The statement that sets the scope says whether that epoch has ended."""

    place: str
    """Whose epochs: the distributor's path, empty for the platform."""
    epoch: bytes | None
    """As PostgreSQL writes it; None before the first change."""


class NotProven(Exception):
    """The token belongs to somebody else now, or to nobody."""


def reading_pool(url: str, *, size: int = 10, switch_role: bool = False) -> Pool:
    """Connections for reading: read-only, seeing no row until a scope is set. To be opened by the caller.

    `switch_role`: as in `db.engine.application_engine`.
    """
    options = f"{FAIL_CLOSED} {PLANNING} {ONE_SNAPSHOT}"
    options += f" -c default_transaction_read_only=on -c statement_timeout={LONGEST}s"
    if switch_role:
        options += f" -c role={APPLICATION_ROLE}"
    return AsyncConnectionPool(
        url,
        # What is prepared here `wire` prepares: had psycopg prepared anything, its rollback would deallocate all.
        kwargs={"autocommit": True, "options": options, "application_name": "headwater", "prepare_threshold": None},
        min_size=size,
        max_size=size,
        timeout=LONGEST,
        open=False,
    )


def scope_settings(scope: Scope, *, planning: str = "auto") -> list[str]:
    """The parameters of `SET_SCOPE`; for whom rows are seen by their ids besides, of `SET_REACHES`."""
    if scope.is_ranged:
        return [scope.lo, scope.hi, ",".join(scope.ancestors), planning]
    settings = settings_of(scope)
    return [settings["lo"], settings["hi"], settings["ancestors"], planning, *(settings[name] for name in _REACHES)]


def setting(viewer: Viewer, proof: Proof | None, *, planning: str = "auto") -> tuple[Statement, list[bytes | None]]:
    """The statement that sets the viewer's scope, for `pipelined`; with a proof it also tells the epoch."""
    alone, telling = _SETTINGS[viewer.scope.is_ranged]
    given = viewer.settings.get(planning)
    if given is None:
        given = viewer.settings[planning] = sent(scope_settings(viewer.scope, planning=planning))
    return (alone, given) if proof is None else (telling, [*given, proof.place.encode()])


def require_epoch(told: Any, proof: Proof | None) -> None:
    """Raise NotProven when the result of `setting` tells another epoch than the proof's."""
    if proof is not None and told.get_value(0, told.nfields - 1) != proof.epoch:
        raise NotProven


async def confirm(connection: psycopg.AsyncConnection[Any], viewer: Viewer, proof: Proof) -> None:
    """See, without reading anything else, that the proof's epoch has not ended. Raises NotProven."""
    (told,) = await pipelined(connection, setting(viewer, proof))
    require_epoch(told, proof)


class Engine:
    """Answers queries on one schema."""

    def __init__(self, schema: Any, *, introspection: bool = True) -> None:
        """`introspection` False: nobody is told of the schema."""
        self.schema: GraphQLSchema = getattr(schema, "_schema", schema)
        self.catalog = Catalog(self.schema)
        self.documents = Documents(self.schema, introspection=introspection)
        self._references = asyncio.Semaphore(REFERENCES)

    async def execute(
        self,
        pool: Pool,
        viewer: Viewer,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        request_id: str | None = None,
        spend: Callable[[int], None] | None = None,
        proof: Proof | None = None,
    ) -> Response:
        """Answer a query with one statement, or by the reference where the compiler declines.

        `request_id` stands in the errors that tell of faults. `spend` hears the cost before anything runs, and may
        raise. `proof` is that of a viewer who was looked up before: where the answer is not `proven`, the caller has to
        check it. Raises NotProven; psycopg.Error when the database does not answer.
        """
        try:
            operation = self.documents.find(document).operation(operation_name)
        except RequestErrors as refused:
            return refused_request(refused)
        return await self.answer(
            pool, viewer, operation, variables or {}, request_id=request_id, spend=spend, proof=proof
        )

    async def answer(
        self,
        pool: Pool,
        viewer: Viewer,
        operation: Operation,
        variables: Mapping[str, Any],
        *,
        request_id: str | None = None,
        spend: Callable[[int], None] | None = None,
        proof: Proof | None = None,
    ) -> Response:
        """Answer one operation of a document: see `execute`."""
        try:
            if not operation.is_query:
                raise GraphQLError("This is not a query.")
            coerced = operation.coerced(variables)
            plan = self.plan(operation, viewer, coerced)
            cost = allowed_points(plan.cost, coerced)
            parameters = plan.statement.parameters(coerced, viewer) if plan.statement else []
        except RequestErrors as refused:
            return refused_request(refused)
        except GraphQLError as error:
            return Response(errors_only([error]), executed=False)
        if spend is not None:
            spend(cost)
        try:
            if plan.statement is not None:
                data = await self._run(pool, viewer, plan, parameters, proof)
                body = with_marks_done(data, plan.marks) if plan.marks else b'{"data":' + data + b"}"
                return Response(body, cost=cost, proven=proof is not None)
        except psycopg.errors.QueryCanceled:
            return Response(errors_only([TOO_LONG]), cost=cost)
        except psycopg.Error as error:
            if not (error.sqlstate or "").startswith(DATA_ERROR):
                raise
        async with self._references:
            reference = Reference(self.catalog, viewer, lambda: snapshot(pool, viewer))
            answer = await asyncio.to_thread(reference.answer, operation, variables)
        return Response(orjson.dumps(answer.formatted(request_id)), faults=answer.faults, cost=cost)

    def selected(self, operation: Operation, type_: GraphQLObjectType, variables: Mapping[str, Any]) -> list[Selected]:
        """The fields that an operation asks of its root."""
        selections = Selections(self.schema, operation.document.fragments, Questions(variables))
        return selections.of(type_, [operation.node.selection_set])

    def payload(
        self,
        connection: Connection,
        viewer: Viewer,
        operation: Operation,
        variables: Mapping[str, Any],
        selected: Selected,
        values: Values,
        *,
        careful: bool = True,
    ) -> tuple[bytes, list[dict[str, Any]]]:
        """What one mutation answers with, read in its open transaction, whose scope is the viewer's.

        `variables` are coerced. `values` holds the payload's fields by their Python names: the UUIDs of rows, plain
        values for the rest. Returns the payload's JSON and the errors inside it. A database that refuses a statement
        raises, as does a fault of the reference. `careful`: as in `Payload.read`.
        """
        return Payload(self.catalog, viewer, operation, variables, selected).read(connection, values, careful=careful)

    def plan(self, operation: Operation, viewer: Viewer, variables: Mapping[str, Any]) -> Plan:
        """The plan of a query. Raises GraphQLError for arguments that no plan can have."""
        return operation.plans.find(
            viewer.kind, variables, lambda questions: self._compile(operation, viewer, questions)
        )

    def compiler(self, document: Document, viewer: Viewer, questions: Questions) -> Compiler:
        """A compiler for one operation."""
        return Compiler(
            self.catalog,
            document.fragments,
            questions,
            viewer.permissions,
            is_platform=viewer.is_platform,
            is_customer=viewer.is_customer,
        )

    def _compile(self, operation: Operation, viewer: Viewer, questions: Questions) -> Plan:
        compiler = self.compiler(operation.document, viewer, questions)
        cost = self._cost(operation, questions)
        assert self.schema.query_type is not None
        try:
            statement = compiler.root(self.schema.query_type, [operation.node.selection_set])
        except Declined:
            return Plan(None, cost=cost)
        text = compiled(statement)
        return Plan(text, tuple(compiler.marks), cost, _planning(compiler), Statement(text.text))

    def _cost(self, operation: Operation, questions: Questions) -> Cost:
        root = self.schema.get_root_type(operation.node.operation)
        assert root is not None
        selections = Selections(self.schema, operation.document.fragments, questions)
        return Meter(self.catalog, selections, questions).cost(root, [operation.node.selection_set])

    def cost(self, operation: Operation, variables: Mapping[str, Any]) -> int:
        """What an operation of any kind costs. Raises GraphQLError when that is too much; a query is checked anyway."""
        plan = operation.plans.find(
            "cost", variables, lambda questions: Plan(None, cost=self._cost(operation, questions))
        )
        return allowed_points(plan.cost, variables)

    @staticmethod
    async def _run(pool: Pool, viewer: Viewer, plan: Plan, parameters: list[str | None], proof: Proof | None) -> bytes:
        """One pipeline up to its Sync is one implicit transaction: the settings end with it.

        Its statements see one instant: what was read in an epoch that had ended is not handed on.
        """
        assert plan.prepared is not None
        steps = setting(viewer, proof, planning=plan.planning), (plan.prepared, sent(parameters))
        connection = await pool.getconn()  # as a context it would end a transaction that there is not
        try:
            scope, found = await pipelined(connection, *steps)
        finally:
            await pool.putconn(connection)
        require_epoch(scope, proof)
        value: bytes = found.get_value(0, 0)
        return value


def _planning(compiler: Compiler) -> str:
    """PostgreSQL's `plan_cache_mode` for what was compiled.

    How many rows there are in tenants below differs so much that a plan fits one request only. The tenant's own rows in
    the order of an index, and rows by their ids, are read alike whoever asks: that is planned once, also where
    PostgreSQL takes it for dearer because it does not know how few rows are wanted. Filters and orders are its choice.
    """
    if compiler.is_wide:
        return "force_custom_plan"
    return "force_generic_plan" if compiler.is_steady else "auto"


def snapshot(pool: Pool, viewer: Viewer) -> psycopg.Connection[Any]:
    """A connection like the pool's, in a transaction that sees the viewer's rows as of now."""
    assert isinstance(pool.conninfo, str)
    assert isinstance(pool.kwargs, dict)
    connection = psycopg.connect(pool.conninfo, **{**pool.kwargs, "autocommit": False})
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    setting = SET_SCOPE if viewer.scope.is_ranged else SET_REACHES
    psycopg.RawCursor(connection).execute(setting, scope_settings(viewer.scope))
    return connection


def refused_request(refused: RequestErrors) -> Response:
    """The answer to a request that is wrong before anything of it is looked at closer."""
    return Response(errors_only(refused.errors), executed=False)


def errors_only(errors: list[GraphQLError]) -> bytes:
    """The answer to a request that did not run."""
    return orjson.dumps({"errors": [error.formatted for error in errors]})
