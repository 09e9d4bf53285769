"""What an operation costs: objects times page sizes, known before anything runs. Scalars are free."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
)

from resolvers.reading.binding import page_size
from resolvers.reading.catalog import Catalog, is_connection
from resolvers.reading.declarations import Listing, NodesByIds
from resolvers.reading.inputs import Argument, Questions, arguments
from resolvers.reading.selections import Selected, Selections

__all__ = ["LONGEST", "MOST_COST", "TOO_LONG", "Cost", "Meter", "allowed_points", "amount"]

MOST_COST = 20_000
LONGEST = 10
"""Seconds that an operation may take."""
TOO_LONG = GraphQLError(
    f"This took longer than the {LONGEST} seconds that an operation may take. Ask for less.",
    extensions={"code": "LIMIT_EXCEEDED", "limit": LONGEST, "amount": LONGEST},
)
INTROSPECTION = {"__schema": 10_000, "__type": 500}
"""By the time it takes: the whole schema as much as a few pages of everything."""
ASSUMED_LIST = 10
"""Objects counted for a list without pages, such as a subscription's resources."""

Variables: TypeAlias = Mapping[str, Any]
Cost: TypeAlias = int | Callable[[Variables], int]
"""A number, or how to find it where a page's size is a variable."""


def amount(cost: Cost, variables: Variables) -> int:
    """The number for these variables."""
    return cost if isinstance(cost, int) else cost(variables)


def allowed_points(cost: Cost, variables: Variables) -> int:
    """What an operation costs. Raises GraphQLError with the limit and the amount when that is too much."""
    found = amount(cost, variables)
    if found > MOST_COST:
        raise GraphQLError(
            f"This operation costs {found} points; {MOST_COST} are allowed. Ask for smaller pages or fewer objects.",
            extensions={"code": "LIMIT_EXCEEDED", "limit": MOST_COST, "amount": found},
        )
    return found


def _combined(parts: Sequence[Cost], combine: Callable[[Sequence[int]], int]) -> Cost:
    numbers = [part for part in parts if isinstance(part, int)]
    if len(numbers) == len(parts):
        return combine(numbers)
    return lambda variables: combine([amount(part, variables) for part in parts])


def _times(numbers: Sequence[int]) -> int:
    size, each = numbers
    return size * each


class Meter:
    """Measures one operation."""

    def __init__(self, catalog: Catalog, selections: Selections, questions: Questions) -> None:
        self._catalog = catalog
        self._selections = selections
        self._questions = questions

    def cost(self, type_: GraphQLNamedType, sets: Sequence[SelectionSetNode], page: Cost = 1) -> Cost:
        """Of everything inside an object; of the dearest type where there are several. `page`: its rows, of a list."""
        if is_abstract_type(type_):
            possible = self._catalog.schema.get_possible_types(type_)
            return _combined([self.cost(each, sets, page) for each in possible], max)
        if not isinstance(type_, GraphQLObjectType):
            return 0
        fields = self._selections.of(type_, sets)
        return _combined([self._field(type_, each, page) for each in fields], sum)

    def _field(self, type_: GraphQLObjectType, selected: Selected, page: Cost) -> Cost:
        if selected.name.startswith("__"):
            return INTROSPECTION.get(selected.name, 0)
        field = type_.fields[selected.name]
        named = get_named_type(field.type)
        declaration = self._catalog.declaration(field)
        weight = declaration.cost if declaration is not None and declaration.cost is not None else None
        if not is_composite_type(named):
            return weight or 0
        size = self._size(type_, field, selected, page)
        inner_page: Cost = 1
        if is_connection(named):
            size, inner_page = 1, size
        inside = self.cost(named, selected.sets, inner_page)
        return _combined([size, _combined([1 if weight is None else weight, inside], sum)], _times)

    def _size(self, type_: GraphQLObjectType, field: GraphQLField, selected: Selected, page: Cost) -> Cost:
        """How many objects the field answers with; of a connection, how many rows its page has."""
        declaration = self._catalog.declaration(field)
        is_list = is_list_type(get_nullable_type(field.type))
        if is_connection(type_):
            return page if is_list else 1
        if isinstance(declaration, Listing):
            given = arguments(self._questions, field, selected.nodes[0])
            return _page(given.get("first") or given.get("last"), declaration.page or 1)
        if isinstance(declaration, NodesByIds):
            ids = arguments(self._questions, field, selected.nodes[0])["ids"]
            return lambda variables: len(ids.read(variables))
        return ASSUMED_LIST if is_list else 1


def _page(argument: Argument | None, default: int) -> Cost:
    if argument is None:
        return default
    if argument.kind == "constant":
        return page_size(argument.content, "first")
    return lambda variables: page_size(argument.read(variables), "first")
