"""`./headwater documents`: which documents may run where only trusted ones do."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.engine import application_engine
from resolvers.reading.documents import Documents, RequestErrors
from schema.build import schema
from server.cli.database import database
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from tenancy.models import TrustedDocument
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["command"]

SHORTEST_ID = 8
"""Digits of an id that are enough when no other document begins with them."""

command = typer.Typer(
    help="Keep the trusted documents: with HEADWATER_TRUSTED_DOCUMENTS=1 only these run.",
    add_completion=False,
    no_args_is_help=True,
)


@command.command()
def add(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="A GraphQL document as clients send it, or a manifest in JSON: Relay's persisted queries, Apollo's "
            "persisted query manifest.",
        ),
    ],
    data_dir: DataDir = None,
) -> None:
    """Trust documents: all of them, or none when one cannot run on this schema."""
    texts = [text for file in files for text in texts_of(file)]
    rows = checked(texts)
    with documents(data_dir) as session:
        known = set(session.scalars(select(TrustedDocument.sha256)))
        session.add_all(row for row in rows if row.sha256 not in known)
        session.flush()
    for row in rows:
        print(f"{row.sha256.hex()}  {row.operations}{'  (known)' if row.sha256 in known else ''}")


@command.command("list")
def list_documents(data_dir: DataDir = None) -> None:
    """All of them, oldest first."""
    with documents(data_dir) as session:
        kept = session.scalars(select(TrustedDocument).order_by(TrustedDocument.created_at, TrustedDocument.sha256))
        lines = [f"{each.sha256.hex()}  {each.created_at:%Y-%m-%d}  {each.operations}" for each in kept]
    print("\n".join(lines) or "No documents.")


@command.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="As `list` shows it, or its beginning.")],
    data_dir: DataDir = None,
) -> None:
    """Trust documents no longer. A running house forgets them within 30 seconds."""
    with documents(data_dir) as session:
        known = list(session.scalars(select(TrustedDocument.sha256)))
        gone = [only_match(id, known) for id in ids]
        session.execute(delete(TrustedDocument).where(TrustedDocument.sha256.in_(gone)))
    print(f"Removed {len(gone)}.")


@contextmanager
def documents(data_dir: Path | None) -> Iterator[Session]:
    """One transaction of the tables' owner: the application may only read these."""
    with database(settings_with(data_dir=data_dir)) as found:
        engine = application_engine(found.owner_url, pool_size=1)
        try:
            with Sessions(engine).begin(PLATFORM) as session:
                yield session
        finally:
            engine.dispose()


def texts_of(file: Path) -> Sequence[str]:
    """The documents in a file. Spaces around a document in a file of its own do not count."""
    try:
        content = file.read_text()
        return manifest(json.loads(content)) if file.suffix == ".json" else [content.strip()]
    except OSError as error:
        raise Refusal(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:  # neither UTF-8 nor JSON, or JSON of another form
        raise Refusal(f"cannot read {file}: {error}") from None


def manifest(content: object) -> Sequence[str]:
    """The texts of a manifest. Raises ValueError."""
    match content:
        case {"format": "apollo-persisted-query-manifest", "operations": [*operations]}:
            texts = [each.get("body") if isinstance(each, dict) else None for each in operations]
        case {**by_id}:
            texts = list(by_id.values())
        case _:
            texts = [None]
    found = [text for text in texts if isinstance(text, str)]
    if len(found) != len(texts):
        raise ValueError("a manifest is an object of ids and texts, or Apollo's form")
    return found


def checked(texts: Iterable[str]) -> list[TrustedDocument]:
    """The documents that this schema can run, each once. Raises Refusal when one cannot."""
    known = Documents(schema._schema)  # noqa: SLF001 - Strawberry's own name for the schema of graphql-core
    rows: dict[bytes, TrustedDocument] = {}
    for text in texts:
        try:
            found = known.find(text)
        except RequestErrors as wrong:
            first = text.strip().partition("\n")[0][:60]
            raise Refusal(f"nothing is added; `{first}` cannot run: {wrong.errors[0].message}") from None
        digest = sha256(text.encode()).digest()
        names = " ".join(name or "(unnamed)" for name in found.operations)
        rows[digest] = TrustedDocument(sha256=digest, tenant_path="", document=text, operations=names)
    return list(rows.values())


def only_match(id: str, known: Iterable[bytes]) -> bytes:
    found = [each for each in known if each.hex().startswith(id.removeprefix("sha256:").lower())]
    if len(id) < SHORTEST_ID or len(found) != 1:
        raise Refusal(f"{id} is not the beginning of one document's id; `./headwater documents list` shows them")
    return found[0]
