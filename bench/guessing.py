"""Whether guessing pays: ids of others beside ids of nothing, through the real server, by answer and by time."""

import http.client
import json
import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import UUID

import psycopg

from bench.cores import two_cores
from bench.database import CHILD, MeasuredDatabase, measured_database
from bench.servers import CannotCompare, Served, headwater
from db import ids

__all__ = ["GROUPS", "Answers", "guess", "later"]

GUESSES = 1_000
WARM_UP = 200
GROUPS = ("foreign", "random", "random again")
"""The last one says how much two samples of the same differ."""
CERTAIN = 3
"""Standard errors within which two samples count as one."""
_OF_THE_REQUEST = {"date", "x-request-id", "ratelimit", "ratelimit-policy"}
"""Headers that no two answers have alike."""

OPERATIONS = {
    "subscription(id:)": "query ($id: ID!) { subscription(id: $id) { id name plan { name } } }",
    "node(id:)": "query ($id: ID!) { node(id: $id) { __typename id } }",
    "stopSubscription": """mutation ($id: ID!) {
      stopSubscription(input: {subscriptionId: $id}) { subscription { id } errors { kind code message path } }
    }""",
}


@dataclass
class Answers:
    """What came back for one operation, by group."""

    texts: dict[str, set[bytes]] = field(default_factory=lambda: {group: set() for group in GROUPS})
    """Status, headers and body."""
    times: dict[str, list[float]] = field(default_factory=lambda: {group: [] for group in GROUPS})
    """Microseconds."""


def guess(folder: Path, *, subscriptions: int) -> Iterator[str]:
    """Lines: whether the answers are the same, and how the times of the groups compare."""
    server_core, other_core = two_cores()
    yield f"{GUESSES:,} ids of others and {GUESSES:,} of nothing in turn, {subscriptions:,} subscriptions, one client"
    with measured_database(folder, subscriptions, other_core) as database, headwater(database, server_core) as served:
        for name, document in OPERATIONS.items():
            yield from _told(name, asked(served, document, _guesses(database)))


def asked(served: Served, document: str, guesses: dict[str, list[str]]) -> Answers:
    """Ask for all of them, one after the other in random order, so that a slow minute meets all groups."""
    turns = [(group, id) for group, of in guesses.items() for id in of]
    random.shuffle(turns)
    answers = Answers()
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    for number, (group, id) in enumerate(turns[:WARM_UP] + turns):
        began = time.perf_counter()
        text = _answer(connection, served, document, id)
        if number >= WARM_UP:
            answers.times[group].append(1e6 * (time.perf_counter() - began))
            answers.texts[group].add(text.replace(id.encode(), b"id"))
    connection.close()
    return answers


def _answer(connection: http.client.HTTPConnection, served: Served, document: str, id: str) -> bytes:
    connection.request("POST", "/graphql", json.dumps({"query": document, "variables": {"id": id}}), served.headers)
    response = connection.getresponse()
    headers = sorted((name, value) for name, value in response.getheaders() if name.lower() not in _OF_THE_REQUEST)
    return f"{response.status} {headers}\n".encode() + response.read()


def _guesses(database: MeasuredDatabase) -> dict[str, list[str]]:
    """Subscriptions of other tenants of the chain, and ids as old as they are that nothing has."""
    with psycopg.connect(database.superuser_url) as connection:
        rows: list[tuple[UUID]] = connection.execute(
            "SELECT s.id FROM subscriptions s JOIN tenants t ON t.id = s.tenant_id WHERE t.number <> %s"
            " ORDER BY random() LIMIT %s",
            [f"R{CHILD}", 3 * GUESSES],
        ).fetchall()
    if len(rows) < 3 * GUESSES:
        raise CannotCompare(f"{3 * GUESSES:,} subscriptions of others are needed, there are {len(rows):,}")
    found = [id for (id,) in rows]
    unknown = [UUID(int=(id.int >> 62 << 62) | random.getrandbits(62)) for id in found]
    parts = (found[:GUESSES], unknown[GUESSES : 2 * GUESSES], unknown[2 * GUESSES :])
    return {group: [ids.encode("sub", id) for id in part] for group, part in zip(GROUPS, parts, strict=True)}


def _told(name: str, answers: Answers) -> Iterator[str]:
    texts = set().union(*answers.texts.values())
    same = "all the same, byte for byte" if len(texts) == 1 else f"{len(texts)} DIFFERENT ANSWERS"
    yield ""
    yield f"{name}: {same}"
    for group, times in answers.times.items():
        ordered = sorted(times)
        tenth, ninetieth = ordered[len(ordered) // 10], ordered[9 * len(ordered) // 10]
        yield f"  {group:14}{median(times):8,.0f} µs (10 … 90 %: {tenth:,.0f} … {ninetieth:,.0f})"
    foreign, first, second = (answers.times[group] for group in GROUPS)
    for what, one, other in (("foreign against random", foreign, first), ("random against random", second, first)):
        chance, error = later(one, other)
        certain = "" if abs(chance - 0.5) < CERTAIN * error else "  CAN BE TOLD APART"
        apart = median(one) - median(other)
        yield f"  {what}: medians {apart:+.1f} µs apart; later in {chance:.1%} ± {error:.1%} of pairs{certain}"


def later(one: list[float], other: list[float]) -> tuple[float, float]:
    """How often a time of the one is longer than one of the other (0.5: as often as not), and the standard error of
    that when both come from one distribution (Mann and Whitney).
    """
    ordered = sorted(other)
    wins = sum((bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in one)
    pairs = len(one) * len(other)
    return wins / pairs, ((len(one) + len(other) + 1) / (12 * pairs)) ** 0.5
