"""Headwater beside what its users could have instead, on one database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.cores import two_cores
from bench.database import measured_database
from bench.load import GENERATOR, load
from bench.servers import Served, same_answers, servers

__all__ = ["compare"]

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
class Measured:
    """Requests a second, round by round."""

    rounds: Sequence[float]

    @property
    def middle(self) -> float:
        return median(self.rounds)

    @property
    def noise(self) -> str:
        """How far the rounds are apart, over their median."""
        return f"{min(self.rounds) / self.middle - 1:+.0%} … {max(self.rounds) / self.middle - 1:+.0%}"


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
        yield f"Medians of {rounds} interleaved rounds of {seconds:.0f} s"
        for operation in ("page", "single"):
            for clients in CLIENTS:
                yield from _table(
                    operation, clients, _measured(compared, operation, clients, rounds, seconds, other_core)
                )


def _measured(
    compared: list[Served], operation: str, clients: int, rounds: int, seconds: float, core: int | None
) -> dict[str, Measured]:
    for served in compared:  # plans compiled, statements prepared on every connection, code warm
        load(served, operation, clients=CLIENTS[-1], seconds=2, core=core)
    found: dict[str, list[float]] = {served.name: [] for served in compared}
    for round_ in range(rounds):
        # Every second round backwards: who comes after whom should not matter either.
        for served in compared if round_ % 2 == 0 else reversed(compared):
            found[served.name].append(load(served, operation, clients=clients, seconds=seconds, core=core).per_second)
    return {name: Measured(each) for name, each in found.items()}


def _table(operation: str, clients: int, found: dict[str, Measured]) -> Iterator[str]:
    yield ""
    yield f"{operation}, {clients} {'client' if clients == 1 else 'clients'}"
    yield f"  {'':14}{'requests/s':>12}{'rounds':>18}{'Headwater is':>16}{'wanted':>10}"
    ours = found["Headwater"].middle
    for name, each in found.items():
        line = f"  {name:14}{each.middle:12,.0f}{each.noise:>18}"
        if name != "Headwater":
            ratio = ours / each.middle
            wanted = TARGETS[operation, name] if clients == CLIENTS[-1] else None
            line += f"{ratio:14.2f} ×"
            line += f"{wanted:8.2f} ×{'' if ratio >= wanted else '  missed'}" if wanted else ""
        yield line
