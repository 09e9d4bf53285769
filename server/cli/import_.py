"""`./headwater import`: from other people's files."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import select

from db.engine import application_engine
from db.ids import InvalidId, decode
from domain.catalog.price_sheet import BrokenPriceSheet, SheetRow, read_price_sheet
from domain.pricing.sheet_import import Counts, ImportReport, import_price_sheet
from domain.shared.decimals import plain
from domain.shared.errors import Refusal as DomainRefusal
from server.cli.database import Database, database
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from tenancy.clock import clock_of
from tenancy.models import Tenant, TenantKind
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import Sessions

__all__ = ["command"]

SHOWN = 50
"""Lines of a list on the terminal."""

command = typer.Typer(help="Import other people's files.", add_completion=False, no_args_is_help=True)
command.callback()(lambda: None)  # keeps it a group while it holds one command


@command.command("price-sheet")
def price_sheet(
    file: Annotated[Path, typer.Argument(help="A CSV in the layout of Microsoft's new-commerce licence list.")],
    distributor: Annotated[str, typer.Option(help="Whose catalog: an id such as dst_… .")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Make products and plans of a price sheet, all rows or none."""
    rows = rows_of(file)
    distributor_id = distributor_id_of(distributor)
    with database(settings_with(data_dir=data_dir)) as found:
        report = imported(found, distributor_id, rows, dry_run=dry_run, told=distributor)
    for line in told(report, dry_run=dry_run):
        print(line)


def rows_of(file: Path) -> Sequence[SheetRow]:
    try:
        return read_price_sheet(file.read_bytes())
    except OSError as error:
        raise Refusal(f"cannot read {file}: {error.strerror}") from None
    except BrokenPriceSheet as broken:
        raise Refusal(told_errors(file, broken)) from None


def told_errors(file: Path, broken: BrokenPriceSheet) -> str:
    more = [f"  … and more; the first {len(broken.errors)} are shown"] if broken.more else []
    return "\n".join([f"nothing is imported of {file}:", *(f"  {error}" for error in broken.errors), *more])


def distributor_id_of(text: str) -> UUID:
    try:
        prefix, id = decode(text)
    except InvalidId:
        prefix = None
    if prefix != "dst":
        raise Refusal(f"{text} is no id of a distributor; it looks like dst_ and 32 hex digits")
    return id


def imported(
    found: Database, distributor_id: UUID, rows: Sequence[SheetRow], *, dry_run: bool, told: str
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
            report = import_price_sheet(session, scope, rows=rows, clock=clock_of(session, distributor_id))
            if dry_run:
                session.rollback()
            return report
    except DomainRefusal as refusal:
        raise Refusal(f"nothing is imported: {refusal.message}") from None
    finally:
        engine.dispose()


def told(report: ImportReport, *, dry_run: bool) -> list[str]:
    """The report for a person."""
    lines = ["Nothing is changed; this is what an import would do." if dry_run else "Imported."]
    lines.append(f"Products: {counted(report.products)}")
    lines.append(f"Plans:    {counted(report.plans)}")
    if report.terms:
        lines.append(f"Service terms created: {', '.join(report.terms)}")
    if report.new_prices:
        lines.append(f"New prices, a licence a month; delegated copies with new net costs: {report.copies}")
        lines += shown(
            f"  {new.number}  net cost {arrow(new.net_cost)}, price {arrow(new.price)}  {new.name}"
            for new in report.new_prices
        )
    if report.inexact:
        lines.append("Yearly prices that twelve months do not make up exactly, at four decimals:")
        lines += shown(
            f"  line {one.line}, {one.column}: {plain(one.year)}; twelve months are {plain(one.twelve_months)}"
            for one in report.inexact
        )
    return lines


def counted(counts: Counts) -> str:
    return f"{counts.created} created, {counts.updated} updated, {counts.unchanged} unchanged"


def arrow(change: tuple[Decimal, Decimal]) -> str:
    before, after = map(plain, change)
    return after if before == after else f"{before} → {after}"


def shown(lines: Iterable[str]) -> list[str]:
    """The first ones; how many more there are."""
    every = list(lines)
    more = [f"  … and {len(every) - SHOWN} more"] if len(every) > SHOWN else []
    return [*every[:SHOWN], *more]
