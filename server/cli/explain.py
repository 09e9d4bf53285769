"""`./headwater explain CHARGE`: how an amount came about, computed again from what was stored with it."""

from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import select

from db.engine import application_engine
from db.ids import InvalidId, decode
from domain.billing.models import Charge, ResellerCharge
from domain.billing.replay import Replay, explain
from server.cli.database import Database, database
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["command"]

KINDS = ("chg", "rch")


def command(
    charge: Annotated[str, typer.Argument(help="The id of a charge (chg_…) or of a reseller charge (rch_…).")],
    data_dir: DataDir = None,
) -> None:
    """Say how the amount of a charge came about, and compute it again from what was stored with it."""
    kind, id = charge_id_of(charge)
    with database(settings_with(data_dir=data_dir)) as found:
        told, replay = replayed(found, kind, id, charge)
    for line in [told, *lines_of(replay)]:
        print(line)
    if not replay.agrees:
        raise Refusal(f"{charge} was booked as {replay.booked:f}; its own explanation makes {replay.recomputed:f}")


def charge_id_of(text: str) -> tuple[str, UUID]:
    try:
        prefix, id = decode(text)
    except InvalidId:
        prefix = ""
    if prefix not in KINDS:
        raise Refusal(f"{text} is no id of a charge; it looks like chg_ and 32 hex digits")
    return prefix, id


def replayed(found: Database, kind: str, id: UUID, told: str) -> tuple[str, Replay]:
    """The charge in a line, and its replay. Raises Refusal when there is none."""
    engine = application_engine(found.app_url, pool_size=1, switch_role=found.switches_role)
    try:
        with Sessions(engine).begin(PLATFORM) as session:
            if kind == "chg":
                charge = session.scalars(select(Charge).where(Charge.id == id)).one_or_none()
                if charge is not None:
                    replay = explain(charge)
                    name = f"{charge.number}  {charge.description}"
                    return f"{name}  {replay.booked:f} {charge.currency}  {charge.state}", replay
            else:
                owed = session.scalars(select(ResellerCharge).where(ResellerCharge.id == id)).one_or_none()
                if owed is not None:
                    replay = explain(owed)
                    return f"Reseller charge  {replay.booked:f} {owed.currency}", replay
            raise Refusal(f"there is no charge {told}")
    finally:
        engine.dispose()


def lines_of(replay: Replay) -> list[str]:
    explanation = replay.explanation
    return [
        f"Rule:       {explanation.rule}",
        f"Months:     {explanation.fraction}",
        *(f"{step.label.capitalize():11} {step.formula}" for step in explanation.steps),
        f"Unrounded:  {explanation.unrounded:f}",
        f"Booked:     {replay.booked:f}",
        f"Recomputed: {replay.recomputed:f}  ({'agrees' if replay.agrees else 'DIFFERS'})",
    ]
