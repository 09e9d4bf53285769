"""What the pipeline of mutations costs: a top-up, beside a handler written by hand that does the same transaction."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench.cores import two_cores
from bench.database import CHILD, MeasuredDatabase, measured_database
from bench.load import GENERATOR, load
from bench.operations import Operation
from bench.servers import CannotCompare, Served, by_hand, headwater
from db import ids

__all__ = ["SUBSCRIPTIONS", "account_ids", "compare", "request"]

CLIENTS = (1, 16)
ACCOUNTS = 100
"""Topped up in turn: what is waited for is the tenant's series of payment numbers, by both servers alike."""
SUBSCRIPTIONS = 1_000
TOP_UP = """mutation TopUp($input: TopUpInput!) {
  topUp(input: $input) {
    payment { id number state total { amount currency } }
    account { id balance { funds { amount } blocked { amount } available { amount } } }
    errors { code message path }
  }
}"""


def compare(folder: Path, *, rounds: int, seconds: float) -> Iterator[str]:
    """Lines of a table. The servers are loaded in turn, round after round, so that a slow minute meets both."""
    server_core, other_core = two_cores()
    with (
        measured_database(folder, SUBSCRIPTIONS, other_core) as database,
        headwater(database, server_core) as ours,
        by_hand(database, server_core, "bench.changing_by_hand", {"topUp": "/top-up"}) as theirs,
    ):
        operations = {"topUp": Operation([request(id) for id in account_ids(database)], lambda data: data)}
        compared = [
            replace(ours, operations=operations, paths={"topUp": "/graphql"}),
            replace(theirs, operations=operations),
        ]
        _same_change(database, compared)
        yield f"The same answer to a top-up, and the same rows left behind, by {' and '.join(s.name for s in compared)}"
        yield f"Servers on core {server_core}, PostgreSQL and load on core {other_core}; load by {GENERATOR}"
        yield f"Medians of {rounds} interleaved rounds of {seconds:.0f} s"
        for clients in CLIENTS:
            found: dict[str, list[float]] = {served.name: [] for served in compared}
            for served in compared:
                load(served, "topUp", clients=clients, seconds=2, core=other_core)
            for round_ in range(rounds):
                for served in compared if round_ % 2 == 0 else compared[::-1]:
                    per_second = load(served, "topUp", clients=clients, seconds=seconds, core=other_core).per_second
                    found[served.name].append(per_second)
            yield ""
            yield f"topUp, {clients} {'client' if clients == 1 else 'clients'}"
            for name, each in found.items():
                spread = f"{min(each) / median(each) - 1:+.0%} … {max(each) / median(each) - 1:+.0%}"
                yield f"  {name:12}{median(each):10,.0f} a second   ({spread})"
            one, other = (median(each) for each in found.values())
            yield f"  Headwater does {one / other:.2f} × as many: {1000 / one - 1000 / other:+.2f} ms a mutation"


def account_ids(database: MeasuredDatabase) -> list[str]:
    """Public ids of the accounts that are topped up."""
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute(
            "SELECT a.id FROM accounts a JOIN tenants t ON t.id = a.tenant_id WHERE t.number = %s"
            " ORDER BY a.id LIMIT %s",
            [f"R{CHILD}", ACCOUNTS],
        ).fetchall()
    return [ids.encode("acc", id) for (id,) in found]


def request(account_id: str) -> dict[str, object]:
    """The body of one top-up."""
    input = {"accountId": account_id, "amount": {"amount": "10.00", "currency": "EUR"}}
    return {"query": TOP_UP, "variables": {"input": input}}


def _same_change(database: MeasuredDatabase, compared: list[Served]) -> None:
    """Raise CannotCompare unless all servers answer alike and leave as much behind."""
    answers, left = [], []
    for served in compared:
        before = _books(database)
        answer = served.ask("topUp", served.operations["topUp"].bodies[0])
        if answer.get("errors") or answer["data"]["topUp"]["errors"]:
            raise CannotCompare(f"{served.name} does not answer: {answer}")
        after = _books(database)
        left.append([each - one for each, one in zip(after, before, strict=True)])
        payload = answer["data"]["topUp"]
        answers.append(_without_counts(payload))
    if answers[0] != answers[1] or left[0] != left[1]:
        raise CannotCompare(f"The servers do not do the same: {answers} {left}")


def _without_counts(value: Any) -> Any:
    """The answer without what rises from one to the next."""
    match value:
        case dict():
            return {name: _without_counts(each) for name, each in value.items()}
        case str() if re.fullmatch(r"(pay_[0-9a-f]{32}|PM[0-9]+|[0-9.]+)", value):
            return ""
        case _:
            return value


def _books(database: MeasuredDatabase) -> list[int]:
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in ("payments", "ledger_entries", "events"))
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute(f"SELECT {counts}, (SELECT sum(funds)::bigint FROM accounts)").fetchone()
    assert row is not None
    return list(row)
