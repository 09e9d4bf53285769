"""`./headwater commitments`: annual plans that are paid monthly become monthly commitments."""

from typing import Annotated
from uuid import UUID

import typer

from db.engine import application_engine
from domain.payments.converting import Conversion, convert_to_commitment
from domain.shared.errors import Refusal as Refused
from server.cli.database import Database, database
from server.cli.options import DataDir, distributor_id_of, settings_with
from server.cli.refusal import Refusal
from server.cli.synchronize import distributors
from tenancy.clock import clock_of
from tenancy.scope import Scope
from tenancy.sessions import Sessions

__all__ = ["command"]


def command(
    distributor: Annotated[str, typer.Option(help="Whose plan: an id such as dst_… .")],
    plan: Annotated[str, typer.Option(help="The number of the distributor's own plan, such as PL000001.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Let a NON_REFUND plan, all its copies and their subscriptions be MONTHLY_COMMITMENT.

    One transaction; to run it again is safe, and takes those that had an open order before.
    """
    with database(settings_with(data_dir=data_dir)) as found:
        done = converted(found, distributor_id_of(distributor), plan, dry_run=dry_run)
    for line in lines_of(done, dry_run=dry_run):
        print(line)


def converted(found: Database, distributor_id: UUID, plan: str, *, dry_run: bool) -> Conversion:
    """What was done. Raises Refusal where the rules say no."""
    engine = application_engine(found.app_url, pool_size=1, switch_role=found.switches_role)
    sessions = Sessions(engine)
    try:
        (tenant,) = distributors(sessions, distributor_id)
        scope = Scope.of_everything(tenant.distributor_id, tenant.tenant_path)
        with sessions.begin(scope) as session:
            done = convert_to_commitment(
                session, scope, plan_number=plan, clock=clock_of(session, tenant.distributor_id)
            )
            if dry_run:
                session.rollback()
    except Refused as refused:
        raise Refusal(refused.message) from refused
    finally:
        engine.dispose()
    return done


def lines_of(done: Conversion, *, dry_run: bool) -> list[str]:
    """For a person."""
    lines = ["Nothing is changed; this is what a conversion would do."] if dry_run else []
    lines.append(f"Plans, with copies: {done.plans}")
    lines.append(f"Subscriptions that are commitments now: {len(done.converted)}")
    lines += [f"  {number}" for number in done.converted]
    lines.append(f"Charges of later months released: {done.released}")
    if done.waiting:
        lines.append(f"Left alone, because an order is open: {len(done.waiting)}")
        lines += [f"  {number}" for number in done.waiting]
    return lines
