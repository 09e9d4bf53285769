"""Any life of any customer: whatever is done in whatever order, states follow the table and money stays where it is.

A machine orders, pays, changes, switches, stops, activates, prolongs, renews, cancels and deletes over GraphQL, and
lets time pass by days or months; after each step it reads everything back and counts.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from domain.subscriptions.models import SubscriptionState
from domain.subscriptions.states import TRANSITIONS, Operation
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import Api
from tests.api.conftest import api as api  # noqa: PLC0414 - a fixture
from tests.conftest import Server
from tests.jobs.conftest import House

pytestmark = pytest.mark.feature("O-02")
Row = dict[str, Any]

AUGUST_20 = datetime.fromisoformat("2027-08-20T09:00:00+00:00")
ERRORS = "errors { code message }"
MUTATIONS = {
    "createDistributor": "token tenant: distributor { id }",
    "createServiceTerm": "serviceTerm { id }",
    "createPlan": "plan { id periods { id } }",
    "createAccount": "account { id }",
    "topUp": "payment { id }",
    "orderSubscription": "subscription { id }",
    "changeSubscription": "order { id }",
    "switchSubscription": "order { id }",
    "renewSubscription": "order { id }",
    "prolongSubscription": "order { id }",
    "cancelOrder": "order { id }",
    "stopSubscription": "subscription { id }",
    "activateSubscription": "subscription { id }",
    "deleteSubscription": "subscription { id }",
    "completePayment": "payment { id }",
    "advanceClock": "job { state errorMessage }",
}
ALL = """query All($account: ID!) {
  account(id: $account) { balance { funds { amount } blocked { amount } available { amount } } }
  subscriptions(first: 50) {
    nodes { id number state phase paidTo expiresOn autoRenew endless nextCharge { date amount { amount } } }
  }
  orders(first: 100) { nodes { id state type subscription { id } payment { id state } } }
  charges(first: 200, filter: {state: {in: [BLOCKED, CLOSED]}}) {
    pageInfo { hasNextPage }
    nodes { state amount { amount } }
  }
}"""
OF = {
    "changeSubscription": Operation.CHANGE,
    "switchSubscription": Operation.SWITCH,
    "renewSubscription": Operation.RENEW,
    "prolongSubscription": Operation.PROLONG,
    "stopSubscription": Operation.STOP,
    "activateSubscription": Operation.ACTIVATE,
    "deleteSubscription": Operation.DELETE,
}
REFUSALS = {"INVALID_STATE", "INSUFFICIENT_BALANCE", "REFUSED_BY_BILLING_TYPE", "INVALID_INPUT"}
"""What a life may be refused; everything else is a fault."""
BY_TIME = {Operation.PROLONG, Operation.RENEW, Operation.GRACE, Operation.STOP, Operation.DELETE, Operation.CANCEL}
_picked = st.integers(0, 99)


class Life(RuleBasedStateMachine):
    """One customer of one distributor with a clock of its own."""

    api: ClassVar[Api]
    lives: ClassVar[int] = 0

    @initialize(grace=st.integers(0, 3), stop=st.integers(1, 40), ahead=st.integers(0, 5))
    def begin(self, grace: int, stop: int, ahead: int) -> None:
        """A distributor that sells three plans, and a customer without money."""
        type(self).lives += 1
        self.who = f"life {self.lives}"
        self.clock, self.paid_in = AUGUST_20, Decimal(0)
        made = self.done(
            "operator",
            "createDistributor",
            name=self.who,
            currency="EUR",
            adminEmail="a@life.example",
            sandbox=True,
            clock=AUGUST_20.isoformat(),
        )
        self.api.tokens[self.who] = made["token"]
        term = self.done(
            self.who,
            "createServiceTerm",
            name="Monthly",
            key="monthly",
            gracePeriodDays=grace,
            graceOnProlongation=True,
            stopPeriodDays=stop,
            autoRenewPointDays=ahead,
        )["serviceTerm"]["id"]
        self.plans = [
            self.done(
                self.who,
                "createPlan",
                name=billing_type,
                serviceTermId=term,
                billingType=billing_type,
                periods=[{"unit": unit, "duration": duration}],
                resources=[{"key": "seats", "name": "Seats", "fees": {"recurringPerMonth": price}}],
            )["plan"]
            for billing_type, unit, duration, price in (
                ("CSP_MONTHLY", "ENDLESS", None, "10.00"),
                ("MONTHLY_COMMITMENT", "YEAR", 1, "3.33"),
                ("RESERVATION", "MONTH", 2, "7.77"),
            )
        ]
        self.account = self.done(self.who, "createAccount", name="Any", email="any@life.example")["account"]["id"]
        self.all = self.read()

    # What is done

    def sent(self, who: str, mutation: str, **input: Any) -> Row:
        """The payload of one mutation."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        document = (
            f"mutation ($input: {kind}) {{ done: {mutation}(input: $input) {{ {MUTATIONS[mutation]} {ERRORS} }} }}"
        )
        return dict(self.api.data(who, document, input=input)["done"])

    def done(self, who: str, mutation: str, **input: Any) -> Row:
        """The payload of one that is not refused."""
        payload = self.sent(who, mutation, **input)
        assert payload["errors"] == [], payload["errors"]
        return payload

    def tried(self, mutation: str, subscription: Row, **input: Any) -> None:
        """An operation on a subscription: what the table does not know is refused, and moves nothing."""
        before = self.all
        payload = self.sent(self.who, mutation, **input)
        self.all = self.read()
        known = TRANSITIONS.get((SubscriptionState(subscription["state"]), OF[mutation]))
        if payload["errors"]:
            assert {error["code"] for error in payload["errors"]} <= REFUSALS, payload["errors"]
            assert self.all == before
            return
        assert known is not None, (mutation, subscription["state"])
        now = self.found(subscription["id"])["state"]
        # An order that waits for its payment has done nothing yet.
        assert now in {known.value, subscription["state"]}, (mutation, subscription["state"], now)

    def one(self, pick: int) -> Row:
        """Any subscription."""
        nodes = self.all["subscriptions"]["nodes"]
        return dict(nodes[pick % len(nodes)])

    def found(self, id: str) -> Row:
        """A subscription as it is now."""
        return next(each for each in self.all["subscriptions"]["nodes"] if each["id"] == id)

    @rule(amount=st.sampled_from(["1.00", "50.00", "500.00"]))
    def top_up(self, amount: str) -> None:
        self.done(self.who, "topUp", accountId=self.account, amount={"amount": amount, "currency": "EUR"})
        self.paid_in += Decimal(amount)
        self.all = self.read()

    @rule(plan=st.integers(0, 2), seats=st.integers(0, 5))
    @precondition(lambda self: len(self.all["subscriptions"]["nodes"]) < 6)
    def order(self, plan: int, seats: int) -> None:
        chosen = self.plans[plan]
        self.done(
            self.who,
            "orderSubscription",
            accountId=self.account,
            planId=chosen["id"],
            periodId=chosen["periods"][0]["id"],
            quantities=[{"resourceKey": "seats", "quantity": str(seats)}],
        )
        self.all = self.read()

    @rule(pick=_picked)
    @precondition(lambda self: self.waiting())
    def pay(self, pick: int) -> None:
        waiting = self.waiting()
        chosen, before = waiting[pick % len(waiting)], self.all
        payload = self.sent(self.who, "completePayment", paymentId=chosen["payment"]["id"])
        self.all = self.read()
        if payload["errors"]:
            assert {error["code"] for error in payload["errors"]} <= REFUSALS, payload["errors"]
            assert self.all == before

    @rule(pick=_picked)
    @precondition(lambda self: self.waiting())
    def cancel(self, pick: int) -> None:
        waiting = self.waiting()
        self.done(self.who, "cancelOrder", orderId=waiting[pick % len(waiting)]["id"])
        self.all = self.read()

    @rule(pick=_picked, seats=st.integers(0, 8))
    @precondition(lambda self: self.all["subscriptions"]["nodes"])
    def change(self, pick: int, seats: int) -> None:
        chosen = self.one(pick)
        quantities = [{"resourceKey": "seats", "quantity": str(seats)}]
        self.tried("changeSubscription", chosen, subscriptionId=chosen["id"], quantities=quantities)

    @rule(pick=_picked, plan=st.integers(0, 2))
    @precondition(lambda self: self.all["subscriptions"]["nodes"])
    def switch(self, pick: int, plan: int) -> None:
        chosen, target = self.one(pick), self.plans[plan]
        period = target["periods"][0]["id"]
        self.tried("switchSubscription", chosen, subscriptionId=chosen["id"], planId=target["id"], periodId=period)

    @rule(pick=_picked, mutation=st.sampled_from(sorted(OF.keys() - {"changeSubscription", "switchSubscription"})))
    @precondition(lambda self: self.all["subscriptions"]["nodes"])
    def operate(self, pick: int, mutation: str) -> None:
        chosen = self.one(pick)
        self.tried(mutation, chosen, subscriptionId=chosen["id"])

    @rule(days=st.sampled_from([1, 1, 3, 12, 40]))
    def let_time_pass(self, days: int) -> None:
        before, self.clock = self.all, self.clock + timedelta(days=days)
        job = self.done(self.who, "advanceClock", to=self.clock.isoformat(), wait=9)["job"]
        assert (job["state"], job["errorMessage"]) == ("DONE", None)
        self.all = self.read()
        reachable = self.reachable()
        for subscription in before["subscriptions"]["nodes"]:
            now = SubscriptionState(self.found(subscription["id"])["state"])
            assert now in reachable[SubscriptionState(subscription["state"])], (subscription["state"], now)

    # What holds

    @invariant()
    def money_is_where_it_belongs(self) -> None:
        """What came in is on the balance or written off; what is blocked stands in charges; nothing is borrowed."""
        if not hasattr(self, "all"):
            return
        balance = {name: Decimal(part["amount"]) for name, part in self.all["account"]["balance"].items()}
        charges = self.all["charges"]
        assert not charges["pageInfo"]["hasNextPage"]
        sums = {state: Decimal(0) for state in ("BLOCKED", "CLOSED")}
        for charge in charges["nodes"]:
            sums[charge["state"]] += Decimal(charge["amount"]["amount"])
        assert balance["blocked"] == sums["BLOCKED"]
        assert balance["funds"] == self.paid_in - sums["CLOSED"]
        assert balance["available"] == balance["funds"] - balance["blocked"] >= 0
        assert self.books() == {
            "AVAILABLE": balance["available"],
            "BLOCKED": balance["blocked"],
            "REVENUE": sums["CLOSED"],
            "CASH": -self.paid_in,
        }

    @invariant()
    def subscriptions_and_orders_fit(self) -> None:
        """One open order a subscription, none for what is deleted; what runs is paid or about to be looked at."""
        if not hasattr(self, "all"):
            return
        today = self.clock.date().isoformat()
        waiting = [order["subscription"]["id"] for order in self.waiting()]
        assert len(waiting) == len(set(waiting))
        for subscription in self.all["subscriptions"]["nodes"]:
            if subscription["state"] == "DELETED":
                assert subscription["id"] not in waiting
                assert subscription["nextCharge"] is None
            if subscription["state"] == "ACTIVE":
                assert subscription["paidTo"] > today, subscription
                goes_on = subscription["endless"] or subscription["autoRenew"]
                assert not goes_on or subscription["nextCharge"]["date"] > today, subscription

    # What is read

    def waiting(self) -> list[Row]:
        """Orders that wait for their payment."""
        return [order for order in self.all["orders"]["nodes"] if order["state"] == "WAITING_FOR_PAYMENT"]

    def read(self) -> Row:
        """Everything there is."""
        return self.api.data(self.who, ALL, account=self.account)

    def books(self) -> dict[str, Decimal]:
        """What the ledger says by itself."""
        with Sessions(self.api.engine).begin(PLATFORM) as session:
            rows = session.execute(
                text(
                    "SELECT book, sum(amount) FROM ("
                    " SELECT to_book AS book, amount FROM ledger_entries WHERE account_id = CAST(:id AS uuid)"
                    " UNION ALL SELECT from_book, -amount FROM ledger_entries WHERE account_id = CAST(:id AS uuid)"
                    ") moved GROUP BY book"
                ),
                {"id": self.account.removeprefix("acc_")},
            )
            found = {book: Decimal(amount) for book, amount in rows}
        return {book: found.get(book, Decimal(0)) for book in ("AVAILABLE", "BLOCKED", "REVENUE", "CASH")}

    @staticmethod
    def reachable() -> dict[SubscriptionState, set[SubscriptionState]]:
        """Where each state may come to by time alone."""
        found = {state: {state} for state in SubscriptionState}
        for _ in SubscriptionState:
            for states in found.values():
                states |= {
                    after
                    for (state, operation), after in TRANSITIONS.items()
                    if state in states and operation in BY_TIME
                }
        return found


@pytest.fixture
def lived(api: Api, fresh_database: Server, tmp_path: Path) -> Iterator[type[RuleBasedStateMachine]]:
    """The machine with an application and a worker."""
    house = House(sessions=Sessions(api.engine), chain=api.chain, url=fresh_database.app, log=tmp_path / "worker.log")
    (tmp_path / "worker.log").touch()
    house.start_worker()
    Life.api = api
    yield Life
    for worker in house.workers:
        worker.kill()


LIVING = settings(
    deadline=None,
    database=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


def test_any_life(lived: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(lived, settings=settings(LIVING, max_examples=6, stateful_step_count=15))


@pytest.mark.slow
def test_a_hundred_lives(lived: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(lived, settings=settings(LIVING, max_examples=100, stateful_step_count=40))
