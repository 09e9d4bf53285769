"""Full text: by which words a row is found, and what a search looks for. Both sides split a text the same way."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Computed, Index, Text, func, literal
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.sql.expression import cast

__all__ = ["LONGEST", "WITHOUT_WORDS", "WORDS", "words_index", "words_of", "words_wanted"]

LONGEST = 500
"""Characters of a column that are looked at: a word of PostgreSQL's full text may have 2,046 bytes."""
WORDS = "words"
"""The column's name."""
WITHOUT_WORDS: Any = {"exclude_properties": [WORDS]}
"""`__mapper_args__` of models with words: objects have none, the database alone writes them."""
_BETWEEN = "[^[:alnum:]]+"


def words_of(first: str, *others: str) -> Column[Any]:
    """The column that holds the words of these columns: what stands between anything but letters and digits.

    An address's parts are words, so is each half of a hyphenated name. `first` may not be null.
    """
    text = f'"left"({first}, {LONGEST})'
    for other in others:
        text = f"(({text} || ' '::text) || \"left\"(COALESCE({other}, ''::text), {LONGEST}))"
    split = f"btrim(regexp_replace(lower({text}), '{_BETWEEN}'::text, ' '::text, 'g'::text))"
    return Column(WORDS, TSVECTOR, Computed(f"array_to_tsvector(string_to_array({split}, ' '::text))", persisted=True))


def words_index(table: str) -> Index:
    """The index on the words.

    PostgreSQL uses it under row-level security only where `@@` is known not to leak what it looks at: see
    `server.embedded` and the guide for operators.
    """
    return Index(f"ix_{table}_words", WORDS, postgresql_using="gin")


def words_wanted(text: ColumnElement[str]) -> ColumnElement[Any]:
    """A query for every word of `text`, each as the beginning of a word, in any order; null when it has none."""
    split = func.btrim(func.regexp_replace(func.lower(text), _BETWEEN, " ", "g"))
    begun = func.replace(func.nullif(split, literal("", Text())), " ", ":* & ", type_=Text())
    return cast(begun.op("||")(literal(":*", Text())), TSQUERY())
