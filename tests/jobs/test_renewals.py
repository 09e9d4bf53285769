"""A customer's autumn: months are paid by job until the money is gone, mails are sent, and workers die on the way."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.billing.models import Charge, ChargeState
from domain.customers.models import Account
from domain.shared.advancing import start_advance_clock
from domain.shared.models import Event, JobState, Mail
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from jobs import renewals
from jobs.wake import wake
from tenancy.clock import Clock, clock_of
from tenancy.scope import PLATFORM
from tests.conftest import distributor_scope, scope_of
from tests.connectors.mailbox import Mailbox, opened_mailbox
from tests.domain.payments.selling import open_shop
from tests.jobs.conftest import House

NOVEMBER_2 = datetime(2027, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with opened_mailbox() as mailbox:
        yield mailbox


def sold(house: House) -> None:
    """5 × 10.00 a month from 20 August, 12/31 of the first paid; 100.65 are left, enough for two months more."""
    with house.sessions.begin(PLATFORM) as session:
        shop = open_shop(session, house.chain)
        shop.top_up("120")
        shop.bought(5)


@pytest.mark.parametrize("kills", [0, 2])
def test_three_months_end_the_same_whatever_dies(house: House, mailbox: Mailbox, kills: int) -> None:
    # given
    sold(house)
    smtp = {"HEADWATER_SMTP_HOST": "127.0.0.1", "HEADWATER_SMTP_PORT": str(mailbox.port)}
    worker = house.start_worker(**smtp)
    # when
    with house.sessions.begin(scope_of(house.chain.distributor)) as session:
        job_id = start_advance_clock(session, session.scope, distributor_id=house.distributor.id, to=NOVEMBER_2).id
    wake(house.sessions.engine)
    for done in (12, 40)[:kills]:
        house.until(lambda: house.job(job_id).done >= done or house.job(job_id).state is JobState.DONE)  # noqa: B023
        worker.kill()
        worker = house.start_worker(**smtp)
    job = house.ended(job_id)
    house.until(lambda: house.states()[JobState.WAITING] + house.states()[JobState.RUNNING] == 0)
    # then
    assert (job.state, job.done, job.total, job.error) == (JobState.DONE, 74, 74, None)
    with house.sessions.begin(distributor_scope(house.chain.distributor)) as session:
        assert clock_of(session, house.distributor.id).now == NOVEMBER_2
        account = session.scalars(select(Account)).one()
        subscription = session.scalars(select(ServiceSubscription)).one()
        closed = session.scalars(
            select(Charge.amount).where(Charge.state == ChargeState.CLOSED).order_by(Charge.number)
        ).all()
        events = session.execute(
            select(Event.type, func.count()).where(Event.job_id == job_id).group_by(Event.type).order_by(Event.type)
        ).all()
    assert [f"{amount:.2f}" for amount in closed] == ["19.35", "50.00", "50.00"]
    assert (f"{account.funds:.2f}", f"{account.blocked:.2f}") == ("0.65", "0.00")
    assert (subscription.state, str(subscription.stopped_on)) == (SubscriptionState.STOPPED, "2027-11-01")
    counts = {row[0]: row[1] for row in events}
    assert (counts["charge.closed"], counts["subscription.stopped"]) == (3, 1)
    assert sorted(str(message["Subject"]) for message in mailbox.got) == [
        "49.35 EUR are missing for 1 November 2027",
        "Stopped for lack of funds: Business Basic",
        "Your billing day is 1 October 2027",
        "Your billing day is 1 September 2027",
    ]
    assert len({message["Message-ID"] for message in mailbox.got}) == 4


def test_no_day_that_is_passed_over_has_anything_to_do(house: House) -> None:
    # given
    sold(house)
    scope = distributor_scope(house.chain.distributor)
    busy = []
    # when
    day, until = date(2027, 8, 20), NOVEMBER_2.date()
    while day < until:
        with house.sessions.begin(scope) as session:
            expected = renewals.next_busy_day(session, scope, after=day, until=until)
        day += timedelta(days=1)
        with house.sessions.begin(scope) as session:
            before = written(session)
            clock = Clock(now=datetime.combine(day, time(), UTC), zone="UTC", sandbox=True)
            step: int | None = 0
            while step is not None:
                step = renewals.work(session, scope, clock=clock, day=day, step=step)
            if written(session) != before:
                busy.append(day.isoformat())
                # then
                assert expected == day
    assert busy == ["2027-08-29", "2027-09-01", "2027-09-28", "2027-10-01", "2027-10-29", "2027-11-01"]


def written(session: Session) -> tuple[int | None, int | None]:
    """How much the days have left behind so far."""
    session.flush()
    return session.scalar(select(func.count(Event.id))), session.scalar(select(func.count(Mail.id)))
