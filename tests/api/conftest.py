"""The application on a database of its own, asked over HTTP in the test's process."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from db.engine import application_engine
from server.app import application
from server.settings import Settings
from tenancy.models import Manager
from tenancy.permissions import Role
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tenancy.tokens import issue_token, set_operator_token
from tests.conftest import Chain, Server, found_chain

OPERATOR = "hw_operator-of-the-api-tests"
CREATE = """mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) { account { id } errors { code } }
}"""


@dataclass
class Api:
    """Sends operations as somebody of the chain."""

    client: TestClient
    engine: Engine
    """The application's role, besides the application."""
    chain: Chain
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str, document: str, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        """The whole answer to one operation."""
        response = self.client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {self.tokens[who]}", **(headers or {})},
        )
        return dict(response.json())

    def data(self, who: str, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = self.ask(who, document, **variables)
        assert "errors" not in answer, answer["errors"]
        return dict(answer["data"])

    def do(self, who: str, document: str, **variables: Any) -> dict[str, Any]:
        """The payload of one mutation that is not refused."""
        ((_, payload),) = self.data(who, document, **variables).items()
        assert payload["errors"] == [], payload["errors"]
        return dict(payload)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with Sessions(self.engine).begin(PLATFORM) as session:
            return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.fixture
def api(fresh_database: Server) -> Iterator[Api]:
    """The chain of the fixtures, a salesperson at the child, and tokens for all of them."""
    yield from opened(fresh_database)


def opened(database: Server) -> Iterator[Api]:
    """The same on a database of the caller's."""
    engine = application_engine(database.app, pool_size=1)
    with Sessions(engine).begin(PLATFORM) as session:
        set_operator_token(session, OPERATOR)
    with Sessions(engine).begin(PLATFORM) as session:
        chain = found_chain(session)
        child = chain.child.tenant
        seller = Manager(
            distributor_id=child.distributor_id,
            tenant_id=child.id,
            tenant_path=child.tenant_path,
            name="Sam",
            email="sam@brook.example",
            role=Role.SALES_PERSON,
        )
        session.add(seller)
        session.flush()
        sales = issue_token(session, seller)
    settings = Settings(database_url=database.owner, app_database_url=database.app, web_pool_size=3, explorer=False)
    with TestClient(application(settings)) as client:
        yield Api(
            client,
            engine,
            chain,
            {
                "operator": OPERATOR,
                "distributor": chain.distributor.token,
                "reseller": chain.reseller.token,
                "child": chain.child.token,
                "sibling": chain.sibling.token,
                "cousin": chain.cousin.token,
                "sales": sales,
            },
        )
    engine.dispose()


@pytest.fixture
def account(api: Api) -> Callable[..., str]:
    """Makes an account of the child reseller and answers its id."""

    def make(name: str = "Meadow Bakery") -> str:
        made = api.do(
            "child",
            CREATE,
            input={"name": name, "email": "till@meadow.example"},
        )
        return str(made["account"]["id"])

    return make
