"""Sandboxes side by side: each has its own time, and tells what happened in it in the order of the rules."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.billing.models import Charge, ChargeState
from domain.customers.models import Account
from domain.payments import lifecycle
from domain.shared.advancing import start_advance_clock
from domain.shared.models import Event, JobState
from domain.subscriptions.models import ServiceSubscription
from jobs.wake import wake
from tenancy.clock import clock_of
from tenancy.scope import PLATFORM
from tests.conftest import Chain, distributor_scope, found_chain, scope_of
from tests.domain.payments.selling import open_shop
from tests.jobs.conftest import House

pytestmark = pytest.mark.feature("B-12")

SEPTEMBER_2, OCTOBER_2 = datetime(2027, 9, 2, 9, tzinfo=UTC), datetime(2027, 10, 2, 9, tzinfo=UTC)


def advance(house: House, chain: Chain, to: datetime) -> UUID:
    """Ask for it, and wake the workers."""
    with house.sessions.begin(scope_of(chain.distributor)) as session:
        id = chain.distributor.tenant.distributor_id
        job_id = start_advance_clock(session, session.scope, distributor_id=id, to=to).id
    wake(house.sessions.engine)
    return job_id


def sold(house: House, chain: Chain) -> None:
    """5 × 10.00 a month from 20 August, and money for two months and a half."""
    with house.sessions.begin(PLATFORM) as session:
        shop = open_shop(session, chain)
        shop.top_up("120")
        shop.bought(5)


def looks(house: House, chain: Chain) -> tuple[str, str, list[str], list[str]]:
    """Clock, state, charges and what is on the balance."""
    with house.sessions.begin(distributor_scope(chain.distributor)) as session:
        now = clock_of(session, chain.distributor.tenant.distributor_id).now
        account = session.scalars(select(Account)).one()
        subscription = session.scalars(select(ServiceSubscription)).one()
        charges = session.execute(
            select(Charge.state, Charge.amount).where(Charge.state != ChargeState.DELETED).order_by(Charge.number)
        )
        return (
            now.isoformat(),
            subscription.state.value,
            [f"{state} {amount:.2f}" for state, amount in charges],
            [f"{account.funds:.2f}", f"{account.blocked:.2f}"],
        )


def test_two_sandboxes_do_not_disturb_each_other(house: House) -> None:
    # given: the same customer in two of them
    with house.sessions.begin(PLATFORM) as session:
        other = found_chain(session)
    sold(house, house.chain)
    sold(house, other)
    untouched = looks(house, other)
    house.start_worker()
    # when: time passes in one
    job = house.ended(advance(house, house.chain, SEPTEMBER_2))
    # then: nothing has happened in the other
    assert job.state is JobState.DONE
    assert looks(house, other) == untouched
    after_a_month = (
        "2027-09-02T09:00:00+00:00",
        "ACTIVE",
        ["CLOSED 19.35", "BLOCKED 50.00"],
        ["100.65", "50.00"],
    )
    assert looks(house, house.chain) == after_a_month
    # when: both go on at once, with two workers, from different days to different days
    house.start_worker()
    further, first = advance(house, house.chain, OCTOBER_2), advance(house, other, SEPTEMBER_2)
    jobs = [house.ended(further), house.ended(first)]
    # then: each is what it would be alone
    assert [job.state for job in jobs] == [JobState.DONE, JobState.DONE]
    assert looks(house, other) == after_a_month
    assert looks(house, house.chain) == (
        "2027-10-02T09:00:00+00:00",
        "ACTIVE",
        ["CLOSED 19.35", "CLOSED 50.00", "BLOCKED 50.00"],
        ["50.65", "50.00"],
    )
    # and: what a job tells of happened in its own sandbox
    with house.sessions.begin(PLATFORM) as session:
        told = set(session.execute(select(Event.job_id, Event.distributor_id).where(Event.job_id.is_not(None))))
    assert told == {
        (job.id, house.distributor.distributor_id),
        (further, house.distributor.distributor_id),
        (first, other.distributor.tenant.distributor_id),
    }


def test_a_day_is_told_in_the_order_of_the_rules(house: House) -> None:
    # given: on 1 September one subscription is paid for, one is not, one was never paid and one is stopped for 12 days
    with house.sessions.begin(PLATFORM) as session:
        shop = open_shop(session, house.chain, term={"stop_period_days": 12})
        shop.top_up("100.00")
        shop.bought(5)
        shop.order(5)
        stopped = shop.bought(1)
        lifecycle.stop_subscription(session, shop.scope, subscription_id=stopped.id, clock=shop.clock)
        shop.bought(5)
        assert shop.balance()[0] == f"{Decimal('100.00'):.2f}"
    house.start_worker()
    # when
    job = house.ended(advance(house, house.chain, datetime(2027, 9, 1, 9, tzinfo=UTC)))
    # then
    assert job.state is JobState.DONE
    with house.sessions.begin(PLATFORM) as session:
        told = session.execute(
            select(Event.type, Event.created_at).where(Event.job_id == job.id).order_by(Event.sequence)
        ).all()
    on_the_day = [row.type for row in told if row.created_at.date() == date(2027, 9, 1)]
    assert [(type_, len(list(several))) for type_, several in groupby(on_the_day)] == [
        ("charge.closed", 2),
        ("reseller_charge.created", 4),
        ("order.cancelled", 1),
        ("payment.cancelled", 1),
        ("subscription.deleted", 1),
        ("order.created", 2),
        ("payment.completed", 1),
        ("order.completed", 1),
        ("subscription.prolonged", 1),
        ("order.cancelled", 1),
        ("payment.cancelled", 1),
        ("subscription.stopped", 1),
        ("subscription.deleted", 1),
    ]
