"""`./headwater audit`: whether the log of what was done is whole, and the log itself."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import application_engine
from domain.audit.chain import Broken, Head, verify
from domain.audit.entries import sealed, unsealed_count
from server.cli.database import database
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from tenancy.models import Tenant
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["command"]

command = typer.Typer(
    help="Check and export the audit log, whose entries are chained by hashes, one chain a distributor.",
    add_completion=False,
    no_args_is_help=True,
)

Number = Annotated[str | None, typer.Option(metavar="NUMBER", help="Of one distributor, such as D1; default: all.")]


@command.command("verify")
def verify_log(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="An export; then no database is asked.")] = None,
    distributor: Number = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="SEQUENCE:HASH", help="A head that was kept elsewhere: the chain must lead through it."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Follow each chain and name the first entry that was altered, removed or moved.

    Prints the head of each chain. Keep it somewhere else: with --head entries removed at the end are missed too.
    """
    kept = None if head is None else head_of(head)
    if file is not None:
        found = [(str(file), verify(exported(file), head=kept), 0)]
    else:
        with log(data_dir) as session:
            chosen = distributors(session, distributor)
            if kept is not None and len(chosen) != 1:
                raise Refusal("--head is of one chain: say which with --distributor")
            found = [
                (
                    f"{each.number} {each.name}",
                    verify(sealed(session, each.id), head=kept),
                    unsealed_count(session, each.id),
                )
                for each in chosen
            ]
    for name, result, waiting in found:
        print(f"{name}: {told(result)}" + (f", {waiting} not sealed yet" if waiting else ""))
    if any(isinstance(result, Broken) for _, result, _ in found):
        raise typer.Exit(1)


@command.command()
def export(
    distributor: Annotated[str, typer.Option(metavar="NUMBER", help="The distributor's number, such as D1.")],
    after: Annotated[int, typer.Option(min=0, help="Only entries after this place in the chain.")] = 0,
    data_dir: DataDir = None,
) -> None:
    """Write one distributor's chain to the standard output, one entry in JSON a line."""
    with log(data_dir) as session:
        (chosen,) = distributors(session, distributor)
        for entry in sealed(session, chosen.id, after=after):
            sys.stdout.write(json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")


def told(result: Head | Broken) -> str:
    """What was found, for a person."""
    match result:
        case Broken(sequence, id, why):
            return f"BROKEN: entry {sequence}{'' if id is None else f' ({id})'} {why}"
        case Head(0):
            return "no entries"
        case Head(sequence, hash):
            return f"whole, {sequence} entries, head {sequence}:{hash}"


def head_of(text: str) -> Head:
    """A head as `verify` prints it. Raises Refusal."""
    sequence, _, hash = text.partition(":")
    if not (sequence.isdecimal() and int(sequence) > 0 and len(hash) == 64):
        raise Refusal("--head is a sequence and a hash as verify prints them, such as 17:9f86d0…")
    return Head(int(sequence), hash.lower())


def exported(file: Path) -> Iterator[Mapping[str, Any]]:
    """The entries in an export. Raises Refusal."""
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise Refusal(f"cannot read {file}: {error}") from None


def distributors(session: Session, number: str | None) -> list[Tenant]:
    """The one with this number, or all. Raises Refusal."""
    query = select(Tenant).where(Tenant.parent_id.is_(None)).order_by(Tenant.tenant_path)
    found = session.scalars(query if number is None else query.where(Tenant.number == number)).all()
    if number is not None and not found:
        raise Refusal(f"there is no distributor {number}")
    session.expunge_all()
    return list(found)


@contextmanager
def log(data_dir: Path | None) -> Iterator[Session]:
    """One transaction that sees everything."""
    with database(settings_with(data_dir=data_dir)) as found:
        engine = application_engine(found.owner_url, pool_size=1)
        try:
            with Sessions(engine).begin(PLATFORM) as session:
                yield session
        finally:
            engine.dispose()
