"""What people are told: English sources with named places, told in the language of whoever reads.

A source is its own key in the catalogs of `languages/`, one gettext file a language; what a catalog lacks is told in
English. Languages change words, never codes, paths or values: numbers and days stand in a refusal as the API writes
them, so that they can be compared with the input.
"""

import string
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol, runtime_checkable

from babel import negotiate_locale
from babel.messages.pofile import read_po

__all__ = [
    "CATALOGS",
    "ENGLISH",
    "Catalogs",
    "Field",
    "Lines",
    "Message",
    "Tellable",
    "Word",
    "places",
    "preferred",
    "speaking",
    "spoken",
]

ENGLISH = "en"

_speaking: ContextVar[str] = ContextVar("speaking", default=ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Tell everything inside the block in this language."""
    token = _speaking.set(language)
    try:
        yield
    finally:
        _speaking.reset(token)


def spoken() -> str:
    """The language of whoever is told something now, such as `de` or `pt-BR`."""
    return _speaking.get()


class Field(str):
    """The name of an input's field in Python's spelling: told in the spelling of whoever sent the input."""

    __slots__ = ()


@runtime_checkable
class Tellable(Protocol):
    """A value whose words depend on the language."""

    def told(self, spelled: Callable[[str], str] = str) -> str:
        """The value in the language spoken now."""


class Word(StrEnum):
    """An enum whose values are words of messages: "its {operation} is not possible"."""

    def told(self, spelled: Callable[[str], str] = str) -> str:  # noqa: ARG002 - a word names no field
        """The word in the language spoken now."""
        return CATALOGS.translated(self.value)


class Message:
    """One text: `Message("{count} of {limit}", count=5, limit=3)`. The source is a literal, so that it can be found."""

    __slots__ = ("arguments", "source")

    def __init__(self, source: str, /, **arguments: object) -> None:
        self.source = source
        self.arguments = arguments

    def told(self, spelled: Callable[[str], str] = str) -> str:
        """The text in the language spoken now; `spelled` says how the names of fields are written."""

        def value(given: object) -> object:
            if isinstance(given, Field):
                return spelled(given)
            return given.told(spelled) if isinstance(given, Tellable) else given

        return CATALOGS.translated(self.source).format_map({name: value(each) for name, each in self.arguments.items()})

    def __str__(self) -> str:
        return self.told()


class Lines:
    """Several texts, each on a line of its own."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Iterable[Tellable]) -> None:
        self._lines = tuple(lines)

    def told(self, spelled: Callable[[str], str] = str) -> str:
        """The lines in the language spoken now."""
        return "\n".join(line.told(spelled) for line in self._lines)


def places(source: str) -> frozenset[str]:
    """The names that a source has places for. Raises ValueError when its braces are no places."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(source) if name is not None)


class Catalogs:
    """The languages of a folder: `de.po`, `pt-BR.po`. Read when first spoken, and kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._of = cache(self._read)
        self.preferred = lru_cache(256)(self._preferred)

    @property
    def languages(self) -> list[str]:
        """All of them, English first."""
        return [ENGLISH, *sorted(file.stem for file in self.folder.glob("*.po"))]

    def translated(self, source: str) -> str:
        """The source in the language spoken now; itself where the catalog has nothing, or something unfinished."""
        language = spoken()
        return source if language == ENGLISH else self._of(language).get(source, source)

    def _read(self, language: str) -> dict[str, str]:
        file = self.folder / f"{language}.po"
        if not file.is_file():
            return {}
        with file.open("rb") as lines:
            found = read_po(lines, abort_invalid=True)
        return {
            message.id: message.string
            for message in found
            if isinstance(message.id, str)
            and isinstance(message.string, str)
            and message.string
            and not message.fuzzy
            and places(message.string) == places(message.id)
        }

    def _preferred(self, header: str) -> str:
        by_spelling = {language.lower(): language for language in self.languages}
        found = negotiate_locale(_by_weight(header.lower()), list(by_spelling), sep="-", aliases={})
        return by_spelling.get(found or "", ENGLISH)


def preferred(accept_language: str | None) -> str:
    """The language for who sends this header Accept-Language: the best of those there are, else English."""
    return ENGLISH if not accept_language else CATALOGS.preferred(accept_language)


def _by_weight(header: str) -> list[str]:
    """The languages of a header, the most wanted first; those with q=0 are not wanted, and what is no weight is 1."""
    weighed: list[tuple[float, int, str]] = []
    for part in header.split(","):
        name, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q="))
        except ValueError:
            quality = 1.0
        if name.strip() and quality > 0:
            weighed.append((-quality, len(weighed), name.strip()))
    return [name for _, _, name in sorted(weighed)]


CATALOGS = Catalogs(Path(__file__).parent / "languages")
