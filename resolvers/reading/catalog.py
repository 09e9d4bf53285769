"""The finished schema as the engine sees it: what each type reads, what each field declares, whose an id is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    is_object_type,
)
from sqlalchemy import Column, FromClause, Table, and_, false, func, or_, true
from sqlalchemy.sql.elements import ColumnElement

from resolvers.reading.connections import Connection
from resolvers.reading.declarations import Declaration, Reads, Related, reads_of
from resolvers.reading.statement import Sql
from resolvers.reading.viewer import VIEWER
from tenancy.rows import OF_ANY, Reach, Visibility

__all__ = [
    "Catalog",
    "Target",
    "definition",
    "instance",
    "is_connection",
    "is_inherited",
    "leads_back",
    "python_name",
    "visible",
]


def definition(element: Any) -> Any:
    """The Strawberry definition behind an element of the finished schema; None: there is none."""
    return (element.extensions or {}).get("strawberry-definition")


def python_name(element: Any) -> str:
    """What the field is called in the schema file."""
    return str(definition(element).python_name)


def is_connection(type_: GraphQLNamedType) -> bool:
    """Whether the type is `Connection[…]`."""
    concrete_of = getattr(definition(type_), "concrete_of", None)
    return concrete_of is not None and concrete_of.origin is Connection


@dataclass(frozen=True, slots=True)
class Target:
    """A type together with what it reads."""

    type: GraphQLObjectType
    reads: Reads


class Catalog:
    """Look-ups in the schema, made once."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._prefixes: dict[Any, list[str]] = {}
        self.tables: dict[str, Table] = {}
        """By the prefix of their rows' ids."""
        for type_ in schema.type_map.values():
            reads = self.reads(type_)
            if is_object_type(type_) and reads is not None and reads.prefix is not None:
                self._prefixes.setdefault(reads.table, []).append(reads.prefix)
                self.tables[reads.prefix] = reads.table

    @staticmethod
    def reads(type_: GraphQLNamedType) -> Reads | None:
        """What `reads` said of the type."""
        found = definition(type_)
        origin = getattr(found, "origin", None)
        return reads_of(origin) if isinstance(origin, type) else None

    @staticmethod
    def declaration(field: GraphQLField) -> Declaration | None:
        """What the schema file says beside the field."""
        found = definition(field)
        extensions = () if found is None else found.extensions
        return next((each for each in extensions if isinstance(each, Declaration)), None)

    def targets(self, type_: GraphQLNamedType) -> list[Target]:
        """The types that a value of this type may have, with what they read."""
        if is_abstract_type(type_):
            possible = self.schema.get_possible_types(type_)
        else:
            assert isinstance(type_, GraphQLObjectType)
            possible = [type_]
        return [Target(each, reads) for each in possible if (reads := self.reads(each)) is not None]

    def by_prefix(self, type_: GraphQLNamedType) -> dict[str, Target]:
        """The same by the prefixes of their ids."""
        return {target.reads.prefix: target for target in self.targets(type_) if target.reads.prefix is not None}

    def prefixes(self, column: Sql) -> tuple[str, ...]:
        """The prefixes of the ids that a column holds: its own table's, or those of the table it refers to."""
        for base in column.base_columns:
            if not isinstance(base, Column):
                continue
            if base.info == OF_ANY:
                return tuple(prefix for prefixes in self._prefixes.values() for prefix in prefixes)
            if base.key == "id":
                return tuple(self._prefixes.get(base.table, ()))
            for key in base.foreign_keys:
                if key.column.key == "id":
                    return tuple(self._prefixes.get(key.column.table, ()))
        return ()


def visible(reads: Reads, columns: Any, *, is_platform: bool, is_customer: bool = False, is_own: bool = False) -> Sql:
    """The same that row-level security checks, on the same columns, as parameters.

    Without it one generic plan is made for all viewers, and it suits none. `is_own`: the rows are said to be the
    viewer's tenant's already, which is in its range; comparing twice takes a page a fifteenth of its time. Or to be the
    viewer himself, who is seen wherever he stands.
    """
    conditions: list[ColumnElement[bool]] = []
    if "distributor_id" in columns and not is_platform:
        conditions.append(columns.distributor_id == VIEWER.distributor_id)
    if is_customer:
        conditions.append(_reached(reads, columns))
    elif "tenant_path" in columns and not is_own:
        path = columns.tenant_path
        within = and_(path >= VIEWER.lo, path < VIEWER.hi)
        inherited = or_(within, path == func.any(VIEWER.ancestors))
        conditions.append(inherited if is_inherited(reads) else within)
    return and_(true(), *conditions)


_REACHES: dict[Reach, Callable[[Any], Sql]] = {
    Reach.ITS_ACCOUNT: lambda columns: columns.id == VIEWER.account_id,
    Reach.OF_ITS_ACCOUNT: lambda columns: columns.account_id == VIEWER.account_id,
    Reach.ITS_ACCOUNTS: lambda columns: columns.id == func.any(VIEWER.accounts),
    Reach.ITSELF: lambda columns: columns.id == VIEWER.user_id,
    Reach.ITS_OWN: lambda columns: columns.user_id == VIEWER.user_id,
    Reach.WHOSE_PERSON_IT_IS: lambda columns: columns.person_id == VIEWER.user_id,
    Reach.ITS_SERVICES: lambda columns: columns.id == func.any(VIEWER.services),
    Reach.OF_ITS_SERVICES: lambda columns: columns.subscription_id == func.any(VIEWER.services),
    Reach.OF_ITS_SELLER: lambda columns: columns.tenant_path == VIEWER.path,
    Reach.OF_ITS_SELLERS_CHAIN: lambda columns: columns.tenant_path == func.any(VIEWER.chain),
}
"""The same as the policies of `migrations.policies.open_to_customers`."""


def _reached(reads: Reads, columns: Any) -> Sql:
    """What a customer's user sees of a table; of one that says nothing, nothing."""
    reaches: tuple[Reach, ...] = getattr(reads.model, "__customers__", ())
    return or_(false(), *(_REACHES[reach](columns) for reach in reaches))


def is_inherited(reads: Reads) -> bool:
    """Whether everybody below a row's owner sees the row too."""
    return getattr(reads.model, "__visibility__", None) is Visibility.INHERITED


def leads_back(declaration: Related, target: Reads, own: Reads | None, type_: Any) -> bool:
    """Whether the key stands on the other table and refers here."""
    owner = getattr(declaration.key, "class_", None)
    if owner is None or not issubclass(target.model, owner):
        return False
    same = own is not None and own.table is target.table
    return not same or bool(is_list_type(get_nullable_type(type_)))


def instance(reads: Reads, name: str) -> FromClause:
    """The table, under a name of its own."""
    return _alias(reads.table, name)


@lru_cache(maxsize=2_000)
def _alias(table: Table, name: str) -> FromClause:
    """Kept, because making a table's columns anew takes half the time of a compilation."""
    return table.alias(name)
