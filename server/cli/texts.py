"""`./headwater texts`: a language's catalog of the texts for people."""

from typing import Annotated

import typer
from babel import Locale, UnknownLocaleError

from server.cli.refusal import Refusal
from server.texts import renewed
from tenancy.messages import CATALOGS

__all__ = ["command"]


def command(language: Annotated[str, typer.Argument(help="Such as de or pt-BR.")]) -> None:
    """Begin or renew the catalog of a language: translators fill it in, the next start speaks it."""
    try:
        Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        raise Refusal(f"{language} is no language such as de or pt-BR") from None
    file = CATALOGS.folder / f"{language}.po"
    print(f"{file}: {renewed(file)} texts wait for their translation")
