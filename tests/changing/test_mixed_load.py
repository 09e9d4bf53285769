"""Thirty-two clients on ten accounts at once: nobody hears of a deadlock, and afterwards the books agree."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.changing.conftest import Prepared
from tests.changing.documents import input_type_of
from tests.changing.serving import Site, serving
from tests.conftest import Server

CLIENTS = 32
ACCOUNTS = 10
EXPECTED = {"INVALID_STATE", "INVALID_INPUT", "INSUFFICIENT_BALANCE", "STALE"}
"""Refusals that somebody gets who comes after another."""
Row = dict[str, Any]

FIELDS = {
    "createAccount": "account { id }",
    "orderSubscription": "order { payment { id } } subscription { id }",
    "changeSubscription": "order { payment { id } }",
    "stopSubscription": "subscription { version }",
    "activateSubscription": "subscription { version }",
    "topUp": "payment { id } account { balance { funds { amount } } }",
    "completePayment": "payment { state }",
}


def document(mutation: str) -> str:
    return (
        f"mutation ($input: {input_type_of(mutation).name}!, $key: String) {{"
        f" done: {mutation}(input: $input, idempotencyKey: $key) {{ {FIELDS[mutation]} errors {{ code message }} }} }}"
    )


class Crowd:
    """Clients that change the same few rows."""

    def __init__(self, site: Site, prepared: Prepared) -> None:
        self.site = site
        self.known = prepared.ids
        self.token = prepared.tokens["child"]
        self.accounts: list[str] = []
        self.subscriptions: list[str] = []
        self.payments: list[str] = []
        self.answers: Counter[str] = Counter()
        self.faults: list[Any] = []
        self.lock = threading.Lock()
        self.chance = random.Random()  # noqa: S311 - no secret is made

    def send(self, mutation: str, **input: Any) -> Row:
        answer = self.site.post(self.token, document(mutation), {"input": input, "key": f"{self.chance.random()}"})
        payload = (answer.get("data") or {}).get("done") or {}
        code = "".join(error["code"] for error in payload.get("errors", [])) or "done"
        with self.lock:
            self.answers[f"{mutation} {code}"] += 1
            if "errors" in answer or not payload or code not in {"done", *EXPECTED}:
                self.faults.append((mutation, answer))
        return payload

    def open_accounts(self) -> None:
        for number in range(ACCOUNTS):
            made = self.send("createAccount", name=f"Customer {number}", email="till@customer.example")
            self.accounts.append(made["account"]["id"])
            self.top_up(self.accounts[-1], "200.00")

    def top_up(self, account: str, amount: str) -> None:
        self.send("topUp", accountId=account, amount={"amount": amount, "currency": "EUR"})

    def order(self) -> None:
        made = self.send(
            "orderSubscription",
            accountId=self.chance.choice(self.accounts),
            planId=self.known["child's plan"],
            periodId=self.known["plan endless"],
            quantities=[{"resourceKey": "seats", "quantity": str(self.chance.randint(1, 9))}],
        )
        self._pay(made)
        if made.get("subscription"):
            self.subscriptions.append(made["subscription"]["id"])

    def change(self) -> None:
        quantity = str(self.chance.randint(1, 9))
        made = self.send(
            "changeSubscription",
            subscriptionId=self._of_few(),
            quantities=[{"resourceKey": "seats", "quantity": quantity}],
        )
        self._pay(made)

    def _pay(self, made: Row) -> None:
        payment = (made.get("order") or {}).get("payment")
        if payment:
            self.send("completePayment", paymentId=payment["id"])

    def _of_few(self) -> str:
        return self.chance.choice(self.subscriptions[-30:])

    def work(self, until: float) -> None:
        """One client's day."""
        while time.monotonic() < until:
            match self.chance.choices(["order", "change", "stop", "activate", "top up"], [2, 4, 2, 2, 2])[0]:
                case "change" if self.subscriptions:
                    self.change()
                case "stop" if self.subscriptions:
                    self.send("stopSubscription", subscriptionId=self._of_few())
                case "activate" if self.subscriptions:
                    self.send("activateSubscription", subscriptionId=self._of_few())
                case "top up":
                    self.top_up(self.chance.choice(self.accounts), "5.00")
                case _:
                    self.order()


@pytest.mark.parametrize("seconds", [5, pytest.param(30, marks=pytest.mark.slow)])
def test_a_crowd_on_ten_accounts_hears_of_no_deadlock_and_the_books_agree(
    prepared_database: Server, prepared: Prepared, tmp_path: Path, seconds: int
) -> None:
    with serving(prepared_database, tmp_path, connections=10) as site:
        site.start()
        crowd = Crowd(site, prepared)
        crowd.open_accounts()
        # when
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(CLIENTS) as threads:
            for done in [threads.submit(crowd.work, until) for _ in range(CLIENTS)]:
                done.result()
        log = site.log()
    # then
    assert crowd.faults == []
    assert "deadlock" not in log
    for mutation in ("orderSubscription", "changeSubscription", "stopSubscription", "activateSubscription", "topUp"):
        assert crowd.answers[f"{mutation} done"] > 0
    for number, kept, booked, blocked, charged in books(prepared_database):
        assert (kept, blocked) == (booked, charged), number
        assert kept[0] >= kept[1] >= 0, number


Balance = tuple[Decimal, Decimal]


def books(database: Server) -> list[tuple[str, Balance, Balance, Decimal, Decimal]]:
    """Of every account: funds and blocked as kept, the same as the ledger has them, blocked twice more by charges."""
    with psycopg.connect(database.superuser) as connection:
        rows = connection.execute("""
            SELECT a.number, a.funds, a.blocked, l.funds, l.blocked, a.blocked, c.blocked
              FROM accounts a,
              LATERAL (
                SELECT coalesce(sum(amount * ((to_book IN ('AVAILABLE', 'BLOCKED'))::int
                                            - (from_book IN ('AVAILABLE', 'BLOCKED'))::int)), 0) AS funds,
                       coalesce(sum(amount * ((to_book = 'BLOCKED')::int - (from_book = 'BLOCKED')::int)), 0) AS blocked
                  FROM ledger_entries e WHERE e.distributor_id = a.distributor_id AND e.account_id = a.id
              ) l,
              LATERAL (
                SELECT coalesce(sum(amount), 0) AS blocked
                  FROM charges c
                 WHERE c.distributor_id = a.distributor_id AND c.account_id = a.id AND c.state = 'BLOCKED'
              ) c
        """).fetchall()
    return [(row[0], (row[1], row[2]), (row[3], row[4]), row[5], row[6]) for row in rows]
