"""Rows that are collected are written as the unit of work would have written them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from db.appending import append, append_all, appending
from db.ids import uuid7
from domain.billing.ledger import move
from domain.billing.models import LedgerAccount, LedgerEntry
from domain.shared.models import Event
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import open_shop

NOON = datetime(2027, 8, 20, 12, 0, 0, 123456, tzinfo=UTC)


def event_of(chain: Chain, type: str) -> dict[str, object]:
    tenant = chain.distributor.tenant
    return {
        "distributor_id": tenant.distributor_id,
        "tenant_id": tenant.id,
        "tenant_path": tenant.tenant_path,
        "type": type,
        "subject_kind": "ten",
        "subject_id": tenant.id,
        "actor_id": None,
        "job_id": None,
        "created_at": NOON,
        "updated_at": NOON,
    }


def told(session: ScopedSession) -> list[tuple[str, datetime]]:
    rows = session.scalars(select(Event).where(Event.type.like("test.%")).order_by(Event.sequence))
    return [(row.type, row.created_at) for row in rows]


def test_rows_are_written_at_the_end_in_their_order(session: ScopedSession, chain: Chain) -> None:
    # when
    with appending(session):
        append(session, Event, event_of(chain, "test.first"))
        append(session, Event, event_of(chain, "test.second"))
        assert told(session) == []
    # then
    assert told(session) == [("test.first", NOON), ("test.second", NOON)]


def test_outside_of_a_batch_a_row_is_written_by_the_next_flush(session: ScopedSession, chain: Chain) -> None:
    append(session, Event, event_of(chain, "test.alone"))
    assert told(session) == [("test.alone", NOON)]


def test_after_an_error_nothing_is_written_and_the_next_row_goes_its_usual_way(
    session: ScopedSession, chain: Chain
) -> None:
    def failing() -> None:
        with appending(session):
            append(session, Event, event_of(chain, "test.lost"))
            raise RuntimeError

    # when
    with pytest.raises(RuntimeError):
        failing()
    append(session, Event, event_of(chain, "test.kept"))
    # then
    assert told(session) == [("test.kept", NOON)]


def test_a_row_that_is_there_already_is_left_out(session: ScopedSession, chain: Chain) -> None:
    # given
    row = event_of(chain, "test.once") | {"id": uuid7()}
    # then
    assert append_all(session, Event, [row], where_new=True) == {row["id"]}
    assert append_all(session, Event, [row], where_new=True) == set()
    assert len(told(session)) == 1


def moved(session: ScopedSession, chain: Chain, batch: bool) -> list[tuple[object, ...]]:
    shop = open_shop(session, chain)

    def act() -> None:
        for amount in ("19.35", "0.01", "1234567890.10"):
            move(
                session,
                shop.account,
                LedgerAccount.CASH,
                LedgerAccount.AVAILABLE,
                Decimal(amount),
                payment_id=None,
                at=NOON,
            )

    if batch:
        with appending(session):
            act()
    else:
        act()
        session.flush()
    assert shop.account.funds == Decimal("1234567909.46")
    entries = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id))
    return [(each.amount, each.currency, each.to_book, each.charge_id, each.created_at) for each in entries]


@pytest.mark.parametrize("batch", [False, True], ids=["one by one", "in a batch"])
def test_the_ledger_is_the_same_in_a_batch(session: ScopedSession, chain: Chain, batch: bool) -> None:
    assert moved(session, chain, batch) == [
        (Decimal(amount), "EUR", LedgerAccount.AVAILABLE, None, NOON) for amount in ("19.35", "0.01", "1234567890.10")
    ]
