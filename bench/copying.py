"""Rows made from rows, as many as a table `copies` says."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

__all__ = ["clone"]


def clone(session: Session, table: str, changed: Mapping[str, str], joined: str, **values: Any) -> None:
    """Insert into `table` what it has (`was`), `joined` to `copies`; of the columns `changed` the expressions instead.

    `values` are those of the parameters in all of these.
    """
    names = session.scalars(
        text(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = :table AND is_generated = 'NEVER'"
            " ORDER BY ordinal_position"
        ),
        {"table": table},
    ).all()
    shown = ", ".join(changed.get(name, f"was.{name}") for name in names)
    session.execute(text(f"INSERT INTO {table} ({', '.join(names)}) SELECT {shown} FROM {table} was {joined}"), values)
