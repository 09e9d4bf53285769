"""Inputs that nobody should send, made from the schema's input types."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["Hostile", "texts"]

Row = dict[str, Any]
Strategy = SearchStrategy[Any]
ABSENT: Any = object()

TEXTS = (
    "",
    " ",
    "\u200f\u0645\u0631\u062d\u0628\u0627\u200f",  # right-to-left, with marks
    "\u202eabc\u202c",
    "e\u0301",  # not normalized
    "\u0000",
    "a\u0000b",
    "\u0007",
    "line\nline",
    "tab\ttab",
    "\ufeff",
    "\uffff",
    "\U0001f600" * 30,
    "x" * 200,
    "x" * 201,
    "x" * 20_000,
    "%s%(a)s{0}{a}\\",
    "'; DROP TABLE accounts; --",
    "<script>alert(1)</script>",
    "null",
    "a@b",
    "a@b.example",
    "A@B.EXAMPLE",
    "İ@b.example",
    "key_of_something",
    "seats",
    "monthly",
)
DECIMALS = (
    "0",
    "-0",
    "1",
    "-1",
    "0.0001",
    "0.00001",
    "12.5",
    "100",
    "101",
    "-100",
    "-99.9999",
    "1000",
    "1000.0001",
    "999999999999",
    "9999999999.9999",
    "1000000000",
    "99999999999999999999",
    "0.99999999999999999999",
    "-99999999999999999999.99999999999999999999",
    "1" + "0" * 25,
    "1e5",
    "NaN",
    "Infinity",
    "",
    " 1",
    "\u0661",
    "1,5",
    7,
    2**70,
    1.5,
)
WHOLE = (0, 1, -1, 2, 5, 9, 10, 31, 32, 120, 121, 2**31 - 1, -(2**31), 2**31, 2**70, 1.5, "1", True)
INSTANTS = (
    "2027-09-20T09:00:00Z",
    "2027-09-21T09:00:00Z",
    "2027-09-20T09:00:00.000001+14:00",
    "2027-09-19T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "9990-01-01T00:00:00Z",
    "2027-09-20T09:00:00",
    "2027-09-20",
    "2027-02-29T00:00:00Z",
    "now",
    "",
    0,
)
DAYS = ("2027-09-20", "0001-01-01", "9999-12-31", "2027-02-29", "tomorrow", "")
CURRENCIES = ("EUR", "JPY", "KWD", "USD", "XXX", "eur", "EURO", "", "€", "BTC")
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Etc/GMT+12", "europe/berlin", "../UTC", "\u0000", "Factory", "")
MALFORMED_IDS = (
    "",
    "acc_",
    "acc_nonsense",
    "acc_" + "0" * 32,
    "sub_" + "f" * 32,
    "xxx_" + "1" * 32,
    "acc_" + "0" * 31 + "\u0000",
    "ACC_" + "0" * 32,
    "acc_" + "\u0660" * 32,
    "x" * 5_000,
    7,
)
MANY = 1_001


def texts() -> SearchStrategy[str]:
    """Texts: chosen nasty ones, and any that JSON can carry (no lone surrogates)."""
    return (
        st.sampled_from(TEXTS)
        | st.text(max_size=40)
        | st.text(st.characters(categories=["Cc", "Cf", "Zs"]), max_size=5)
    )


class Hostile:
    """Makes inputs of one type: mostly the valid sample with a few places spoilt, now and then one made up altogether.

    The first kind gets through to the rules behind the form. Strategies are made once: making them takes longer than
    drawing from them.
    """

    def __init__(self, type_: GraphQLInputObjectType, sample: Row, known: Mapping[str, str]) -> None:
        """`known` are ids that exist."""
        self._type = type_
        self._sample = sample
        self._scalars = scalars(sorted(known.values()))
        self._values: dict[str, Strategy] = {}

    def inputs(self) -> SearchStrategy[Row]:
        """Any input."""
        made_up = self._made_up(self._type)
        return st.one_of(self._spoilt(), self._spoilt(), self._spoilt(), made_up)

    def _spoilt(self) -> SearchStrategy[Row]:
        @st.composite
        def spoilt(draw: DrawFn) -> Row:
            input = copy.deepcopy(self._sample)
            for _ in range(draw(COUNTS)):
                self._spoil(draw, self._type, input)
            return input

        return spoilt()

    def _spoil(self, draw: DrawFn, type_: GraphQLInputObjectType, value: Row) -> None:
        """Another value in one place, at any depth."""
        names = [*type_.fields, UNKNOWN_FIELD]
        name = names[draw(PLACES) % len(names)]
        if name == UNKNOWN_FIELD:
            if draw(PLACES) % 10 == 0:  # a wrong form goes no further, so it is rare
                value[name] = "?"
            return
        inner, present = bare(type_.fields[name].type), value.get(name)
        into = draw(PLACES) % 4
        if into and isinstance(inner, GraphQLInputObjectType) and isinstance(present, dict):
            self._spoil(draw, inner, present)
        elif into and isinstance(inner, GraphQLList) and isinstance(present, list):
            self._spoil_list(draw, inner, present)
        else:
            put(value, name, draw(self._field(type_.fields[name])))

    def _spoil_list(self, draw: DrawFn, type_: GraphQLList[Any], value: list[Any]) -> None:
        match draw(WAYS):
            case "double" if value:
                value.append(copy.deepcopy(value[0]))
            case "many" if value:
                value[:] = [value[0]] * MANY
            case "none":
                value.clear()
            case "more":
                value.append(draw(self._value(type_.of_type)))
            case _ if value:
                at = draw(PLACES) % len(value)
                inner = bare(type_.of_type)
                if isinstance(inner, GraphQLInputObjectType) and isinstance(value[at], dict):
                    self._spoil(draw, inner, value[at])
                else:
                    value[at] = draw(self._value(type_.of_type))

    def _field(self, field: GraphQLInputField) -> Strategy:
        return self._value(field.type)

    def _value(self, type_: GraphQLInputType) -> Strategy:
        name = str(type_)
        if name not in self._values:
            found = self._of_type(bare(type_))
            self._values[name] = found if isinstance(type_, GraphQLNonNull) else st.one_of(LEFT_OUT, found, found)
        return self._values[name]

    def _of_type(self, type_: GraphQLInputType) -> Strategy:
        if isinstance(type_, GraphQLInputObjectType):
            return self._made_up(type_)
        if isinstance(type_, GraphQLList):
            return st.lists(self._value(type_.of_type), max_size=3)
        if isinstance(type_, GraphQLEnumType):
            return st.sampled_from([*type_.values, *type_.values, "", "unknown", 0])
        assert isinstance(type_, GraphQLScalarType)
        return self._scalars[type_.name]

    def _made_up(self, type_: GraphQLInputObjectType) -> SearchStrategy[Row]:
        @st.composite
        def made_up(draw: DrawFn) -> Row:
            made: Row = {}
            for name, field in type_.fields.items():
                if isinstance(field.type, GraphQLNonNull) or draw(PLACES) % 2:
                    put(made, name, draw(self._field(field)))
            return made

        return made_up()


UNKNOWN_FIELD = "unknownField"
COUNTS = st.sampled_from([1, 1, 2, 3])
PLACES = st.integers(0, 2**16)
WAYS = st.sampled_from(["item", "item", "item", "double", "many", "none", "more"])
LEFT_OUT = st.sampled_from([ABSENT, None])


def put(value: Row, name: str, found: Any) -> None:
    """Set the field, or leave it out."""
    if found is ABSENT:
        value.pop(name, None)
    else:
        value[name] = found


def bare(type_: GraphQLInputType) -> GraphQLInputType:
    """The type without its exclamation mark."""
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def scalars(ids: Sequence[str]) -> dict[str, Strategy]:
    """What there is for each scalar, good and bad."""
    return {
        "Boolean": st.sampled_from([True, False, True, False, "true", 1]),
        "CurrencyCode": st.sampled_from(CURRENCIES),
        "Date": st.sampled_from(DAYS) | st.dates().map(str),
        "DateTime": st.sampled_from(INSTANTS) | st.datetimes().map(lambda instant: f"{instant.isoformat()}Z"),
        "Decimal": st.sampled_from(DECIMALS) | st.integers(-(10**14), 10**14).map(lambda cents: f"{cents / 100:.2f}"),
        "ID": st.sampled_from([*ids, *MALFORMED_IDS]),
        "Int": st.sampled_from(WHOLE) | st.integers(-(2**31), 2**31 - 1),
        "Permission": st.sampled_from(["tenants.read", "accounts.write", "distributors.write", "", "\u0000", "all"]),
        "String": texts(),
        "TimeZone": st.sampled_from(ZONES),
    }
