"""What values a setting may have. Each kind takes one field of the input and says what it refuses, with the limit."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError

from tenancy.errors import InvalidInput
from tenancy.texts import clean_text

__all__ = ["Choice", "Kind", "LanguageTag", "NumberFormat", "SettingType", "Switch", "Text", "Texts", "Url", "Whole"]

T_co = TypeVar("T_co", covariant=True)


class SettingType(StrEnum):
    """What a setting's value is, and by that in which field it stands."""

    TEXT = "TEXT"
    """A text, in `text`."""
    URL = "URL"
    """An address that begins with https://, in `text`."""
    LOCALE = "LOCALE"
    """A language, perhaps with its country, such as de or pt-BR, in `text`."""
    NUMBER_FORMAT = "NUMBER_FORMAT"
    """How numbers are written, in `text`: SO{000000} writes 17 as SO000017. Exactly one group of zeros in braces, which
    says how many digits there are at least (1 to 12); around it letters and - / _ . # but no digits, so that two
    formats never write the same number. At most 40 characters."""
    CHOICE = "CHOICE"
    """One of the setting's `options`, in `text`."""
    BOOLEAN = "BOOLEAN"
    """Yes or no, in `boolean`."""
    NUMBER = "NUMBER"
    """A whole number, in `number`."""
    TEXTS = "TEXTS"
    """A list of texts, in `texts`; it may be empty."""


class Kind(Protocol[T_co]):
    """Which values are good."""

    @property
    def type(self) -> SettingType:
        """What clients know it as."""

    @property
    def field(self) -> str:
        """Where a value stands in inputs and answers: `text`, `boolean`, `number` or `texts`."""

    @property
    def options(self) -> tuple[str, ...]:
        """All there are, of a choice; else none."""

    def checked(self, value: Any, name: str) -> T_co:
        """The value as it is kept. Raises InvalidInput, which names the setting `name` and the limit."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text without control characters."""

    limit: int = 200
    """Characters."""
    type: SettingType = SettingType.TEXT
    field: str = "text"
    options: tuple[str, ...] = ()

    def checked(self, value: str, name: str) -> str:
        """Normalized, without spaces around it."""
        return _clean(value, name, limit=self.limit)


@dataclass(frozen=True, slots=True)
class Url:
    """An address of the web."""

    limit: int = 500
    type: SettingType = SettingType.URL
    field: str = "text"
    options: tuple[str, ...] = ()

    def checked(self, value: str, name: str) -> str:
        """As given, spaces around it left out."""
        url = _clean(value, name, limit=self.limit)
        try:
            parts = urlsplit(url)
            is_one = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
        except ValueError:
            is_one = False
        if not is_one or re.search(r"[\s<>\"\\^`{|}]", url):
            raise InvalidInput(
                "{name} must be an address such as https://example.com/terms.", name=name, path=("text",)
            )
        return url


@dataclass(frozen=True, slots=True)
class LanguageTag:
    """A language that texts, dates and amounts can be written in."""

    type: SettingType = SettingType.LOCALE
    field: str = "text"
    options: tuple[str, ...] = ()

    def checked(self, value: str, name: str) -> str:
        """In the usual spelling, such as pt-BR."""
        tag = _clean(value, name, limit=35)
        try:
            return str(Locale.parse(tag, sep="-")).replace("_", "-")
        except (ValueError, UnknownLocaleError):
            raise InvalidInput(
                "{name} must be a language such as de or pt-BR, not {tag}.", name=name, tag=tag, path=("text",)
            ) from None


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How the numbers of a series are written."""

    type: SettingType = SettingType.NUMBER_FORMAT
    field: str = "text"
    options: tuple[str, ...] = ()

    def checked(self, value: str, name: str) -> str:
        """As given. Digits outside the braces would let two formats write one number twice."""
        format = _clean(value, name, limit=40)
        front, opening, rest = format.partition("{")
        zeros, closing, back = rest.partition("}")
        if not (opening and closing and re.fullmatch("0{1,12}", zeros)):
            raise InvalidInput(
                "{name} must hold one group of 1 to 12 zeros in braces, such as SO{{000000}}.",
                name=name,
                path=("text",),
            )
        if not all(letter.isalpha() or letter in "-/_.#" for letter in front + back):
            raise InvalidInput(
                "{name} may hold letters and - / _ . # around the braces, no digits and nothing else.",
                name=name,
                path=("text",),
            )
        return format


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words."""

    options: tuple[str, ...]
    type: SettingType = SettingType.CHOICE
    field: str = "text"

    def checked(self, value: str, name: str) -> str:
        """As given."""
        if value not in self.options:
            raise InvalidInput(
                "{name} must be one of {known}.", name=name, known=", ".join(self.options), path=("text",)
            )
        return value


@dataclass(frozen=True, slots=True)
class Switch:
    """Yes or no."""

    type: SettingType = SettingType.BOOLEAN
    field: str = "boolean"
    options: tuple[str, ...] = ()

    def checked(self, value: bool, name: str) -> bool:  # noqa: ARG002 - every kind takes the same
        """As given."""
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int
    most: int
    type: SettingType = SettingType.NUMBER
    field: str = "number"
    options: tuple[str, ...] = ()

    def checked(self, value: int, name: str) -> int:
        """As given."""
        if not self.least <= value <= self.most:
            raise InvalidInput(
                "{name} is {value}; it may be {least} to {most}.",
                name=name,
                value=value,
                least=self.least,
                most=self.most,
                path=("number",),
            )
        return value


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts, each once."""

    limit: int = 200
    """Characters of each."""
    most: int = 200
    """Texts."""
    type: SettingType = SettingType.TEXTS
    field: str = "texts"
    options: tuple[str, ...] = ()

    def checked(self, value: list[str], name: str) -> list[str]:
        """In the order given, without repetitions."""
        if len(value) > self.most:
            raise InvalidInput(
                "{name} has {count} texts in texts; at most {most} are allowed.",
                name=name,
                count=len(value),
                most=self.most,
                path=("texts",),
            )
        cleaned = [_clean(text, name, "texts", index, limit=self.limit) for index, text in enumerate(value)]
        return list(dict.fromkeys(cleaned))


def _clean(text: str, name: str, *path: str | int, limit: int) -> str:
    """As `tenancy.texts.clean_text`, told of the setting rather than of the field that all texts stand in."""
    path = path or ("text",)
    try:
        return clean_text(text, name, limit=limit)
    except InvalidInput as refusal:
        # Not `at`, which would tell of the field.
        refusal.path = path
        raise
