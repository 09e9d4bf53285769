"""Passwords: what is taken for one, what is kept of it, and whether one fits."""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from tenancy.errors import InvalidInput

__all__ = ["LONGEST", "SHORTEST", "clean_password", "fits", "hashed", "is_outdated"]

SHORTEST, LONGEST = 12, 200
"""Characters."""

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
"""Argon2id, 64 MiB, three passes: about a twentieth of a second. What is kept names its parameters, so that these may
change; `is_outdated` then finds the old ones as people sign in."""


def clean_password(text: str, *path: str | int, unlike: str = "") -> str:
    """The password, normalized as `hashed` and `fits` do it themselves.

    Raises InvalidInput when it is too short, too long, or the person's address (`unlike`). There are no rules about
    kinds of characters: they make passwords worse.
    """
    password = _normalized(text)
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(
            "A password has {least} to {most} characters, not {count}.",
            least=SHORTEST,
            most=LONGEST,
            count=len(password),
            path=path,
        )
    if "\x00" in password:
        raise InvalidInput("A password holds no zero character.", path=path)
    if unlike and password.lower() in {unlike.lower(), unlike.partition("@")[0].lower()}:
        raise InvalidInput("The password is the e-mail address.", path=path)
    return password


def hashed(password: str) -> str:
    """What is kept of a password. Takes its time and 64 MiB: never inside a transaction."""
    return _hasher.hash(_normalized(password))


def fits(kept: str | None, password: str) -> bool:
    """Whether the password is the one that `kept` was made of.

    None, where there is nobody or no password, takes as long as a wrong one: time must not tell who exists.
    """
    try:
        _hasher.verify(_nobodys() if kept is None else kept, _normalized(password)[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _normalized(text: str) -> str:
    """One spelling of what looks the same: keyboards differ in how they write é."""
    return unicodedata.normalize("NFKC", text)


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe())
