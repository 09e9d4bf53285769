"""What stands beside a field, on a schema of its own."""

import asyncio
from typing import Annotated, Any

import orjson
import pytest
import strawberry
from sqlalchemy import Integer
from strawberry.schema.config import StrawberryConfig

from domain.customers.models import Account as AccountRow
from domain.subscriptions.models import ServiceSubscription as SubscriptionRow
from resolvers.reading import (
    VIEWER,
    Connection,
    Engine,
    Names,
    Node,
    Viewer,
    by_id,
    column,
    constant,
    inline,
    listing,
    part,
    python,
    reads,
    related,
    sql,
)
from resolvers.reading.execute import reading_pool
from tenancy.permissions import Permission, Role
from tests.conftest import Server
from tests.resolvers.reading.world import World


def signed(id: str, number: str) -> str:
    """Stands for a link that only Python can sign."""
    return f"https://files.example/{number}?{id[:4]}"


@strawberry.type
class Contact:
    email: str = part()
    domain: str = part("site")


@strawberry.type
@reads(AccountRow, "acc")
class Account(Node):
    name: str = column(AccountRow.name)
    link: str | None = python(signed, AccountRow.id, AccountRow.number, needs=Permission.ACCOUNTS_READ)
    contact: Contact = inline(email=AccountRow.email, site=lambda row: VIEWER.path.op("||")(row.email))
    notes: list[str] = constant([])
    subscriptions: list[Annotated["Subscription", strawberry.lazy(__name__)]] = related(
        SubscriptionRow.account_id, order=(SubscriptionRow.name.desc(),), where=lambda row: row.endless.is_(False)
    )


@strawberry.type
@reads(SubscriptionRow, "sub")
class Subscription(Node):
    name: str = column(SubscriptionRow.name)
    account: Account = related(SubscriptionRow.account_id)


@strawberry.type
class Query:
    account: Account | None = by_id()
    accounts: Connection[Account] | None = listing(default_sort=(AccountRow.number.desc(),), page=2, cost=3)
    rows: int | None = sql(lambda _: 7 * VIEWER.distributor_id.is_not(None).cast(Integer))


@pytest.fixture(scope="module")
def engine() -> Engine:
    """An engine on this schema."""
    return Engine(strawberry.Schema(query=Query, config=StrawberryConfig(name_converter=Names())))


def ask(engine: Engine, server: Server, viewer: Viewer, document: str) -> Any:
    """The answer of the statement, which the reference confirms."""

    async def answer() -> bytes:
        async with reading_pool(server.app, size=1) as pool:
            return (await engine.execute(pool, viewer, document)).body

    return orjson.loads(asyncio.run(answer()))


def test_each_kind_of_field_finds_its_value(engine: Engine, readable: tuple[Server, World]) -> None:
    # given
    server, world = readable
    document = """{ rows accounts { nodes { name link notes contact { email domain }
      subscriptions { name account { name } } } totalCount { value } } }"""
    # when
    answer = ask(engine, server, world.child.viewer(), document)
    # then
    third, second = world.child.accounts[2], world.child.accounts[1]
    assert answer == {
        "data": {
            "rows": 7,
            "accounts": {
                "nodes": [
                    {
                        "name": "Brook customer 3",
                        "link": f"https://files.example/AC000003?{str(third.id)[:4]}",
                        "notes": [],
                        "contact": {"email": third.email, "domain": third.tenant_path + third.email},
                        "subscriptions": [],
                    },
                    {
                        "name": "Brook customer 2",
                        "link": f"https://files.example/AC000002?{str(second.id)[:4]}",
                        "notes": [],
                        "contact": {"email": second.email, "domain": second.tenant_path + second.email},
                        "subscriptions": [{"name": "Mail B", "account": {"name": "Brook customer 2"}}],
                    },
                ],
                "totalCount": {"value": 3},
            },
        }
    }


def test_a_python_field_is_hidden_like_any_other(engine: Engine, readable: tuple[Server, World]) -> None:
    server, world = readable
    answer = ask(engine, server, world.child.viewer(Role.MARKETING), "{ accounts { nodes { link } } }")
    assert answer["data"]["accounts"]["nodes"] == [{"link": None}, {"link": None}]
    assert [error["path"] for error in answer["errors"]] == [["accounts", "nodes", n, "link"] for n in (0, 1)]


def test_the_schema_says_what_a_declaration_says(engine: Engine) -> None:
    sdl = strawberry.Schema(query=Query, config=StrawberryConfig(name_converter=Names())).as_str()
    assert (
        "accounts(first: Int, after: String, last: Int, before: String): AccountConnection "
        '@cost(weight: 3) @listSize(assumedSize: 2, slicingArguments: ["first", "last"])' in sdl
    )
    assert 'link: String @requires(permission: "accounts.read")' in sdl
    assert "AccountEdge" in engine.schema.type_map


def test_a_field_that_needs_a_permission_must_be_nullable() -> None:
    @strawberry.type
    @reads(AccountRow, "acc")
    class Wrong(Node):
        name: str = column(AccountRow.name, needs=Permission.ACCOUNTS_READ)

    @strawberry.type
    class Asking:
        wrong: Wrong | None = by_id()

    with pytest.raises(TypeError, match="must be nullable"):
        strawberry.Schema(query=Asking)
