"""A language that nobody speaks: every text in brackets, so that a text without them has passed the catalogs by."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from server.texts import used_texts
from tenancy import messages
from tenancy.messages import Catalogs

__all__ = ["PSEUDO", "is_pseudo", "speakable"]

PSEUDO = "en-XA"


@contextmanager
def speakable(folder: Path) -> Iterator[None]:
    """Make the language one of those that can be spoken."""
    catalog = Catalog(charset="utf-8")
    for use in used_texts():
        catalog.add(use.source, f"⟦{use.source}⟧")
    with (folder / f"{PSEUDO}.po").open("wb") as out:
        write_po(out, catalog)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "CATALOGS", Catalogs(folder))
        yield


def is_pseudo(text: str) -> bool:
    """Whether all of the text is out of the catalog."""
    return text.startswith("⟦") and text.endswith("⟧")
