"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Any

import typer

from server.settings import Settings

__all__ = ["DataDir", "settings_with"]

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the data are. [default: .headwater]", show_default=False)
]


def settings_with(**given: Any) -> Settings:
    """The settings of the environment, under the options that were given: None is one that was not."""
    return Settings(**{name: value for name, value in given.items() if value is not None})
