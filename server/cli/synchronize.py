"""`./headwater synchronize`: every copy of a plan shows what its origin does."""

from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import select

from db.engine import application_engine
from db.ids import encode
from domain.delegation.synchronization import Repair, repair_plans
from server.cli.database import Database, database
from server.cli.options import DataDir, distributor_id_of, settings_with
from server.cli.refusal import Refusal
from tenancy.clock import clock_of
from tenancy.models import Tenant, TenantKind, TenantName
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import Sessions

__all__ = ["command"]


def command(
    every: Annotated[bool, typer.Option("--all", help="Every distributor.")] = False,
    distributor: Annotated[str | None, typer.Option(help="Only this one: an id such as dst_… .")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Bring delegated copies of plans to the fields, periods and resources of their origins; say what was amiss.

    One transaction a distributor; to run it again is safe.
    """
    if every == (distributor is not None):
        raise Refusal("say --all, or --distributor and whose")
    with database(settings_with(data_dir=data_dir)) as found:
        lines = synchronized(found, None if distributor is None else distributor_id_of(distributor), dry_run=dry_run)
    for line in lines:
        print(line)


def synchronized(found: Database, only: UUID | None, *, dry_run: bool) -> list[str]:
    """What was done, for a person. Raises Refusal when there is no such distributor."""
    engine = application_engine(found.app_url, pool_size=1, switch_role=found.switches_role)
    sessions = Sessions(engine)
    lines = ["Nothing is changed; this is what a synchronization would do."] if dry_run else []
    copies = 0
    try:
        for tenant in distributors(sessions, only):
            scope = Scope.of_everything(tenant.distributor_id, tenant.tenant_path)
            with sessions.begin(scope) as session:
                repairs = repair_plans(session, scope, clock=clock_of(session, tenant.distributor_id))
                owners = {repair.tenant_id for repair in repairs}
                wanted = select(TenantName.id, TenantName.name).where(
                    TenantName.distributor_id == tenant.distributor_id, TenantName.id.in_(owners)
                )
                names: dict[UUID, str] = {row.id: row.name for row in session.execute(wanted)}
                if dry_run:
                    session.rollback()
            lines.append(f"{tenant.name}: {told(repairs)}")
            lines += [line_of(repair, names[repair.tenant_id]) for repair in repairs]
            copies += sum(repair.copies for repair in repairs)
    finally:
        engine.dispose()
    return [*lines, f"Copies that differed from their origins: {copies}"]


def distributors(sessions: Sessions, only: UUID | None) -> list[Tenant]:
    with sessions.begin(PLATFORM) as session:
        wanted = select(Tenant).where(Tenant.kind == TenantKind.DISTRIBUTOR).order_by(Tenant.id)
        found = list(session.scalars(wanted if only is None else wanted.where(Tenant.id == only)))
        session.expunge_all()
    if only is not None and not found:
        raise Refusal(f"there is no distributor {encode('dst', only)}")
    return found


def told(repairs: list[Repair]) -> str:
    if not repairs:
        return "every copy shows what its origin does"
    return f"plans whose copies differed: {len(repairs)}"


def line_of(repair: Repair, owner: str) -> str:
    """One plan: where its copies differed, and how many."""
    places = ", ".join(f"{place} ({count})" for place, count in sorted(repair.places.items()))
    return f"  {repair.number} {repair.name}, of {owner}: {repair.copies} copies: {places}"
