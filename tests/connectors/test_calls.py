"""Effects at a service that misbehaves in every way happen once, and what is known of them is written down."""

import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.calls import Answer, Call, call_once
from connectors.errors import CallRefused, CallUnavailable, CallUnknown
from connectors.gates import Gates
from db.engine import application_engine
from domain.shared.models import OutsideCall, OutsideCallState
from domain.shared.outside_calls import KeyOfAnotherRequest
from tenancy.models import Tenant
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import Sessions
from tests.conftest import Chain, Server, distributor_scope, found_chain, scope_of
from tests.connectors.vendor import Things, Vendor, opened_vendor, thing


@dataclass
class Desk:
    """Somebody who calls, with transactions that commit."""

    sessions: Sessions
    chain: Chain
    vendor: Vendor
    gates: Gates

    @property
    def owner(self) -> Tenant:
        return self.chain.reseller.tenant

    @property
    def scope(self) -> Scope:
        return distributor_scope(self.chain.distributor)

    def transaction(self) -> AbstractContextManager[Session]:
        return self.sessions.begin(self.scope)

    def call(self, call: Call | None = None, *, settled_after: timedelta = timedelta(), url: str = "") -> Answer:
        silent = self.vendor.behaviours[:1] in (["be silent"], ["be silent and do nothing"], ["drip"])
        things = Things(url or self.vendor.url, timeout=0.5 if silent else 20)
        return call_once(self, self.owner, call or thing(), things, settled_after=settled_after, gates=self.gates)

    def until_done(self) -> None:
        """Wait for the vendor's late effect."""
        deadline = time.monotonic() + 20
        while not self.vendor.effects and time.monotonic() < deadline:
            time.sleep(0.02)

    def row(self) -> OutsideCall:
        with self.sessions.begin(PLATFORM) as session:
            return session.scalars(select(OutsideCall)).one()


@pytest.fixture
def desk(fresh_database: Server) -> Iterator[Desk]:
    engine = application_engine(fresh_database.app)
    sessions = Sessions(engine)
    with sessions.begin(PLATFORM) as session:
        chain = found_chain(session)
    with opened_vendor() as vendor:
        yield Desk(sessions, chain, vendor, Gates(patience=100))
    engine.dispose()


def test_a_call_is_written_down_with_its_answer_and_without_its_request(desk: Desk) -> None:
    # when
    answer = desk.call(thing(colour="blue"))
    # then
    assert answer == {"id": "thing 1"}
    row = desk.row()
    assert (row.service, row.operation, row.key) == ("things", "create", "order 1 create")
    assert (row.state, row.attempts, row.answer, row.error) == (OutsideCallState.DONE, 1, {"id": "thing 1"}, None)
    # `printf '{"colour":"blue","name":"Box"}' | sha256sum`
    assert row.request_digest == "0daabbe575cf6637db199963fb2c0a188630237f1773953dae9e48aff0c8d2bd"
    assert row.tenant_id == desk.owner.id
    assert (desk.vendor.headers[0]["Idempotency-Key"], desk.vendor.looked_up) == ("order 1 create", [])


def test_what_is_done_is_not_asked_for_again(desk: Desk) -> None:
    # given
    first = desk.call()
    # when
    second = desk.call()
    # then
    assert (first, second) == ({"id": "thing 1"}, {"id": "thing 1"})
    assert (desk.vendor.effects, desk.vendor.looked_up) == (["order 1 create"], [])


@pytest.mark.parametrize("behaviour", ["be silent", "hang up", "fail", "talk nonsense", "drip"])
def test_an_effect_whose_answer_did_not_arrive_is_looked_up_and_not_asked_for_again(desk: Desk, behaviour: str) -> None:
    # given
    desk.vendor.behaviours = [behaviour]
    with pytest.raises(CallUnknown):
        desk.call()
    assert (desk.row().state, desk.row().answer) == (OutsideCallState.UNKNOWN, None)
    # when
    answer = desk.call()
    # then
    assert answer == {"id": "thing 1"}
    assert (desk.row().state, desk.row().attempts) == (OutsideCallState.DONE, 1)
    assert (desk.vendor.effects, desk.vendor.looked_up) == (["order 1 create"], ["order 1 create"])


def test_what_was_looked_up_and_is_not_there_is_asked_for_again(desk: Desk) -> None:
    # given
    desk.vendor.behaviours = ["be silent and do nothing"]
    with pytest.raises(CallUnknown, match="did not answer: ReadTimeout"):
        desk.call()
    # when
    answer = desk.call()
    # then
    assert answer == {"id": "thing 1"}
    assert (desk.row().attempts, desk.vendor.effects) == (2, ["order 1 create"])
    assert [headers["Idempotency-Key"] for headers in desk.vendor.headers] == ["order 1 create"] * 2


def test_an_effect_that_comes_late_is_waited_for(desk: Desk) -> None:
    # given
    desk.vendor.behaviours = ["hang up and do it later"]
    a_while = timedelta(seconds=4)
    with pytest.raises(CallUnknown):
        desk.call(settled_after=a_while)
    # when
    with pytest.raises(CallUnknown, match="is not there yet") as raised:
        desk.call(settled_after=a_while)
    # then
    assert raised.value.after is not None
    assert timedelta() < raised.value.after <= a_while
    desk.until_done()
    assert desk.call(settled_after=a_while) == {"id": "thing 1"}
    assert desk.vendor.effects == ["order 1 create"]


def test_an_answer_that_comes_twice_is_read_once(desk: Desk) -> None:
    # given
    desk.vendor.behaviours = ["answer twice"]
    # when
    answers = [desk.call(thing("first")), desk.call(thing("second"))]
    # then
    assert answers == [{"id": "thing 1"}, {"id": "thing 2"}]
    assert desk.vendor.effects == ["first", "second"]


def test_a_refusal_is_final(desk: Desk) -> None:
    # given
    desk.vendor.behaviours = ["refuse"]
    # when
    for _ in range(2):
        with pytest.raises(CallRefused, match=r'127.0.0.1 answered 422: {"error": "no such box"}'):
            desk.call()
    # then
    assert (desk.row().state, desk.row().attempts, len(desk.vendor.headers)) == (OutsideCallState.REFUSED, 1, 1)


def test_a_service_that_is_busy_did_nothing_and_says_when_to_come_again(desk: Desk) -> None:
    # given
    desk.vendor.behaviours = ["be busy"]
    # when
    with pytest.raises(CallUnavailable) as raised:
        desk.call()
    # then
    assert raised.value.after == timedelta(seconds=7)
    assert desk.row().state is OutsideCallState.NOT_DONE
    # and when
    answer = desk.call()
    # then
    assert (answer, desk.vendor.looked_up) == ({"id": "thing 1"}, [])


def test_a_service_that_is_not_there_did_nothing(desk: Desk) -> None:
    # given
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    # when
    with pytest.raises(CallUnavailable, match="was not reached"):
        desk.call(url=nowhere)
    # then
    assert desk.row().state is OutsideCallState.NOT_DONE
    assert desk.call() == {"id": "thing 1"}


def test_what_cannot_be_looked_up_stays_unknown_and_is_not_asked_for(desk: Desk) -> None:
    # given
    desk.vendor.behaviours = ["hang up"]
    with pytest.raises(CallUnknown):
        desk.call()
    # when
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(CallUnknown, match="cannot look it up"):
            desk.call(url=f"http://127.0.0.1:{closed.getsockname()[1]}")
    # then
    assert (desk.row().state, desk.row().attempts) == (OutsideCallState.UNKNOWN, 1)


def test_a_key_stands_for_one_request(desk: Desk) -> None:
    # given
    desk.call()
    # when
    with pytest.raises(KeyOfAnotherRequest, match="the key order 1 create stands for another request"):
        desk.call(thing(colour="red"))
    # then
    assert desk.vendor.effects == ["order 1 create"]


def test_of_two_who_ask_at_once_one_does(desk: Desk) -> None:
    # given: while one looks it up, another has looked and asks
    desk.vendor.behaviours = ["be silent and do nothing"]
    with pytest.raises(CallUnknown):
        desk.call()

    class Slow(Things):
        def look_up(self, call: Call) -> Answer | None:
            found = super().look_up(call)
            desk.call()
            return found

    # when
    with pytest.raises(CallUnknown, match="somebody else is at order 1 create"):
        call_once(desk, desk.owner, thing(), Slow(desk.vendor.url), gates=desk.gates)
    # then
    assert (desk.row().attempts, desk.vendor.effects) == (2, ["order 1 create"])


def test_only_the_owner_and_those_above_see_a_call(desk: Desk) -> None:
    # given
    desk.call()

    def seen_by(scope: Scope) -> int:
        with desk.sessions.begin(scope) as session:
            return len(session.scalars(select(OutsideCall)).all())

    # then
    chain = desk.chain
    founded = (chain.distributor, chain.reseller, chain.child, chain.sibling)
    assert [seen_by(scope_of(each)) for each in founded] == [1, 1, 0, 0]
