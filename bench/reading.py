"""Headwater beside what its users could have instead, on one database."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from bench.cores import two_cores
from bench.database import MeasuredDatabase, measured_database
from bench.load import GENERATOR, load
from bench.servers import Served, same_answers, servers

__all__ = ["CLIENTS", "Round", "compare", "measured"]

CLIENTS = (1, 16)
TARGETS = {
    ("page", "by hand"): 0.95,
    ("page", "PostGraphile"): 1.8,
    ("page", "Strawberry"): 15.0,
    ("single", "by hand"): 0.90,
    ("single", "PostGraphile"): 2.2,
    ("single", "Strawberry"): 15.0,
}
"""Headwater's requests a second over the other's, at 16 clients."""


@dataclass(frozen=True)
class Round:
    """What one round of one server came to."""

    per_second: float
    """Requests answered."""
    server: float
    """Processor time of the server for a request, in µs."""
    postgres: float
    """The same of PostgreSQL."""


def compare(folder: Path, cache: Path, *, subscriptions: int, rounds: int, seconds: float) -> Iterator[str]:
    """Lines of a table. The servers are loaded in turn, round after round, so that a slow minute meets all of them."""
    server_core, other_core = two_cores()
    yield f"Database of {subscriptions:,} subscriptions, {3 * subscriptions:,} resources and charges each"
    with (
        measured_database(folder, subscriptions, other_core) as database,
        servers(database, cache, server_core) as compared,
    ):
        same_answers(compared)
        yield f"Same answers from {', '.join(each.name for each in compared)}"
        yield f"Servers on core {server_core}, PostgreSQL and load on core {other_core}; load by {GENERATOR}"
        yield f"Medians of {rounds} interleaved rounds of {seconds:.0f} s. Ratios are within a round, with their"
        yield "range. Processor time is for a request: the server's, and PostgreSQL's."
        for operation in ("page", "single"):
            for clients in CLIENTS:
                found = measured(compared, database, operation, clients, rounds, seconds, other_core)
                yield from _table(operation, clients, found)


def measured(
    compared: list[Served],
    database: MeasuredDatabase,
    operation: str,
    clients: int,
    rounds: int,
    seconds: float,
    core: int | None,
) -> dict[str, list[Round]]:
    """The rounds of each server, by its name."""
    for served in compared:  # plans compiled, statements prepared on every connection, code warm
        load(served, operation, clients=CLIENTS[-1], seconds=2, core=core)
    found: dict[str, list[Round]] = {served.name: [] for served in compared}
    for round_ in range(rounds):
        # Every second round backwards: who comes after whom should not matter either.
        for served in compared if round_ % 2 == 0 else reversed(compared):
            before = _used(served.pid), _used(database.pid)
            per_second = load(served, operation, clients=clients, seconds=seconds, core=core).per_second
            after = _used(served.pid), _used(database.pid)
            used = [1e6 * (end - begin) / (per_second * seconds) for begin, end in zip(before, after, strict=True)]
            found[served.name].append(Round(per_second, *used))
    return found


def _used(pid: int | None) -> float:
    """Seconds of processor time of a process and its children so far."""
    process = psutil.Process(pid)
    seconds = 0.0
    for each in (process, *process.children()):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            seconds += times.user + times.system
    return seconds


def _table(operation: str, clients: int, found: dict[str, list[Round]]) -> Iterator[str]:
    yield ""
    yield f"{operation}, {clients} {'client' if clients == 1 else 'clients'}"
    yield f"  {'':12}{'requests/s':>11}{'rounds':>16}{'server':>11}{'PostgreSQL':>12}{'Headwater is':>23}{'wanted':>9}"
    ours = [each.per_second for each in found["Headwater"]]
    for name, each in found.items():
        speeds = [round_.per_second for round_ in each]
        middle = median(speeds)
        noise = f"{min(speeds) / middle - 1:+.0%} … {max(speeds) / middle - 1:+.0%}"
        server, postgres = median(round_.server for round_ in each), median(round_.postgres for round_ in each)
        line = f"  {name:12}{middle:11,.0f}{noise:>16}{server:8,.0f} µs{postgres:9,.0f} µs"
        if name != "Headwater":
            ratios = sorted(our / their for our, their in zip(ours, speeds, strict=True))
            line += f"{median(ratios):7.2f} × ({ratios[0]:5.2f} … {ratios[-1]:5.2f})"
            wanted = TARGETS[operation, name] if clients == CLIENTS[-1] else None
            line += f"{wanted:7.2f} ×{'' if median(ratios) >= wanted else '  missed'}" if wanted else ""
        yield line
