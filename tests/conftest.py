"""One PostgreSQL a run, one migrated template, one database a worker, one rolled-back transaction a test."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import application_engine
from migrations.run import upgrade
from resolvers.changing import pipeline
from server.embedded import EmbeddedPostgres
from server.texts import used_texts
from tenancy.clock import Clock, clock_of
from tenancy.errors import Refusal
from tenancy.hierarchy import Founded, create_distributor, create_reseller
from tenancy.messages import Message, places
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import ScopedSession

TEMPLATE = "headwater_template"
AUGUST_20 = datetime(2027, 8, 20, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Server:
    """Where a test's databases are. Handed from the controlling process to the workers by the environment."""

    owner: str
    app: str
    superuser: str

    def at(self, database: str) -> "Server":
        """The same server, another database."""
        return replace(
            self,
            owner=_database(self.owner, database),
            app=_database(self.app, database),
            superuser=_database(self.superuser, database),
        )


def _database(url: str, name: str) -> str:
    front, _, query = url.partition("?")
    return f"{front.rsplit('/', 1)[0]}/{name}?{query}"


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once, in the process that controls the run; workers find it in the environment."""
    if hasattr(config, "workerinput") or "HEADWATER_TEST_SERVER" in os.environ or config.option.collectonly:
        return
    folder = tempfile.TemporaryDirectory(prefix="headwater-test-", ignore_cleanup_errors=True)
    server = EmbeddedPostgres(Path(folder.name))
    server.start({"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"})
    os.environ["HEADWATER_TEST_SERVER"] = f"{server.owner_url()}\n{server.app_url()}\n{server.superuser_url()}"
    with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER headwater_owner")
    upgrade(_database(server.owner_url(), TEMPLATE))

    def stop() -> None:
        os.environ.pop("HEADWATER_TEST_SERVER", None)
        server.stop(fast=True)
        folder.cleanup()

    config.add_cleanup(stop)


@pytest.fixture(scope="session")
def postgres() -> Server:
    """The server, with `headwater_template` migrated."""
    return Server(*os.environ["HEADWATER_TEST_SERVER"].split("\n"))


@pytest.fixture(scope="session")
def database(postgres: Server, worker_id: str) -> Iterator[Server]:
    """This worker's own database, a clone of the template. Tests that commit take `fresh_database` instead."""
    yield from _clone(postgres, f"headwater_{worker_id}")


@pytest.fixture
def fresh_database(postgres: Server, worker_id: str) -> Iterator[Server]:
    """A database for one test that commits."""
    yield from _clone(postgres, f"headwater_{worker_id}_fresh")


def _clone(postgres: Server, name: str) -> Iterator[Server]:
    with psycopg.connect(postgres.superuser, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER headwater_owner STRATEGY FILE_COPY")
    yield postgres.at(name)
    with psycopg.connect(postgres.superuser, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def engine(database: Server) -> Iterator[Engine]:
    """The application's role on this worker's database."""
    engine = application_engine(database.app)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[ScopedSession]:
    """A platform-wide session on a transaction that is rolled back at the end of the test.

    `as_tenant` narrows it to what a tenant sees.
    """
    with engine.connect() as connection, connection.begin() as transaction:
        with ScopedSession(connection, PLATFORM) as session:
            session.begin()
            yield session
        transaction.rollback()


def scope_of(founded: Founded) -> Scope:
    """What the administrator of a founded tenant reaches."""
    tenant = founded.tenant
    return Scope.of_tenant(tenant.distributor_id, tenant.id, tenant.tenant_path, actor_id=founded.manager.id)


def distributor_scope(founded: Founded) -> Scope:
    """What a job of the tenant's distributor reaches: the whole tree, reading and writing."""
    tenant = founded.tenant
    return Scope.of_tenant(tenant.distributor_id, tenant.distributor_id, tenant.tenant_path[:6]).writing_downstream()


def act_as(session: Session, scope: Scope) -> Scope:
    """From here on the session sees and writes what `scope` says. Returns the scope, to hand to an action."""
    cast("ScopedSession", session).act_as(scope)
    return scope


@contextmanager
def undone(session: ScopedSession) -> Iterator[None]:
    """One example: what it does is gone afterwards, also when it fails."""
    transaction = session.begin_nested()
    try:
        yield
    finally:
        transaction.rollback()
        act_as(session, PLATFORM)


@dataclass(frozen=True)
class Chain:
    """A distributor, two resellers, and a child reseller below each."""

    distributor: Founded
    reseller: Founded
    child: Founded
    sibling: Founded
    cousin: Founded
    clock: Clock


@pytest.fixture
def chain(session: ScopedSession) -> Chain:
    """A sandbox chain in EUR whose clock stands at 20 August 2027, 09:00 UTC. The session is left on the platform."""
    return found_chain(session)


def found_chain(session: Session) -> Chain:
    """Found the chain in a session on the platform."""
    distributor = create_distributor(
        session,
        PLATFORM,
        name="Delta",
        currency="EUR",
        admin_email="admin@delta.example",
        sandbox=True,
        clock=AUGUST_20,
    )

    def below(parent: Founded, name: str) -> Founded:
        scope = act_as(session, scope_of(parent).writing_downstream())
        return create_reseller(
            session, scope, parent_id=None, name=name, currency="EUR", admin_email=f"admin@{name.lower()}.example"
        )

    reseller = below(distributor, "Ripple")
    sibling = below(distributor, "Sandbank")
    child = below(reseller, "Brook")
    cousin = below(sibling, "Creek")
    act_as(session, PLATFORM)
    return Chain(
        distributor=distributor,
        reseller=reseller,
        child=child,
        sibling=sibling,
        cousin=cousin,
        clock=clock_of(session, distributor.tenant.distributor_id),
    )


@pytest.fixture(scope="session", autouse=True)
def texts_in_catalogs() -> Iterator[None]:
    """Let nobody be told anything in these tests that the catalogs of other languages could not know."""
    known = {use.source for use in used_texts()}
    made = Message.__init__

    def checked(self: Message, source: str, /, **arguments: object) -> None:
        assert source in known, f"{source!r} is in no catalog: it is made on the spot"
        assert places(source) <= arguments.keys(), (
            f"{source!r} has no value for {', '.join(places(source) - arguments.keys())}"
        )
        made(self, source, **arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Message, "__init__", checked)
        yield


@pytest.fixture(scope="session", autouse=True)
def codes_in_descriptions() -> Iterator[None]:
    """Let no mutation answer a code in these tests that its description does not tell partners of."""

    def refuse(mutation: str, refusal: Refusal) -> None:
        raise AssertionError(f"{mutation} answers {refusal.code}, which its description does not tell of")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "untold", refuse)
        yield
