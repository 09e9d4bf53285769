"""`./headwater schema`: the public schema as text."""

from typing import Annotated

import typer

from schema.build import sdl
from server.settings import ROOT

__all__ = ["SNAPSHOT", "command"]

SNAPSHOT = ROOT / "schema" / "schema.graphql"
"""What the schema was when last looked at; a test compares."""


def command(
    write: Annotated[bool, typer.Option("--write", help="Keep it as schema/schema.graphql instead.")] = False,
) -> None:
    """Print the schema that clients see."""
    if write:
        SNAPSHOT.write_text(sdl())
    else:
        print(sdl(), end="")
