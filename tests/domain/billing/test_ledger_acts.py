"""Money moves in pairs, and the balance with it."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from domain.billing.ledger import available, move, require_funds
from domain.billing.models import LedgerAccount, LedgerEntry
from domain.billing.wording import days_text
from domain.customers.models import PaymentModel
from domain.shared.errors import InsufficientBalance
from domain.shared.periods import Period
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import Shop, open_shop

BOOKS = LedgerAccount


def moved(shop: Shop, *moves: tuple[LedgerAccount, LedgerAccount, str]) -> tuple[str, str]:
    for from_book, to_book, amount in moves:
        move(shop.session, shop.account, from_book, to_book, Decimal(amount), at=shop.clock.now)
    shop.session.flush()
    return shop.balance()


def test_funds_are_what_is_available_and_blocked(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    assert moved(shop, (BOOKS.CASH, BOOKS.AVAILABLE, "10.00")) == ("10.00", "0.00")
    assert moved(shop, (BOOKS.AVAILABLE, BOOKS.BLOCKED, "4.00")) == ("10.00", "4.00")
    assert available(shop.account) == Decimal("6.00")
    assert moved(shop, (BOOKS.BLOCKED, BOOKS.REVENUE, "3.00")) == ("7.00", "1.00")
    assert moved(shop, (BOOKS.REVENUE, BOOKS.AVAILABLE, "1.00")) == ("8.00", "1.00")
    assert moved(shop, (BOOKS.BLOCKED, BOOKS.AVAILABLE, "1.00")) == ("8.00", "0.00")
    assert moved(shop, (BOOKS.AVAILABLE, BOOKS.REVENUE, "8.00")) == ("0.00", "0.00")


def test_nothing_moves_for_nothing_and_never_backwards(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    assert moved(shop, (BOOKS.CASH, BOOKS.AVAILABLE, "0.00")) == ("0.00", "0.00")
    assert session.scalars(select(LedgerEntry)).all() == []
    with pytest.raises(ValueError, match="moves forward"):
        moved(shop, (BOOKS.CASH, BOOKS.AVAILABLE, "-1.00"))


def test_only_a_postpaid_balance_covers_more_than_it_has(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    moved(shop, (BOOKS.CASH, BOOKS.AVAILABLE, "10.00"))
    require_funds(shop.account, Decimal("10.00"))
    with pytest.raises(InsufficientBalance):
        require_funds(shop.account, Decimal("10.01"))
    shop.account.payment_model = PaymentModel.POSTPAY
    require_funds(shop.account, Decimal("10.01"))


@pytest.mark.parametrize("statement", ["UPDATE ledger_entries SET amount = 1", "DELETE FROM ledger_entries"])
def test_the_ledger_is_never_rewritten(session: ScopedSession, chain: Chain, statement: str) -> None:
    # given
    moved(open_shop(session, chain), (BOOKS.CASH, BOOKS.AVAILABLE, "10.00"))
    # then: the database refuses, whoever asks in the application's name
    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (date(2027, 8, 20), date(2027, 9, 1), "20–31 Aug 2027"),
        (date(2027, 8, 31), date(2027, 9, 1), "31 Aug 2027"),
        (date(2027, 8, 20), date(2027, 9, 20), "20 Aug – 19 Sep 2027"),
        (date(2027, 12, 20), date(2028, 1, 20), "20 Dec 2027 – 19 Jan 2028"),
    ],
)
def test_days_are_said_once(start: date, end: date, said: str) -> None:
    assert days_text(Period(start, end)) == said
