"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from db.ids import InvalidId, decode
from server.cli.refusal import Refusal
from server.settings import Settings

__all__ = ["DataDir", "distributor_id_of", "settings_with"]

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the data are. [default: .headwater]", show_default=False)
]


def settings_with(**given: Any) -> Settings:
    """The settings of the environment, under the options that were given: None is one that was not."""
    return Settings(**{name: value for name, value in given.items() if value is not None})


def distributor_id_of(text: str) -> UUID:
    """The UUID in a distributor's public id. Raises Refusal."""
    try:
        prefix, id = decode(text)
    except InvalidId:
        prefix = None
    if prefix != "dst":
        raise Refusal(f"{text} is no id of a distributor; it looks like dst_ and 32 hex digits")
    return id
