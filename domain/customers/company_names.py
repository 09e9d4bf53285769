"""What a company's name may be made of, where something of Microsoft's is ordered."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from domain.shared.errors import InvalidInput

__all__ = ["NameRules", "check_company_name", "remainder"]


@dataclass(frozen=True, slots=True)
class NameRules:
    """What a distributor forbids. Letters' case never counts."""

    characters: Sequence[str] = ()
    """Single characters that may not stand in a name."""
    abbreviations: Sequence[str] = ()
    """Words, such as LLC, that may not stand in a name by themselves."""
    domains: Sequence[str] = ()
    """Ends of internet names, such as .com, that may not end a word of a name."""

    def __bool__(self) -> bool:
        """Whether anything is forbidden."""
        return bool(self.characters or self.abbreviations or self.domains)


def remainder(name: str, rules: NameRules) -> str:
    """What is left of a name without everything that is forbidden, single spaces between its words."""
    left = []
    for word in _without(name, rules.characters).split():
        kept = _without_domain(word, rules)
        if _plain(kept) not in {_plain(each) for each in rules.abbreviations}:
            left.append(kept)
    return " ".join(word for word in left if any(letter.isalnum() for letter in word))


def check_company_name(name: str, rules: NameRules, *path: str | int) -> None:
    """Refuse a name that holds what is forbidden, in other words when nothing else is in it. Raises InvalidInput."""
    if not rules:
        return
    if not remainder(name, rules):
        raise InvalidInput("{name} is made only of what a company's name may not hold.", name=name, path=path)
    found = _found(name, rules)
    if found is not None:
        raise InvalidInput("A company's name may not hold {what}.", what=found, path=path)


def _found(name: str, rules: NameRules) -> str | None:
    """The first forbidden thing, as the rules write it."""
    whole = _folded(name)
    for character in rules.characters:
        if _folded(character) in whole:
            return character
    words = name.split()
    for abbreviation in rules.abbreviations:
        if any(_plain(word) == _plain(abbreviation) for word in words):
            return abbreviation
    for domain in rules.domains:
        if any(_folded(_trimmed(word)).endswith(_dotted(domain)) for word in words):
            return domain
    return None


def _without(name: str, characters: Sequence[str]) -> str:
    forbidden = {_folded(each) for each in characters}
    return "".join(" " if _folded(letter) in forbidden else letter for letter in name)


def _without_domain(word: str, rules: NameRules) -> str:
    kept = _trimmed(word)
    while ends := [each for each in map(_dotted, rules.domains) if _folded(kept).endswith(each)]:
        kept = kept[: -len(max(ends, key=len))]
    return kept


def _trimmed(word: str) -> str:
    """The word without punctuation behind it."""
    return re.sub(r"[^\w]+$", "", word)


def _dotted(domain: str) -> str:
    return "." + _folded(domain).lstrip(".")


def _plain(word: str) -> str:
    """What makes two words the same: G.m.b.H. is GmbH."""
    return "".join(letter for letter in _folded(word) if letter.isalnum())


def _folded(text: str) -> str:
    # Lower case, not folded further: a folded letter may be two, and then nothing could be cut off by its length.
    return unicodedata.normalize("NFC", text).lower()
