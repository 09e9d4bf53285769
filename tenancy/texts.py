"""Texts that people give: what is kept of them, and what is refused."""

import re
import unicodedata

from tenancy.errors import InvalidInput

__all__ = ["clean_email", "clean_text"]

NAME_LIMIT = 200
"""Characters of a name."""

_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\".]+(\.[^@\s<>,;\".]+)+")


def clean_text(text: str, *path: str | int, limit: int = NAME_LIMIT) -> str:
    """The text normalized (NFC) and without spaces around it.

    Raises InvalidInput when it is empty, longer than `limit` characters, or holds control characters.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise InvalidInput("{field} is empty.", path=path)
    if len(text) > limit:
        raise InvalidInput(
            "{field} has {count} characters; at most {limit} are allowed.", count=len(text), limit=limit, path=path
        )
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
        raise InvalidInput("{field} holds control characters.", path=path)
    return text


def clean_email(text: str, *path: str | int) -> str:
    """An e-mail address in lower case.

    Raises InvalidInput when it does not look like name@host.domain.
    """
    email = clean_text(text, *path, limit=254).lower()
    if not _EMAIL.fullmatch(email):
        raise InvalidInput("{field} must be an address such as name@example.com.", path=path)
    return email
