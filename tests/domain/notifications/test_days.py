"""What accounts are told on a day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.customers.models import PaymentModel
from domain.notifications.actions import next_notice, notify
from domain.notifications.templates import BILLING_DAY_COMING, SUBSCRIPTIONS_STOPPED
from domain.payments import lifecycle
from domain.payments.billing_run import run_day
from domain.shared.models import Job, Mail, MailState
from tenancy.scope import Scope
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.payments.selling import Shop, clock_on, open_shop

AUGUST_29 = date(2027, 8, 29)
SEPTEMBER_1 = date(2027, 9, 1)


def scope_of_jobs(shop: Shop) -> Scope:
    """The session sees and writes what a job of the distributor does."""
    return act_as(shop.session, distributor_scope(shop.chain.distributor))


def run(shop: Shop, day: date) -> None:
    scope = scope_of_jobs(shop)
    clock = clock_on(day)
    run_day(shop.session, scope, clock=clock, day=day)
    assert notify(shop.session, scope, clock=clock, day=day) == 0


def mails(shop: Shop, kind: str) -> list[Mail]:
    scope_of_jobs(shop)
    return list(shop.session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.id)))


@pytest.mark.feature("N-02")
def test_three_days_before_its_billing_day_an_account_hears_what_is_missing(session: Session, chain: Chain) -> None:
    # given: 12/31 of 5 × 10.00 are blocked of 20.00, and 50.00 are due on 1 September
    shop = open_shop(session, chain)
    shop.top_up("20")
    subscription = shop.bought(5)
    # when
    run(shop, AUGUST_29)
    # then
    (mail,) = mails(shop, BILLING_DAY_COMING)
    assert (mail.recipient, mail.state, mail.tenant_id) == (
        "it@harbour.example",
        MailState.WAITING,
        chain.child.tenant.id,
    )
    assert mail.subject == "49.35 EUR are missing for 1 September 2027"
    assert f"- {subscription.name} ({subscription.number}): 50.00 EUR\n" in mail.body
    assert "Required funds:  50.00 EUR\nAvailable funds: 0.65 EUR\nMissing funds:   49.35 EUR\n" in mail.body
    assert mail.body.endswith("\nBrook\n")
    assert mail.created_at == clock_on(AUGUST_29).now
    job = session.scalars(select(Job)).one()
    assert (job.kind, job.queue, job.arguments) == (
        "notifications.send_mail",
        "notifications",
        {"mail_id": mail.id.hex},
    )


@pytest.mark.feature("N-02")
def test_an_account_that_has_enough_hears_that_it_has(session: Session, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100")
    shop.bought(5)
    # when
    run(shop, AUGUST_29)
    # then
    (mail,) = mails(shop, BILLING_DAY_COMING)
    assert mail.subject == "Your billing day is 1 September 2027"
    assert "Available funds: 80.65 EUR\n\nYour balance covers it" in mail.body


@pytest.mark.feature("N-02")
def test_a_postpaid_account_hears_it_too_and_misses_nothing(session: Session, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, payment_model=PaymentModel.POSTPAY)
    shop.bought(5)
    # when
    run(shop, AUGUST_29)
    # then
    (mail,) = mails(shop, BILLING_DAY_COMING)
    assert "Required funds:  50.00 EUR\nAvailable funds: -19.35 EUR\n\nNothing is to be paid in advance" in mail.body


def test_a_day_that_is_run_again_tells_nobody_again(session: Session, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("20")
    shop.bought(5)
    # when
    run(shop, AUGUST_29)
    run(shop, AUGUST_29)
    # then
    assert len(mails(shop, BILLING_DAY_COMING)) == 1
    assert len(session.scalars(select(Job)).all()) == 1


@pytest.mark.parametrize("days", [-1, 1])
def test_no_other_day_tells_of_it(session: Session, chain: Chain, days: int) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("20")
    shop.bought(5)
    # when
    run(shop, AUGUST_29 + timedelta(days=days))
    # then
    assert mails(shop, BILLING_DAY_COMING) == []


def test_one_mail_tells_of_everything_an_account_has(session: Session, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100")
    names = [shop.bought(quantity, name=f"Office {quantity}").name for quantity in (1, 2)]
    # when
    run(shop, AUGUST_29)
    # then
    (mail,) = mails(shop, BILLING_DAY_COMING)
    assert [name in mail.body for name in names] == [True, True]
    assert "Required funds:  30.00 EUR" in mail.body


def test_what_is_not_paid_on_its_day_stops_and_its_account_hears_of_it(session: Session, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("20")
    subscription = shop.bought(5)
    # when
    run(shop, SEPTEMBER_1)
    # then
    (mail,) = mails(shop, SUBSCRIPTIONS_STOPPED)
    assert mail.subject == f"Stopped for lack of funds: {subscription.name}"
    assert "so they stopped on 1 September 2027:" in mail.body
    assert "ask Brook to prolong them" in mail.body


def test_what_somebody_stops_is_no_lack_of_funds(session: Session, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("20")
    subscription = shop.bought(5)
    shop.day = AUGUST_29
    lifecycle.stop_subscription(session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
    # when
    run(shop, AUGUST_29)
    # then
    assert mails(shop, SUBSCRIPTIONS_STOPPED) == []
    assert mails(shop, BILLING_DAY_COMING) == []


def test_the_next_day_with_something_to_tell_is_known_ahead(session: Session, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("20")
    shop.bought(5)
    scope = scope_of_jobs(shop)

    def asked(after: date, until: date) -> date | None:
        return next_notice(session, scope, after=after, until=until)

    # then
    assert asked(date(2027, 8, 20), date(2027, 9, 30)) == AUGUST_29
    assert asked(date(2027, 8, 20), date(2027, 8, 28)) is None
    assert asked(AUGUST_29, date(2027, 9, 30)) is None


def test_nothing_is_told_of_what_is_free(session: Session, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, prices=("0.00", "0", "0"))
    shop.bought(5)
    assert shop.account.funds == Decimal(0)
    # when
    run(shop, AUGUST_29)
    # then
    assert mails(shop, BILLING_DAY_COMING) == []
