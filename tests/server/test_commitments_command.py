"""`./headwater commitments`: what it says and what it changes."""

import pytest
from sqlalchemy import select

from db.ids import encode
from domain.catalog.models import Plan
from domain.shared.billing_types import BillingType
from server.cli.commitments import command
from server.cli.refusal import Refusal
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.conftest import found_chain
from tests.domain.payments.selling import YEAR, open_shop
from tests.server.conftest import printed

pytestmark = pytest.mark.feature("B-03")


def run(*arguments: str) -> list[str]:
    return printed(command, *arguments).splitlines()


def test_what_would_change_is_told_first_then_changed(sessions: Sessions) -> None:
    # given
    with sessions.begin(PLATFORM) as session:
        chain = found_chain(session)
        shop = open_shop(session, chain, billing_type=BillingType.NON_REFUND, period=YEAR)
        shop.top_up("1000.00")
        number = shop.bought(5).number
        distributor = encode("dst", chain.distributor.tenant.id)
    told = [
        "Plans, with copies: 3",
        "Subscriptions that are commitments now: 1",
        f"  {number}",
        "Charges of later months released: 12",
    ]

    def types() -> set[BillingType]:
        with sessions.begin(PLATFORM) as session:
            return set(session.scalars(select(Plan.billing_type)))

    # when
    dry = run("--distributor", distributor, "--plan", "PL000001", "--dry-run")
    # then: bought on 20 August, thirteen parts of months
    assert dry == ["Nothing is changed; this is what a conversion would do.", *told]
    assert types() == {BillingType.NON_REFUND}
    # when
    assert run("--distributor", distributor, "--plan", "PL000001") == told
    # then
    assert types() == {BillingType.MONTHLY_COMMITMENT}


def test_a_plan_that_is_not_there_is_refused(sessions: Sessions) -> None:
    with sessions.begin(PLATFORM) as session:
        distributor = encode("dst", found_chain(session).distributor.tenant.id)
    with pytest.raises(Refusal):
        run("--distributor", distributor, "--plan", "PL000001")
