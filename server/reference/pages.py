"""One page an area: what can be asked, what can be changed, and the types."""

import re
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    print_ast,
)
from graphql.utilities.get_default_value_ast import get_default_value_ast

from resolvers.changing import Mutating
from resolvers.reading.catalog import Catalog, definition, is_connection
from resolvers.reading.declarations import Listing
from server.reference.areas import COMMON, TITLES, Areas, node_of
from server.reference.markdown import anchor, paragraphs, table

__all__ = ["Pages", "mutating", "title"]

KINDS: list[tuple[str, type | tuple[type, ...]]] = [
    ("Types", (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)),
    ("Inputs", GraphQLInputObjectType),
    ("Enumerations", GraphQLEnumType),
    ("Scalars", GraphQLScalarType),
]
PAGING = {"first", "after", "last", "before"}
SAME_EVERYWHERE = {"filter", "id", "scope", "search", "sort"}
"""Arguments that need no words beside every field."""
LISTS = """## Lists

Every list that can grow is a Relay connection. Its type is called after the rows', such as AccountConnection of
[Account](sales.md#account):

| | | |
|---|---|---|
| `edges` | [AccountEdge!]! | The rows with their places: `node` and `cursor`. |
| `nodes` | [Account!]! | The rows. |
| `pageInfo` | [PageInfo](#pageinfo)! | Whether there is more. |
| `totalCount(limit: 10000)` | [Count](#count)! | How many rows there are, counted only when asked. |

All take `first` and `after`, or `last` and `before`, and have at most 200 rows a page. `filter`, `sort`, `search` and
`scope` mean the same wherever they are offered. Cursors and what a page costs are in the
[guide](../guide-api.md#pages).
"""


def title(page: str) -> str:
    """What a page is headed with."""
    return TITLES.get(page, page.capitalize())


def mutating(field: GraphQLField) -> Mutating:
    """What the schema file says beside a mutation."""
    return next(each for each in definition(field).extensions if isinstance(each, Mutating))


class Pages:
    """Writes them."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.areas = Areas(schema)
        assert schema.query_type is not None
        assert schema.mutation_type is not None
        self.queries = schema.query_type.fields
        self.mutations = schema.mutation_type.fields

    def page_of_mutation(self, field: GraphQLField) -> str:
        """Where a mutation is told of."""
        return self.areas.page_of[get_named_type(field.args["input"].type).name]

    def link(self, name: str, page: str = "") -> str:
        """Where a type is told of, seen from a page."""
        target = self.areas.page_of[name]
        return f"{'' if target == page else f'{target}.md'}#{self.areas.anchor_of[name]}"

    def area(self, page: str) -> str:
        """One page."""
        parts = [f"# {title(page)}"]
        asked = {name: field for name, field in self.queries.items() if self.areas.page_of_field(field) == page}
        if asked:
            parts += ["## Queries", self._fields(asked, page)]
        changed = {name: each for name, each in self.mutations.items() if self.page_of_mutation(each) == page}
        if changed:
            parts += ["## Mutations", *(self._mutation(name, field, page) for name, field in changed.items())]
        types = [type_ for type_ in self.areas.types(page) if type_.name not in self.areas.embedded]
        for heading, kind in KINDS:
            chosen = [type_ for type_ in types if isinstance(type_, kind)]
            if chosen:
                parts += [f"## {heading}", *(self._type(type_, page) for type_ in chosen)]
        return paragraphs([*parts, LISTS if page == COMMON else ""])

    def _mutation(self, name: str, field: GraphQLField, page: str) -> str:
        needs = mutating(field).needs
        text, _, codes = (field.description or "").partition("Codes: ")
        text = text.replace(f"Needs {needs}.", "") if needs else text
        said = f"Needs {_permission(needs)}. " if needs else ""
        linked = re.sub(r"\b[A-Z][A-Z_]+[A-Z]\b", lambda code: f"[{code[0]}](errors.md#{code[0].lower()})", codes)
        input, payload = get_named_type(field.args["input"].type), get_named_type(field.type)
        always = "[what any mutation may be refused with](errors.md#codes)"
        parts = [
            f"### {name}",
            text,
            f"{said}Refused with {linked.strip().rstrip('.')}, besides {always}.",
            f"**`input: {input.name}!`** {input.description or ''}",
            self._fields(getattr(input, "fields", {}), page),
        ]
        if payload.name in self.areas.embedded:
            common = getattr(self.schema.type_map["Payload"], "fields", {})
            own = {key: each for key, each in getattr(payload, "fields", {}).items() if key not in common}
            parts.append(
                f"**Answers `{payload.name}`**, besides [what every payload has]({self.link('Payload', page)}):"
            )
            parts.append(self._fields(own, page))
        else:
            parts.append(f"**Answers** {self._written(field.type, page)}.")
        return paragraphs(parts)

    def _type(self, type_: GraphQLNamedType, page: str) -> str:
        parts = [f"### {type_.name}", type_.description or ""]
        match type_:
            case GraphQLObjectType() | GraphQLInterfaceType():
                interfaces = ", ".join(self._named(each.name, page) for each in type_.interfaces)
                parts.append(f"Implements {interfaces}." if interfaces else "")
                parts.append(self._fields(type_.fields, page))
            case GraphQLInputObjectType():
                parts.append(self._fields(type_.fields, page))
            case GraphQLEnumType():
                directives = [type(each).__name__ for each in getattr(definition(type_), "directives", None) or ()]
                parts.append("Open: values may be added at 30 days' notice." if "Open" in directives else "")
                values = type_.values.items()
                parts.append(table(["value", ""], ([f"`{key}`", each.description] for key, each in values)))
            case GraphQLUnionType():
                parts.append("One of " + ", ".join(self._named(each.name, page) for each in type_.types) + ".")
            case GraphQLScalarType() if type_.specified_by_url:
                parts.append(f"<{type_.specified_by_url}>")
        return paragraphs(parts)

    def _fields(self, fields: dict[str, Any], page: str) -> str:
        rows = []
        for name, field in fields.items():
            default = _default(field)
            shown = f"`{name}`" if default is None else f"`{name} = {default}`"
            rows.append([shown, self._written(field.type, page), self._said(field, page)])
        return table(["", "", ""], rows)

    def _said(self, field: Any, page: str) -> str:
        parts = [field.description or ""]
        if field.deprecation_reason:
            parts.append(f"**Deprecated.** {field.deprecation_reason}")
        declaration = Catalog.declaration(field)
        if declaration is not None and declaration.needs is not None:
            parts.append(f"Needs {_permission(declaration.needs)}.")
        if declaration is not None and declaration.cost is not None:
            parts.append(f"Costs {declaration.cost}.")
        if isinstance(declaration, Listing):
            common = "" if page == COMMON else f"{COMMON}.md"
            parts.append(f"A [page]({common}#lists) has {declaration.page} rows unless asked otherwise.")
        arguments = getattr(field, "args", {})
        told = [self._argument(name, each, page) for name, each in arguments.items() if name not in PAGING]
        return " ".join([*parts, *(["Arguments: " + "; ".join(told) + "."] if told else [])])

    def _argument(self, name: str, argument: Any, page: str) -> str:
        default = _default(argument)
        shown = f"`{name}`" if default is None else f"`{name} = {default}`"
        words = "" if name in SAME_EVERYWHERE else f", {(argument.description or '').rstrip('.')}"
        return f"{shown} {self._written(argument.type, page)}{words}"

    def _written(self, type_: Any, page: str) -> str:
        """A type in the language of schemas, its name a link; of a connection to its rows."""
        named = get_named_type(type_)
        front, _, back = str(type_).partition(named.name)
        shown = f"[{named.name}]({self.link(node_of(named).name, page)})" if is_connection(named) else None
        # A bracket before a link would be taken for one of its own.
        return f"{front}{shown or self._named(named.name, page)}{back}".replace("[[", "&#91;[")

    def _named(self, name: str, page: str) -> str:
        return f"[{name}]({self.link(name, page)})" if name in self.areas.page_of else name


def _permission(name: str) -> str:
    return f"[`{name}`](permissions.md#{anchor(name)})"


def _default(element: Any) -> str | None:
    """As the schema writes it; None: there is none."""
    found = None if hasattr(element, "args") else get_default_value_ast(element)
    return None if found is None else print_ast(found)
