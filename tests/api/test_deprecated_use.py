"""A token is told which of the fields that it uses are to go."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
import strawberry
from sqlalchemy import select, update
from starlette.testclient import TestClient
from strawberry.schema.config import StrawberryConfig

from resolvers.reading import Connection, Engine, Names, by_id, inline
from resolvers.reading.deprecations import Deprecation
from schema import lists
from schema.build import schema
from schema.catalog import Plan
from schema.mutation import Mutation
from schema.payload import GenericError, InsufficientBalance
from schema.people import ServiceToken, Viewer
from schema.query import Query
from schema.scalars import SCALARS
from schema.tenants import Distributor, Reseller
from server.app import application
from server.settings import Settings
from tenancy.models import DeprecatedUse
from tenancy.permissions import Permission
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import CREATE, Api
from tests.conftest import Server

USED = "{ viewer { deprecatedUse { coordinate removedAfter lastUsedAt operationName } } }"


def _goes(use: str) -> str:
    return f"Removed after 2028-01-01. Use {use}."


@strawberry.type
class Older(Query):
    """The queries, and some that are to go."""

    me: Viewer | None = inline(deprecation_reason=_goes("viewer"))
    product: Plan | None = by_id(needs=Permission.CATALOG_READ, deprecation_reason=_goes("plan"))
    items: Connection[Plan] | None = lists.plans()


def _older() -> strawberry.Schema:
    """A schema with a field, an argument, an input field and a value that are to go."""
    built = strawberry.Schema(
        query=Older,
        mutation=Mutation,
        types=[Distributor, Reseller, GenericError, InsufficientBalance, ServiceToken],
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=Names()),
    )
    types: dict[str, Any] = built._schema.type_map
    types["Older"].fields["items"].args["search"].deprecation_reason = _goes("filter")
    types["CreateAccountInput"].fields["externalId"].deprecation_reason = _goes("email")
    types["PaymentModel"].values["POSTPAY"].deprecation_reason = _goes("PREPAY")
    return built


@pytest.fixture
def older(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The application again, with such a schema."""
    built = _older()
    monkeypatch.setattr("server.app.schema", built)
    url = api.engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg://", "postgresql://")
    settings = Settings(database_url=url, app_database_url=url, web_pool_size=2, explorer=False)
    with TestClient(application(settings)) as client:
        yield Api(client, api.engine, api.chain, api.tokens)


def write(api: Api) -> None:
    """Have the notes written now, not in some seconds."""
    assert api.client.portal is not None
    app: Any = api.client.app
    api.client.portal.call(app.state.site.deprecated_uses.write)


def told(api: Api, who: str) -> list[dict[str, Any]]:
    write(api)
    found: list[dict[str, Any]] = api.data(who, USED)["viewer"]["deprecatedUse"]
    return found


@pytest.mark.feature("A-08")
def test_a_token_is_told_what_it_uses_and_when_that_goes(older: Api) -> None:
    # given
    began = datetime.now(UTC)
    older.data("child", "query Old { me { tenant { name } } }")
    # when
    (use,) = told(older, "child")
    # then
    assert use | {"lastUsedAt": None} == {
        "coordinate": "Older.me",
        "removedAfter": "2028-01-01",
        "lastUsedAt": None,
        "operationName": "Old",
    }
    assert began - timedelta(seconds=1) < datetime.fromisoformat(use["lastUsedAt"]) <= datetime.now(UTC)


def test_nobody_is_told_what_another_token_uses(older: Api) -> None:
    older.data("child", "{ me { permissions } }")
    for other in ("reseller", "distributor", "sibling", "sales"):
        assert told(older, other) == []


def test_a_later_use_renews_the_row(older: Api) -> None:
    # given
    older.data("child", "query First { me { permissions } }")
    first = told(older, "child")
    # when
    older.data("child", "query Second { me { permissions } }")
    # then
    (use,) = told(older, "child")
    assert use["operationName"] == "Second"
    assert use["lastUsedAt"] > first[0]["lastUsedAt"]
    assert older.count("deprecated_uses") == 1


def test_after_thirty_days_a_use_is_told_no_more(older: Api) -> None:
    # given
    older.data("child", "{ me { permissions } }")
    write(older)
    # when
    with Sessions(older.engine).begin(PLATFORM) as session:
        assert session.scalars(select(DeprecatedUse.removed_after)).one() == date(2028, 1, 1)
        session.execute(update(DeprecatedUse).values(last_used_at=datetime.now(UTC) - timedelta(days=30, seconds=1)))
    # then
    assert told(older, "child") == []


def test_arguments_values_and_what_variables_hold_count_too(older: Api) -> None:
    # given
    older.data("child", '{ items(search: "bread") { nodes { id } } }')
    account = {"name": "Meadow", "email": "till@meadow.example", "paymentModel": "POSTPAY", "externalId": "7"}
    # when
    older.data("child", CREATE, input=account)
    # then
    assert [use["coordinate"] for use in told(older, "child")] == [
        "CreateAccountInput.externalId",
        "Older.items(search:)",
        "PaymentModel.POSTPAY",
    ]


def test_only_the_operation_that_runs_counts(older: Api) -> None:
    # given
    document = """
      query New { viewer { permissions } }
      query Old { ...Through }
      fragment Through on Older { me { permissions } }
    """
    # when
    older.client.post(
        "/graphql",
        json={"query": document, "operationName": "New"},
        headers={"Authorization": f"Bearer {older.tokens['child']}"},
    )
    # then
    assert told(older, "child") == []


def test_notes_are_written_when_the_process_stops(api: Api, older: Api) -> None:
    # given
    older.data("child", "{ me { permissions } }")
    # when
    older.client.__exit__(None, None, None)
    # then
    assert api.count("deprecated_uses") == 1


def test_what_the_database_does_not_take_now_it_takes_later(older: Api, fresh_database: Server) -> None:
    # given
    older.data("child", "{ me { permissions } }")
    with psycopg.connect(fresh_database.owner, autocommit=True) as owner:
        owner.execute("ALTER TABLE deprecated_uses RENAME TO away")
        # when
        write(older)
        # then
        owner.execute("ALTER TABLE away RENAME TO deprecated_uses")
    assert [use["coordinate"] for use in told(older, "child")] == ["Older.me"]


def test_each_document_is_looked_through_once() -> None:
    # given
    documents = Engine(_older()).documents
    # when
    operation = documents.find("{ me { permissions } }").operation(None)
    # then
    assert operation.deprecated == (Deprecation("Older.me", date(2028, 1, 1)),)
    assert documents.find("{ me { permissions } }").operation(None) is operation


def test_where_nothing_is_deprecated_nothing_is_looked_for() -> None:
    assert not Engine(schema).documents.deprecations
