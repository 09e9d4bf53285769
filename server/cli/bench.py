"""`./headwater bench`: measured comparisons."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bench import auditing as auditing_bench
from bench import billing as billing_bench
from bench import catalog as catalog_bench
from bench import changing as changing_bench
from bench import isolation as isolation_bench
from bench import jobs as jobs_bench
from bench import price_sheet as price_sheet_bench
from bench.growth import grow
from bench.guessing import guess
from bench.reading import compare
from bench.servers import CannotCompare
from server.cli.refusal import Refusal
from server.settings import ROOT

__all__ = ["command"]

CACHE = ROOT / ".headwater" / "bench"

command = typer.Typer(
    help="Compare Headwater with others, on this machine.", add_completion=False, no_args_is_help=True
)


@command.command("reading")
def reading(
    subscriptions: Annotated[int, typer.Option(help="Size of the database.", min=100)] = 100_000,
    rounds: Annotated[int, typer.Option(help="Of each measurement; the table shows medians.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="That a server is loaded in a round.", min=1)] = 5,
    keep: Annotated[Path | None, typer.Option(help="Where the database is kept for another time.")] = None,
    growth: Annotated[bool, typer.Option("--growth", help="One page at 10⁴, 10⁵ and 10⁶ instead.")] = False,
) -> None:
    """Headwater, a handler written by hand, PostGraphile and plain Strawberry, on one database."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        place = keep or Path(folder)
        _print(
            grow(place, rounds=rounds, seconds=seconds)
            if growth
            else compare(place, CACHE, subscriptions=subscriptions, rounds=rounds, seconds=seconds)
        )


@command.command("changing")
def changing(
    rounds: Annotated[int, typer.Option(help="Of each measurement; the table shows medians.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="That a server is loaded in a round.", min=1)] = 5,
) -> None:
    """The pipeline of mutations beside a handler written by hand that does the same transaction."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        _print(changing_bench.compare(Path(folder), rounds=rounds, seconds=seconds))


@command.command("billing")
def billing(
    subscriptions: Annotated[int, typer.Option(help="Size of the database.", min=100)] = 10_000,
    rounds: Annotated[int, typer.Option(help="Of each measurement; the table shows medians.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="That the server is loaded in a round.", min=1)] = 5,
) -> None:
    """The calculation of 100,000 charges, an order over GraphQL, and the billing run of a day."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        _print(billing_bench.measure(Path(folder), subscriptions=subscriptions, rounds=rounds, seconds=seconds))


@command.command("catalog")
def catalog(
    copies: Annotated[int, typer.Option(help="Of a distributor's 200 plans, at its resellers.", min=200)] = 100_000,
    rounds: Annotated[int, typer.Option(help="Of each measurement; the lines show medians.", min=1)] = 3,
) -> None:
    """Repricing all copies of all plans beside a bare UPDATE, and pages of the price list beside a bare SELECT."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        _print(catalog_bench.measure(Path(folder), copies=copies, rounds=rounds))


@command.command("price-sheet")
def price_sheet(rows: Annotated[int, typer.Option(help="Of the sheet.", min=3)] = 100_000) -> None:
    """The import of a long price sheet, from the command line and over the API: time and memory."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        _print(price_sheet_bench.measure(Path(folder), rows=rows))


@command.command("isolation")
def isolation(
    subscriptions: Annotated[int, typer.Option(help="Size of the database.", min=100)] = 100_000,
    rounds: Annotated[int, typer.Option(help="Of each measurement; the table shows medians.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="That a server is loaded in a round.", min=1)] = 5,
    keep: Annotated[Path | None, typer.Option(help="Where the database is kept for another time.")] = None,
) -> None:
    """What row-level security costs: the same reads with it and without."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        place = keep or Path(folder)
        _print(isolation_bench.compare(place, subscriptions=subscriptions, rounds=rounds, seconds=seconds))


@command.command("guessing")
def guessing(
    subscriptions: Annotated[int, typer.Option(help="Size of the database.", min=4_000)] = 100_000,
    keep: Annotated[Path | None, typer.Option(help="Where the database is kept for another time.")] = None,
) -> None:
    """Whether ids of others can be told from ids of nothing, by answer or by time."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        _print(guess(keep or Path(folder), subscriptions=subscriptions))


@command.command("jobs")
def jobs(
    rounds: Annotated[int, typer.Option(help="Of each measurement; the table shows medians.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="That each takes in a round, about.", min=1)] = 5,
) -> None:
    """Jobs from the queue to their effects, and a name to 10,000 copies, beside pgbench and a bare UPDATE."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        _print(jobs_bench.compare(Path(folder), rounds=rounds, seconds=seconds))


@command.command("auditing")
def auditing(
    rounds: Annotated[int, typer.Option(help="Of each measurement; the table shows medians.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="That the server is loaded in a round.", min=1)] = 5,
) -> None:
    """What the audit log costs a mutation, and what sealing it in each transaction would cost."""
    with tempfile.TemporaryDirectory(prefix="headwater-bench-", ignore_cleanup_errors=True) as folder:
        _print(auditing_bench.compare(Path(folder), rounds=rounds, seconds=seconds))


def _print(lines: Iterator[str]) -> None:
    try:
        for line in lines:
            print(line, flush=True)
    except CannotCompare as reason:
        raise Refusal(str(reason)) from None
