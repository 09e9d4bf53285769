"""`./headwater import`: from other people's files."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Annotated, TextIO
from uuid import UUID

import typer
from sqlalchemy import select

from db.engine import application_engine
from domain.catalog.price_sheet import BrokenPriceSheet, PriceSheet
from domain.pricing.sheet_import import import_price_sheet
from domain.pricing.sheet_lists import ChangeList, write_rejected
from domain.pricing.sheet_report import Counts, ImportReport, SheetChange
from domain.shared.decimals import plain
from domain.shared.errors import Refusal as DomainRefusal
from domain.shared.money import is_currency
from server.cli.database import Database, database
from server.cli.options import DataDir, distributor_id_of, settings_with
from server.cli.refusal import Refusal
from tenancy.clock import clock_of
from tenancy.models import Tenant, TenantKind
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import Sessions

__all__ = ["command"]

SHOWN = 50
"""Lines of a list on the terminal."""
SEVERAL = 5000
"""Rows from which on it takes long enough to tell how far it is."""

command = typer.Typer(help="Import other people's files.", add_completion=False, no_args_is_help=True)
command.callback()(lambda: None)  # keeps it a group while it holds one command


@command.command("price-sheet")
def price_sheet(
    file: Annotated[Path, typer.Argument(help="A CSV in a layout of Microsoft's licence lists, the new or the older.")],
    distributor: Annotated[str, typer.Option(help="Whose catalog: an id such as dst_… .")],
    currency: Annotated[str | None, typer.Option(help="Only rows in it; an older list tells none.")] = None,
    coefficient: Annotated[str, typer.Option(help="Retail prices are the sheet's times this.")] = "1",
    rejected: Annotated[Path | None, typer.Option(help="Where a CSV of every bad cell is written.")] = None,
    changes: Annotated[Path | None, typer.Option(help="Where a CSV of every new price is written.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Make products and plans of a price sheet, all rows or none."""
    with ExitStack() as files:
        sheet = sheet_of(file, files, currency, rejected)
        distributor_id = distributor_id_of(distributor)
        factor = factor_of(coefficient)
        note = nothing if changes is None else ChangeList(files.enter_context(list_at(changes))).note
        found = files.enter_context(database(settings_with(data_dir=data_dir)))
        report = imported(found, distributor_id, sheet, factor, dry_run=dry_run, told=distributor, on_change=note)
    for line in told(report, dry_run=dry_run):
        print(line)


def nothing(_: SheetChange) -> None:
    """Hears of a change that nobody wants written."""


def sheet_of(file: Path, files: ExitStack, currency: str | None, rejected: Path | None) -> PriceSheet:
    """The sheet, read as long as `files` are open."""
    if currency is not None and not is_currency(currency):
        raise Refusal(f"{currency} is no ISO 4217 code such as EUR")
    try:
        content = files.enter_context(file.open("rb"))
        return PriceSheet(content, currency=currency, every_error=rejected is not None)
    except OSError as error:
        raise Refusal(f"cannot read {file}: {error.strerror}") from None
    except BrokenPriceSheet as broken:
        if rejected is not None:
            with list_at(rejected) as text:
                write_rejected(text, broken)
        raise Refusal(told_errors(file, broken)) from None


def factor_of(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Refusal(f"{text} is no number such as 1.05") from None


@contextmanager
def list_at(file: Path) -> Iterator[TextIO]:
    """A CSV for a person, to be filled. Raises Refusal when it cannot be written."""
    try:
        with file.open("w", newline="", encoding="utf-8") as text:
            yield text
    except OSError as error:
        raise Refusal(f"cannot write {file}: {error.strerror}") from None


def told_errors(file: Path, broken: BrokenPriceSheet) -> str:
    more = [f"  … and more; the first {len(broken.errors)} are shown"] if broken.more else []
    return "\n".join([f"nothing is imported of {file}:", *(f"  {error}" for error in broken.errors), *more])


def imported(
    found: Database,
    distributor_id: UUID,
    sheet: PriceSheet,
    coefficient: Decimal,
    *,
    dry_run: bool,
    told: str,
    on_change: Callable[[SheetChange], None],
) -> ImportReport:
    """One transaction in the distributor's own scope.

    Raises Refusal, with the id as it was `told`.
    """
    engine = application_engine(found.app_url, pool_size=1, switch_role=found.switches_role)
    sessions = Sessions(engine)
    try:
        with sessions.begin(PLATFORM) as session:
            tenant = session.scalars(
                select(Tenant).where(
                    Tenant.distributor_id == distributor_id,
                    Tenant.id == distributor_id,
                    Tenant.kind == TenantKind.DISTRIBUTOR,
                )
            ).one_or_none()
        if tenant is None:
            raise Refusal(f"there is no distributor {told}")
        scope = Scope.of_tenant(distributor_id, distributor_id, tenant.tenant_path).writing_downstream()
        with sessions.begin(scope) as session:
            clock = clock_of(session, distributor_id)
            report = import_price_sheet(
                session,
                scope,
                rows=sheet,
                coefficient=coefficient,
                clock=clock,
                progress=told_progress,
                on_change=on_change,
            )
            if dry_run:
                session.rollback()
            return report
    except DomainRefusal as refusal:
        raise Refusal(f"nothing is imported: {refusal.message}") from None
    finally:
        engine.dispose()


def told_progress(done: int) -> None:
    """On a terminal, for who waits; where the output goes into a file, nobody does."""
    if sys.stderr.isatty() and done >= SEVERAL:
        print(f"{done:,} rows", file=sys.stderr)


def told(report: ImportReport, *, dry_run: bool) -> list[str]:
    """The report for a person."""
    lines = ["Nothing is changed; this is what an import would do." if dry_run else "Imported."]
    lines.append(f"Products: {counted(report.products)}")
    gone = f"; {report.gone} not in the sheet, left as they are" if report.gone else ""
    lines.append(f"Plans:    {counted(report.plans)}{gone}")
    if report.terms:
        lines.append(f"Service terms created: {', '.join(report.terms)}")
    if report.new_prices:
        lines.append(f"New prices, a licence a month; delegated copies with new net costs: {report.copies}")
        lines += shown(
            (
                f"  {new.number}  net cost {arrow(new.net_cost_before, new.net_cost)},"
                f" price {arrow(new.price_before, new.price)}  {new.name}"
                for new in report.new_prices
            ),
            of=report.plans.updated,
        )
    if report.inexact:
        lines.append("Yearly prices that twelve months do not make up exactly, at four decimals:")
        lines += shown(
            (
                f"  line {one.line}, {one.column}: {plain(one.year)}; twelve months are {plain(one.twelve_months)}"
                for one in report.inexact
            ),
            of=report.inexact_count,
        )
    return lines


def counted(counts: Counts) -> str:
    return f"{counts.created} created, {counts.updated} updated, {counts.unchanged} unchanged"


def arrow(before: Decimal | None, after: Decimal | None) -> str:
    then, now = (plain(price or Decimal(0)) for price in (before, after))
    return now if then == now else f"{then} → {now}"


def shown(lines: Iterable[str], *, of: int) -> list[str]:
    """The first ones; how many more there are."""
    first = list(islice(lines, SHOWN))
    more = [f"  … and {of - len(first)} more"] if of > len(first) else []
    return [*first, *more]
