"""`./headwater schema`: the public schema as text."""

from typing import Annotated

import typer

from schema.build import sdl
from server.reference import FOLDER, written
from server.settings import ROOT

__all__ = ["RELEASED", "SNAPSHOT", "command"]

SNAPSHOT = ROOT / "schema" / "schema.graphql"
"""What the schema was when last looked at; a test compares."""
RELEASED = ROOT / "schema" / "released.graphql"
"""What clients of the last release rely on; a test allows no change that breaks them."""


def command(
    write: Annotated[
        bool, typer.Option("--write", help="Keep it as schema/schema.graphql instead, and renew the reference.")
    ] = False,
    reference: Annotated[bool, typer.Option("--reference", help="Renew docs/reference instead.")] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Keep it as schema/released.graphql too: what clients may rely on.")
    ] = False,
) -> None:
    """Print the schema that clients see."""
    kept = [SNAPSHOT] * (write or release) + [RELEASED] * release
    for file in kept:
        file.write_text(sdl())
    if kept or reference:
        _write_reference()
    else:
        print(sdl(), end="")


def _write_reference() -> None:
    FOLDER.mkdir(exist_ok=True)
    made = written()
    for old in FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text)
