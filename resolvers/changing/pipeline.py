"""The one way of every mutation: from its arguments to the bytes of its answer."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

import orjson
import psycopg
from graphql import GraphQLError
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy import select

from domain.audit.about import record_call
from domain.shared import outbox
from domain.shared.errors import Forbidden, NotFound, OnlyForSellers, Refusal, SignInRefused, TooMany
from domain.shared.waiting import has_ended, wait_for_job
from resolvers import shopping
from resolvers.changing import idempotency
from resolvers.changing.answers import Outcome, outcome_of, refused
from resolvers.changing.audit import Audit
from resolvers.changing.calls import Call, Nobody, Who, declaration_of, root_names
from resolvers.changing.change import Before, Change, Wait
from resolvers.changing.coercion import ids_in, keywords
from resolvers.changing.deadline import CANCELED, keep_deadlines, within
from resolvers.changing.weighing import Weighing, asks_for_impact
from resolvers.reading import Engine, NotProven, Response, Viewer
from resolvers.reading.cost import LONGEST, TOO_LONG
from resolvers.reading.documents import Operation, RequestErrors
from resolvers.reading.execute import errors_only
from tenancy.customers import standing
from tenancy.models import Tenant
from tenancy.scope import Scope
from tenancy.sessions import ScopedSession, Sessions, seeing
from tenancy.tokens import NOBODY

__all__ = ["BEFOREHAND", "Pipeline", "Who"]

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""A deadlock, a serialization failure or a lost race for a unique key is tried so often in all."""
PAUSE = 0.02
"""Seconds, times the number of the attempt, that a new one waits at most: two that met should not meet again."""
_TRY_AGAIN = {"40001", "40P01", "23505"}
"""The last one is a row that somebody else has just made: the next attempt sees it, and refuses in its own words."""
RENEWALS = 3
"""How often a mutation whose tenant is being moved looks where it is."""
BEFOREHAND = 2
"""Threads for what takes long before a mutation's transaction, such as hashing passwords: 64 MiB each."""
MOST_WAITING = 50
"""Calls that wait for one of these threads; one more is asked to come again."""
LONGEST_WAIT = 9
"""Seconds that an answer may wait for a job: less than a request may take."""

T = TypeVar("T")
Renew = Callable[[], Awaitable["Who"]]
"""Looks up anew who asks. Raises what the server answers a stranger with."""


class Pipeline:
    """Answers mutations: permission, acting tenant, idempotency, one transaction each, payload, commit or roll back."""

    def __init__(
        self,
        engine: Engine,
        database: DatabaseEngine,
        *,
        threads: int,
        on_enqueued: Callable[[], None] = lambda: None,
        audit: Audit | None = None,
    ) -> None:
        """`threads` work at once, as many as `database` has connections; `on_enqueued` follows a commit with jobs."""
        assert engine.schema.mutation_type is not None
        self._engine = engine
        self._root = engine.schema.mutation_type
        self._open = {name for name, each in self._root.fields.items() if declaration_of(each).is_open} | {"__typename"}
        keep_deadlines(database)
        self._sessions = Sessions(database)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="change")
        self._beforehand = ThreadPoolExecutor(BEFOREHAND, thread_name_prefix="beforehand")
        self._waiting = 0
        self._on_enqueued = on_enqueued
        self._audit = audit or Audit()

    def close(self) -> None:
        """Let running mutations end, take no more."""
        self._beforehand.shutdown()
        self._threads.shutdown()

    async def execute(
        self,
        who: Who,
        document: str,
        variables: Mapping[str, Any],
        operation_name: str | None = None,
        *,
        request_id: str | None = None,
        address: str | None = None,
        spend: Callable[[int], None] | None = None,
        renew: Renew | None = None,
    ) -> Response:
        """Answer an operation of mutations, one after the other.

        `request_id` stands in the errors that tell of faults. `spend` hears the cost before anything runs, and may
        raise. `renew` is asked when the acting tenant turns out to have been moved since `who` was looked up; what it
        raises is raised, as is NotProven without it.
        """
        try:
            operation = self._engine.documents.find(document).operation(operation_name)
            values = get_variable_values(
                self._engine.schema, operation.node.variable_definitions or (), dict(variables), max_errors=50
            )
            if isinstance(values, list):
                raise RequestErrors(values)
            cost = self._engine.cost(operation, values.coerced)
            calls = self._calls(who, operation, values, request_id, address)
            shopping.account_of(
                self._engine.schema, list(shopping.asks(operation, [operation.node.selection_set])), values.coerced
            )
        except RequestErrors as wrong:
            return Response(errors_only(wrong.errors), executed=False)
        except GraphQLError as error:
            return Response(errors_only([error]), executed=False)
        if spend is not None:
            spend(cost)
        parts: list[bytes] = []
        errors: list[dict[str, Any]] = []
        for key, call in calls:
            part = orjson.dumps(self._root.name)
            if call is not None:
                part, faults = await self._settled(call, renew)
                errors += faults
            parts.append(orjson.dumps(key) + b":" + part)
        body = b'{"data":{' + b",".join(parts) + b"}"
        return Response(body + (b',"errors":' + orjson.dumps(errors) if errors else b"") + b"}", cost=cost)

    def is_open(self, document: str, operation_name: str | None = None) -> bool:
        """Whether an operation consists of open mutations, so that it needs no token. A wrong request does not."""
        try:
            operation = self._engine.documents.find(document).operation(operation_name)
        except RequestErrors:
            return False
        return operation.is_mutation and root_names(operation) <= self._open

    def _calls(
        self, who: Who, operation: Operation, values: VariableValues, request_id: str | None, address: str | None
    ) -> list[tuple[str, Call | None]]:
        """What is asked of the root, by its keys; None for its `__typename`."""
        calls: list[tuple[str, Call | None]] = []
        for selected in self._engine.selected(operation, self._root, values.coerced):
            definition = self._root.fields.get(selected.name)
            if definition is None:
                calls.append((selected.key, None))
                continue
            given = get_argument_values(definition, selected.nodes[0], values)
            declaration = declaration_of(definition)
            call = Call(
                who=Nobody() if declaration.is_open else who,
                operation=operation,
                variables=values.coerced,
                selected=selected,
                declaration=declaration,
                input=given["input"],
                input_type=definition.args["input"].type.of_type,
                dry_run=given["dryRun"],
                key=given.get("idempotencyKey"),
                request_id=request_id,
                address=address,
                description=definition.description or "",
            )
            calls.append((selected.key, call))
        return calls

    async def _settled(self, call: Call, renew: Renew | None) -> tuple[bytes, list[dict[str, Any]]]:
        """The answer for whoever acts from where the tenant is now."""
        for _ in range(RENEWALS):
            try:
                return await self._answered(call)
            except NotProven:
                if renew is None:
                    raise
                call = replace(call, who=await renew())
        return await self._answered(call)

    async def _answered(self, call: Call) -> tuple[bytes, list[dict[str, Any]]]:
        try:
            given = await self._prepared(call)
            if isinstance(given, Outcome):
                return await self._in_thread(partial(self._read_again, call, given))
            done = await self._in_thread(partial(self._perform, call, given))
            if isinstance(done, Later):
                await self._wait(call, done.wait)
                return await self._in_thread(partial(self._read_again, call, done.outcome))
        except NotProven:
            raise
        except GraphQLError as wrong:  # in an argument below `query`, seen when the payload was read: nothing is kept
            return b"null", [{**wrong.formatted, "path": [call.selected.key]}]
        except Exception as error:
            if _sqlstate(error) == CANCELED:
                return b"null", [{**TOO_LONG.formatted, "path": [call.selected.key]}]
            request_id = call.request_id or uuid4().hex
            log.exception("fault in %s, told as %s", call.selected.name, request_id)
            fault = {
                "message": "Internal error",
                "path": [call.selected.key],
                "extensions": {"code": "INTERNAL", "requestId": request_id},
            }
            return b"null", [fault]
        return done

    async def _in_thread(self, work: Callable[[], T]) -> T:
        speaks_the_same = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._threads, speaks_the_same, within, LONGEST, work)

    async def _prepared(self, call: Call) -> dict[str, Any] | Outcome:
        """The resolver's keywords, or why it is not asked.

        What takes long beforehand has few threads of its own: it neither stops the loop nor uses up the threads and
        connections of all other mutations.
        """
        try:
            self._require_allowed(call)
            given = keywords(call.input_type, dict(call.input))
            if call.declaration.beforehand is None:
                return given
            if self._waiting >= MOST_WAITING:
                raise TooMany("{count} others wait for the same; try again in a few seconds.", count=MOST_WAITING)
            before = Before(self._sessions, call.who.identity, call.address, call.dry_run, given)
            self._waiting += 1
            try:
                work = partial(call.declaration.beforehand, before)
                return await asyncio.get_running_loop().run_in_executor(self._beforehand, within, LONGEST, work)
            finally:
                self._waiting -= 1
        except Refusal as refusal:
            return self._refused(call, refusal)

    @staticmethod
    def _require_allowed(call: Call) -> None:
        needs, identity = call.declaration.needs, call.who.identity
        if needs is not None and needs not in identity.permissions:
            raise Forbidden(needs)
        if identity.scope.customer is not None and not (call.declaration.customers or call.declaration.is_open):
            raise OnlyForSellers
        if identity is NOBODY and not call.declaration.is_open:
            raise SignInRefused("This needs a token.")

    async def _wait(self, call: Call, wait: Wait) -> None:
        look = partial(has_ended, self._sessions, call.who.scope, wait.distributor_id, wait.job_id)
        await wait_for_job(partial(self._in_thread, look), seconds=min(wait.seconds, LONGEST_WAIT))

    def _perform(self, call: Call, given: Mapping[str, Any]) -> "tuple[bytes, list[dict[str, Any]]] | Later":
        careful, attempt = False, 1
        while True:
            try:
                return self._attempt(call, given, careful=careful)
            except NotProven:
                raise
            except Refusal as refusal:
                return self._read_again(call, self._refused(call, refusal))
            except psycopg.DataError:
                # Only reading the payload raises it as it is: there is a hole in it that the statement cannot tell of.
                if careful:
                    self._tell(call, None)
                    raise
                careful = True
            except Exception as error:
                if _sqlstate(error) not in _TRY_AGAIN or attempt == ATTEMPTS:
                    self._tell(call, None)
                    raise
                time.sleep(random.uniform(0, PAUSE * attempt))  # noqa: S311 - chance, no secret
                attempt += 1

    def _refused(self, call: Call, refusal: Refusal) -> Outcome:
        if not call.tells_of(refusal):
            untold(call.selected.name, refusal)
        outcome = refused(refusal)
        self._tell(call, outcome)
        return outcome

    def _attempt(
        self, call: Call, given: Mapping[str, Any], *, careful: bool
    ) -> "tuple[bytes, list[dict[str, Any]]] | Later":
        """The whole mutation in one transaction. `careful`: as in `Payload.read`."""
        with ScopedSession(
            self._sessions.engine, call.scope, alone=call.declaration.alone, about=call.about
        ) as session:
            session.begin()
            _require_place(session, call.scope)
            outcome, change = self._done(session, call, given)
            if not (call.dry_run or outcome.replayed):
                record_call(session, call.who.scope)
                self._audit.record(session, call.audited(outcome))
            session.flush()
            wait = None if change is None or call.dry_run else change.wait
            answer = None
            if wait is None:
                answer = self._payload(session, call, outcome, self._reader(session, call, outcome), careful=careful)
            if call.dry_run:
                session.rollback()
            else:
                session.commit()
            has_jobs = outbox.has_enqueued(session) and not call.dry_run
        self._tell(call, outcome)
        if has_jobs:
            self._wake()
        if answer is None:
            assert wait is not None
            return Later(outcome, wait)
        return answer

    def _wake(self) -> None:
        """Tell the workers. The mutation is done: whatever goes wrong here, they look by themselves a little later."""
        try:
            self._on_enqueued()
        except Exception:
            log.exception("workers could not be woken")

    def _tell(self, call: Call, outcome: Outcome | None) -> None:
        try:
            self._audit.tell(call.audited(outcome))
        except Exception:
            log.exception("the record of %s failed", call.selected.name)

    def _done(self, session: ScopedSession, call: Call, given: Mapping[str, Any]) -> tuple[Outcome, Change | None]:
        """What was done, and by what; None: nothing now, the answer is an earlier one."""
        keyed = None
        if call.key is not None and call.is_keyed:
            keyed = idempotency.begin(session, call.scope, call.key, call.selected.name, call.input)
            if keyed.earlier is not None:
                return keyed.earlier, None
        if call.who.scope.customer is not None:
            self._require_seen(session, call)
        change = Change(session, call.scope, call.who.identity, dry_run=call.dry_run, address=call.address)
        weighing = Weighing.begin(session, call, given) if asks_for_impact(self._engine.catalog, call) else None
        found = call.declaration.resolver(change, **given)
        session.flush()
        outcome = outcome_of(found, change.refusal, change.became)
        if weighing is not None:
            outcome = replace(outcome, shown={**outcome.shown, "impact": weighing.end(session, found)})
        if keyed is not None:
            idempotency.finish(session, keyed, call.scope, outcome)
        return outcome, change

    def _require_seen(self, session: ScopedSession, call: Call) -> None:
        """Refuse every id in a customer's input that names no row of the customer's, before its seller acts on it."""
        with seeing(session, call.who.scope):
            for prefix, id, path in ids_in(call.input_type, dict(call.input)):
                table = self._engine.catalog.tables[prefix]
                named = select(table.c.id).where(table.c.distributor_id == call.scope.distributor_id, table.c.id == id)
                if session.execute(named).one_or_none() is None:
                    raise NotFound(*path)

    @staticmethod
    def _reader(session: ScopedSession, call: Call, outcome: Outcome) -> Viewer:
        """Who reads the payload. A customer sees what is its own again, also what has become so just now."""
        identity, became = call.who.identity, outcome.became
        if outcome.replayed and identity.scope.customer is not None:  # what followed from the earlier answer holds
            user_id = outcome.rows.get("user") if identity.kind == "invitation" else identity.actor_id
            if isinstance(user_id, UUID):
                became = standing(session, identity, user_id=user_id, token_id=identity.token_id)
        viewer = Viewer.of(became) if became else call.who.viewer
        if viewer.is_customer:
            session.act_as(viewer.scope)
        return viewer

    def _read_again(self, call: Call, outcome: Outcome) -> tuple[bytes, list[dict[str, Any]]]:
        """The payload in a transaction of its own: of a refusal, or after a job."""
        with self._sessions.begin(call.who.scope) as session:
            return self._payload(session, call, outcome, call.who.viewer, careful=True)

    def _payload(
        self, session: ScopedSession, call: Call, outcome: Outcome, viewer: Viewer, *, careful: bool
    ) -> tuple[bytes, list[dict[str, Any]]]:
        values = outcome.values(call.who.acted_as)
        if shops := list(shopping.asks(call.operation, call.selected.sets)):
            account = shopping.account_of(self._engine.schema, shops, call.variables)
            with seeing(session, viewer.scope.as_seller()):
                viewer = shopping.looking(session, viewer, account)
        return self._engine.payload(
            session.connection(),
            viewer,
            call.operation,
            call.variables,
            call.selected,
            values,
            careful=careful,
        )


def _require_place(session: ScopedSession, scope: Scope) -> None:
    """See that the acting tenant still is where the scope says. Raises NotProven. From here on it stays there."""
    if scope.tenant_id is None:
        return
    found = session.scalar(
        select(Tenant.id).where(
            Tenant.distributor_id == scope.distributor_id,
            Tenant.id == scope.tenant_id,
            Tenant.tenant_path == scope.path,
        )
    )
    if found is None:
        raise NotProven


def untold(mutation: str, refusal: Refusal) -> None:
    """Note a code that the mutation's description lacks: the client gets it all the same. Tests refuse it."""
    log.error("%s answers %s, which its description does not tell of", mutation, refusal.code, exc_info=refusal)


def _sqlstate(error: Exception) -> str | None:
    """PostgreSQL's code, also of an error that SQLAlchemy has wrapped."""
    found: str | None = getattr(getattr(error, "orig", error), "sqlstate", None)
    return found


@dataclass(frozen=True, slots=True)
class Later:
    """What is answered when a job has ended."""

    outcome: Outcome
    wait: Wait
