"""Rules of our own: who knows one part of the schema guesses the next."""

import re

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_list_type,
)
from graphql.utilities.get_default_value_ast import get_default_value_ast

from resolvers.changing.coercion import PREFIXES, SHAPES
from resolvers.reading.catalog import Catalog, is_connection
from resolvers.reading.declarations import Listing
from schema.build import schema
from schema.enums import ErrorCode

BUILT = schema._schema
TYPES = [type_ for type_ in BUILT.type_map.values() if not is_introspection_type(type_)]
MUTATIONS = BUILT.mutation_type.fields if BUILT.mutation_type else {}
OBJECTS = [type_ for type_ in TYPES if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)]
INPUTS = [type_ for type_ in TYPES if isinstance(type_, GraphQLInputObjectType)]
DRAFTS = [type_ for type_ in INPUTS if not type_.name.endswith(("Filter", "Sort"))]
FIELDS = {f"{type_.name}.{name}": field for type_ in OBJECTS for name, field in type_.fields.items()}
LISTINGS = {name: field for name, field in FIELDS.items() if isinstance(Catalog.declaration(field), Listing)}
ENUMS = [type_ for type_ in TYPES if isinstance(type_, GraphQLEnumType)]

CLOSED = {
    "ErrorKind",
    "ExpiredRenewal",
    "JobState",
    "PaymentModel",
    "PeriodUnit",
    "PlanState",
    "SettingOrigin",
    "SubscriptionPhase",
    "TenantState",
}
"""Enumerations whose values clients may count on for good."""
OPERATORS = {"eq", "in", "notIn", "lt", "lte", "gt", "gte", "isNull", "startsWith", "contains"}
CODES = {code.value for code in ErrorCode}
ALWAYS = {"FORBIDDEN", "IDEMPOTENCY_MISMATCH", "IN_PROGRESS"}
"""Codes that any mutation may answer with, whatever it does."""


def _written(type_: object) -> str:
    return str(type_)


def _has_default(element: GraphQLArgument | GraphQLInputField) -> bool:
    return get_default_value_ast(element) is not None


def _fields(name: str) -> dict[str, GraphQLField]:
    type_ = BUILT.type_map[name]
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    return dict(type_.fields)


def test_there_is_no_json_and_no_float() -> None:
    assert {"JSON", "Float"}.isdisjoint(BUILT.type_map)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_takes_three_arguments_and_answers_a_nullable_payload(name: str) -> None:
    field = MUTATIONS[name]
    assert {key: _written(each.type) for key, each in field.args.items()} == {
        "input": f"{name[0].upper()}{name[1:]}Input!",
        "dryRun": "Boolean!",
        "idempotencyKey": "String",
    }
    assert not isinstance(field.type, GraphQLNonNull)
    payload = BUILT.type_map["Payload"]
    assert isinstance(payload, GraphQLInterfaceType)
    assert payload in get_named_type(field.type).interfaces


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_payload_shows_nothing_but_what_may_be_missing(name: str) -> None:
    # A refused mutation has no rows to show.
    payload = get_named_type(MUTATIONS[name].type)
    own = payload.fields.keys() - _fields("Payload").keys()
    assert [each for each in own if isinstance(payload.fields[each].type, GraphQLNonNull)] == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_says_which_permission_it_needs_and_which_codes_it_answers(name: str) -> None:
    text = MUTATIONS[name].description or ""
    codes = re.search(r"Codes: ([^.]+)\.", text)
    assert codes is not None, text
    named = re.findall(r"\b[A-Z][A-Z_]+\b", re.sub(r"\([^)]*\)", "", codes[1]))
    assert named
    assert set(named) <= CODES - ALWAYS
    assert re.search(r"Needs ([a-z_]+(\.[a-z_]+)+|(any|no) token)\.", text), text


@pytest.mark.parametrize("type_", OBJECTS, ids=str)
def test_only_payloads_are_called_so(type_: GraphQLObjectType) -> None:
    is_payload = BUILT.type_map["Payload"] in (type_, *type_.interfaces)
    assert type_.name.endswith("Payload") == is_payload


@pytest.mark.parametrize("type_", DRAFTS, ids=str)
def test_the_pipeline_knows_every_id_and_every_object_of_an_input(type_: GraphQLInputObjectType) -> None:
    for field in type_.fields.values():
        named = get_named_type(field.type)
        if named is GraphQLID:
            assert field.extensions["strawberry-definition"].python_name in PREFIXES
        if isinstance(named, GraphQLInputObjectType):
            assert named.name in SHAPES


@pytest.mark.parametrize("type_", INPUTS, ids=str)
def test_no_nullable_input_has_a_default(type_: GraphQLInputObjectType) -> None:
    for name, field in type_.fields.items():
        assert not _has_default(field) or isinstance(field.type, GraphQLNonNull), f"{type_.name}.{name}"


def test_no_nullable_argument_has_a_default() -> None:
    assert _has_default(FIELDS["Query.orders"].args["scope"])
    for coordinate, field in FIELDS.items():
        for name, argument in field.args.items():
            assert not _has_default(argument) or isinstance(argument.type, GraphQLNonNull), f"{coordinate}({name}:)"


@pytest.mark.parametrize("type_", [each for each in INPUTS if each.name.endswith("Change")], ids=str)
def test_a_change_has_no_defaults(type_: GraphQLInputObjectType) -> None:
    assert [name for name, field in type_.fields.items() if _has_default(field)] == []


def _needs(field: GraphQLField) -> str | None:
    declaration = Catalog.declaration(field)
    return None if declaration is None else declaration.needs


def test_what_a_permission_guards_may_be_null() -> None:
    guarded = {name: field for name, field in FIELDS.items() if _needs(field)}
    assert guarded
    assert [name for name, field in guarded.items() if isinstance(field.type, GraphQLNonNull)] == []


@pytest.mark.parametrize("coordinate", LISTINGS)
def test_a_list_takes_the_same_arguments_as_every_list(coordinate: str) -> None:
    known = ["accountId", "scope", "filter", "search", "sort", "first", "after", "last", "before"]
    taken = list(LISTINGS[coordinate].args)
    assert taken == [name for name in known if name in taken]
    assert taken[-4:] == known[-4:]


def test_pages_are_connections() -> None:
    assert {name for name, field in FIELDS.items() if is_connection(get_named_type(field.type))} == set(LISTINGS)


def test_a_list_has_no_holes_but_for_ids_that_are_not_there() -> None:
    lists = {name: each for name, field in FIELDS.items() if is_list_type(each := get_nullable_type(field.type))}
    assert [name for name, each in lists.items() if not isinstance(each.of_type, GraphQLNonNull)] == ["Query.nodes"]


FILTERS = {type_ for type_ in INPUTS if hasattr(type_.extensions["strawberry-definition"].origin, "__filters__")}


@pytest.mark.parametrize("type_", sorted(FILTERS, key=str), ids=str)
def test_a_filter_combines_with_and_or_and_not(type_: GraphQLInputObjectType) -> None:
    assert _written(type_.fields["and"].type) == f"[{type_.name}!]"
    assert _written(type_.fields["or"].type) == f"[{type_.name}!]"
    assert _written(type_.fields["not"].type) == type_.name


@pytest.mark.parametrize("type_", sorted(FILTERS, key=str), ids=str)
def test_a_filter_compares_with_the_one_set_of_operators(type_: GraphQLInputObjectType) -> None:
    for name in type_.fields.keys() - {"and", "or", "not"}:
        operators = get_named_type(type_.fields[name].type)
        assert isinstance(operators, GraphQLInputObjectType)
        if hasattr(operators.extensions["strawberry-definition"].origin, "__filters__"):
            continue  # of rows that refer here: a filter of its own
        assert operators.fields.keys() <= OPERATORS
        assert "eq" in operators.fields


@pytest.mark.parametrize("type_", [each for each in INPUTS if each.name.endswith("Sort")], ids=str)
def test_a_sort_is_a_field_and_a_direction(type_: GraphQLInputObjectType) -> None:
    assert {name: _written(field.type) for name, field in type_.fields.items()} == {
        "field": f"{type_.name}Field!",
        "direction": "Direction!",
    }


@pytest.mark.parametrize("type_", ENUMS, ids=str)
def test_an_enum_that_is_answered_is_open_or_closed_for_good(type_: GraphQLEnumType) -> None:
    # Values that are only asked with, such as sort fields, surprise nobody when they become more.
    is_answered = any(get_named_type(field.type) is type_ for field in FIELDS.values())
    directives = type_.extensions["strawberry-definition"].directives
    is_open = any(type(each).__name__ == "Open" for each in directives)
    assert is_open != (type_.name in CLOSED) or not is_answered
    assert is_answered or not is_open


@pytest.mark.parametrize("type_", ENUMS, ids=str)
def test_values_are_upper_case(type_: GraphQLEnumType) -> None:
    assert [value for value in type_.values if not re.fullmatch(r"[A-Z][A-Z0-9_]*", value)] == []


def test_a_name_tells_an_instant_from_a_day() -> None:
    for coordinate, field in FIELDS.items():
        name, named = coordinate.partition(".")[2], str(get_named_type(field.type))
        assert (named == "DateTime") == (name.endswith("At") or name in {"clock", "at"}), coordinate
        assert not name.endswith("On") or named == "Date", coordinate


def test_a_field_does_not_repeat_its_types_name() -> None:
    # graphql-eslint's rule has no exceptions; ours are the lists of a tenant, which a Reseller has from its interface.
    inherited = {f"Reseller.{each}" for each in _fields("Tenant")}
    parts = [each.partition(".") for each in FIELDS.keys() - inherited]
    assert [name for type_name, _, name in parts if name.lower().startswith(type_name.lower())] == []


@pytest.mark.parametrize("type_", [each for each in TYPES if isinstance(each, GraphQLObjectType)], ids=str)
def test_what_an_interface_guards_its_types_guard_too(type_: GraphQLObjectType) -> None:
    for interface in type_.interfaces:
        for name, field in interface.fields.items():
            assert _needs(type_.fields[name]) == _needs(field), f"{type_.name}.{name}"


def test_lists_of_ids_are_bounded_by_their_description() -> None:
    nodes = FIELDS["Query.nodes"].args["ids"]
    assert isinstance(nodes.type, GraphQLNonNull)
    assert isinstance(nodes.type.of_type, GraphQLList)
    assert "at most 200" in (nodes.description or "")
