"""Which page tells of which type."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import GraphQLNamedType, GraphQLSchema, get_named_type, is_introspection_type

from resolvers.reading.catalog import definition, is_connection

__all__ = ["COMMON", "TITLES", "Areas", "node_of"]

COMMON = "common"
TITLES = {
    "tenants": "Tenants and people",
    "catalog": "Plans, service terms and discounts",
    "sales": "Customers, orders, subscriptions and payments",
    "customers": "Customers' people and what they use",
    "charges": "Charges and what resellers owe",
    "jobs": "Jobs and events",
    "audit": "The audit log",
    COMMON: "What every area uses",
}
"""Pages in the order in which they are listed. A page that is not named here goes by its own name, at the end."""

_PAGES = {
    "tenancy": "tenants",
    "people": "tenants",
    "references": "tenants",
    "settings": "tenants",
    "default": "catalog",
    "discount": "catalog",
    "discounts": "catalog",
    "plan": "catalog",
    "price": "catalog",
    "prices": "catalog",
    "products": "catalog",
    "storefront": "catalog",
    "accounts": "sales",
    "customer": "customers",
    "member": "customers",
    "terms": "customers",
    "members": "customers",
    "services": "customers",
    "order": "sales",
    "orders": "sales",
    "subscription": "sales",
    "subscriptions": "sales",
    "charge": "charges",
    "waterfall": "charges",
    "payload": COMMON,
}
"""The page of a schema file by the first word of its name, where that is not the page's own name."""


class Areas:
    """Types by their pages. Pages of a list and their edges are nowhere: all are alike, and told of once."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.page_of: dict[str, str] = {}
        """By a type's name."""
        types = [type_ for type_ in schema.type_map.values() if _is_told(type_)]
        for type_ in types:
            page = _declared(type_)
            if page is not None:
                self.page_of[type_.name] = page
        users = _users(types)
        for type_ in types:
            if type_.name not in self.page_of:
                # An enumeration or scalar that one area uses is told of there.
                pages = {self.page_of.get(user, COMMON) for user in users[type_.name]}
                self.page_of[type_.name] = pages.pop() if len(pages) == 1 else COMMON
        self.anchor_of = {name: name.lower() for name in self.page_of}
        """Where on its page a type is, by its name."""
        self._move_to_mutations()

    def _move_to_mutations(self) -> None:
        """Inputs and payloads of a single mutation are told of with it, and it where its first row is, or where it
        is written when it shows none."""
        assert self._schema.mutation_type is not None
        mutations = self._schema.mutation_type.fields
        used = [get_named_type(field.type).name for field in mutations.values()]
        self.embedded: set[str] = set()
        common = _members(self._schema.type_map["Payload"]).keys()
        for name, field in mutations.items():
            input, payload = get_named_type(field.args["input"].type), get_named_type(field.type)
            own = [each for key, each in _members(payload).items() if key not in common]
            page = self.page_of_field(own[0]) if own else self.page_of[payload.name]
            for type_ in (input, *([payload] if used.count(payload.name) == 1 else [])):
                self.page_of[type_.name] = page
                self.anchor_of[type_.name] = name.lower()
                self.embedded.add(type_.name)

    def pages(self) -> list[str]:
        """All there are, in the order of `TITLES`."""
        found = set(self.page_of.values())
        return [*(page for page in TITLES if page in found), *sorted(found - TITLES.keys())]

    def types(self, page: str) -> list[GraphQLNamedType]:
        """Of one page, by name."""
        names = sorted(name for name, each in self.page_of.items() if each == page)
        return [self._schema.type_map[name] for name in names]

    def page_of_field(self, field: Any) -> str:
        """Where what a field answers is told of."""
        return self.page_of.get(node_of(get_named_type(field.type)).name, COMMON)


def _is_told(type_: GraphQLNamedType) -> bool:
    built_in = is_introspection_type(type_) or type_.name in {"ID", "String", "Int", "Boolean", "Query", "Mutation"}
    return not built_in and not _is_page(type_)


def _is_page(type_: GraphQLNamedType) -> bool:
    """Whether it is a connection or an edge."""
    return getattr(definition(type_), "concrete_of", None) is not None


def node_of(type_: GraphQLNamedType) -> GraphQLNamedType:
    """Of a connection the type of its rows; else the type itself."""
    if not is_connection(type_):
        return type_
    fields: Mapping[str, Any] = type_.fields  # type: ignore[attr-defined]
    rows: GraphQLNamedType = get_named_type(fields["nodes"].type)
    return rows


def _declared(type_: GraphQLNamedType) -> str | None:
    """The page of the schema file that a type stands in; None: of none, or of one that all areas use."""
    origin = getattr(definition(type_), "origin", None)
    room, _, file = getattr(origin, "__module__", "").partition(".")
    if room == "resolvers":
        return COMMON
    word = file.split("_")[0]
    if room != "schema" or word == "enums":
        return None
    return _PAGES.get(word, word)


def _users(types: list[GraphQLNamedType]) -> dict[str, set[str]]:
    """Names of the types that mention a type, by its name. Operators of filters are looked through."""
    found: dict[str, set[str]] = defaultdict(set)
    for type_ in types:
        for mentioned in _mentioned(type_):
            found[mentioned].add(type_.name)
    operators = [type_.name for type_ in types if type_.name.endswith("Filter") and "and" not in _members(type_)]
    for name, users in found.items():
        found[name] = users.difference(operators) or users
    return found


def _members(type_: GraphQLNamedType) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(type_, "fields", {})
    return fields


def _mentioned(type_: GraphQLNamedType) -> Iterator[str]:
    for field in _members(type_).values():
        yield node_of(get_named_type(field.type)).name
        for argument in getattr(field, "args", {}).values():
            yield get_named_type(argument.type).name
