"""The comparison measures the same work: its rows are whole, and its servers give the same answers."""

import psycopg
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bench import limit, loaders
from bench.database import CHILD, DISTRIBUTOR, MeasuredDatabase, fill, token
from bench.operations import of_headwater
from server.app import application
from server.settings import Settings
from tests.conftest import Server


@pytest.fixture
def measured(fresh_database: Server) -> MeasuredDatabase:
    """A small one, made with every constraint checked."""
    owner = fresh_database.superuser
    fill(owner, 4_000)
    return MeasuredDatabase(fresh_database.app, owner, 4_000)


def answers(
    application: Starlette, paths: dict[str, str], measured: MeasuredDatabase, who: int = CHILD
) -> list[object]:
    """What a server answers to the page and to three single subscriptions, plain."""
    found: list[object] = []
    with TestClient(application) as client:
        for name, operation in of_headwater(measured.subscription_ids(CHILD, 3)).items():
            for body in operation.bodies:
                answer = client.post(paths[name], json=body, headers={"Authorization": f"Bearer {token(who)}"})
                found.append(
                    operation.plain(answer.json()["data"]) if answer.status_code == 200 else answer.status_code
                )
    return found


def headwater(measured: MeasuredDatabase) -> Starlette:
    return application(
        Settings(database_url=measured.app_url, app_database_url=measured.app_url, web_pool_size=2, explorer=False)
    )


GRAPHQL = {"page": "/graphql", "single": "/graphql"}
BY_HAND = {"page": "/page", "single": "/single"}


def test_the_handler_written_by_hand_and_plain_strawberry_answer_what_headwater_answers(
    measured: MeasuredDatabase,
) -> None:
    ours = answers(headwater(measured), GRAPHQL, measured)
    assert len(ours[0]["subscriptions"]["nodes"]) == 50  # type: ignore[index]
    assert answers(limit.handler(measured.app_url, 2), BY_HAND, measured) == ours
    assert answers(loaders.server(measured.app_url, 2), GRAPHQL, measured) == ours


def test_the_handler_written_by_hand_checks_the_token_in_every_request(measured: MeasuredDatabase) -> None:
    # given
    operation = of_headwater(measured.subscription_ids(CHILD, 1))["single"]
    headers = {"Authorization": f"Bearer {token(CHILD)}"}
    with TestClient(limit.handler(measured.app_url, 1)) as client:
        assert client.post("/single", json=operation.bodies[0], headers=headers).status_code == 200
        # when
        with psycopg.connect(measured.superuser_url) as connection:
            connection.execute("UPDATE api_tokens SET revoked_at = now()")
        # then
        assert client.post("/single", json=operation.bodies[0], headers=headers).status_code == 401


def test_the_first_child_reseller_has_two_percent_and_the_distributor_sees_all(measured: MeasuredDatabase) -> None:
    assert len(measured.subscription_ids(CHILD, 4_000)) == 80
    with TestClient(headwater(measured)) as client:
        answer = client.post(
            "/graphql",
            json={"query": "{ subscriptions(scope: ALL) { totalCount { value } } }"},
            headers={"Authorization": f"Bearer {token(DISTRIBUTOR)}"},
        )
    assert answer.json() == {"data": {"subscriptions": {"totalCount": {"value": 4_000}}}}
