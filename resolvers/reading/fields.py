"""The vocabulary of schema files: one function a kind of field. They return what stands behind a field's `=`."""

from collections.abc import Callable, Sequence
from typing import Any

import strawberry
from sqlalchemy import Date, Integer, cast, func, type_coerce

from resolvers.reading import declarations as kinds
from resolvers.reading.declarations import Columns, Declaration, Source, as_source
from resolvers.reading.statement import Plain, Sql, public_id
from tenancy.permissions import Permission

__all__ = [
    "by_id",
    "column",
    "constant",
    "document",
    "identifier",
    "inline",
    "listing",
    "money",
    "node_by_id",
    "node_id",
    "nodes_by_ids",
    "part",
    "period",
    "price",
    "python",
    "related",
    "sql",
    "subject",
]


def _field(declaration: Declaration, description: str | None, name: str | None, deprecation: str | None) -> Any:
    return strawberry.field(
        extensions=[declaration], description=description, name=name, deprecation_reason=deprecation
    )


class _Options:
    """What every kind of field takes: permission, weight, description, name, reason of deprecation."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.description = options.pop("description", None)
        self.name = options.pop("name", None)
        self.deprecation = options.pop("deprecation_reason", None)
        self.rest = options

    def field(self, declaration: Declaration) -> Any:
        """The Strawberry field."""
        return _field(declaration, self.description, self.name, self.deprecation)


def _declared(kind: Callable[..., Declaration], *arguments: Any, options: dict[str, Any], **more: Any) -> Any:
    taken = _Options(options)
    return taken.field(kind(*arguments, **more, **taken.rest))


def column(attribute: Source, *, needs: Permission | None = None, cost: int | None = None, **options: Any) -> Any:
    """A column of the row."""
    return _declared(kinds.Value, attribute, options=options, needs=needs, cost=cost)


def sql(expression: Callable[[Columns], Sql], *, needs: Permission | None = None, **options: Any) -> Any:
    """An expression on the row's columns: `sql(lambda row: row.expires_on - today(row) + 1)`."""
    return _declared(kinds.Value, expression, options=options, needs=needs)


def identifier(source: Source, prefix: str, **options: Any) -> Any:
    """The public id of another row, by its column."""
    read = as_source(source)
    return _declared(kinds.Value, lambda row: public_id(prefix, read(row)), options=options)


def node_id(**options: Any) -> Any:
    """The public id of the row itself."""
    return _declared(kinds.NodeId, options=options)


def constant(value: Any, **options: Any) -> Any:
    """Null, a leaf or an empty list, the same for everybody."""
    return _declared(kinds.Constant, value, options=options)


def part(name: str | None = None, *, told: Callable[[Any], Any] | None = None, **options: Any) -> Any:
    """A part of the object around it, by the field's own name unless another is given.

    `told` makes of a document's leaf, which is never null, what is shown, after the statement ran.
    """
    return _declared(kinds.Part, name, options=options, told=told)


def inline(*, when: Callable[[Columns], Sql] | None = None, **options: Any) -> Any:
    """An object of the same row; null where `when` does not hold. Keywords besides the usual are its parts."""
    usual = {name: options.pop(name) for name in ("needs", "cost", *_Options({}).__dict__) if name in options}
    if "deprecation_reason" in options:
        usual["deprecation_reason"] = options.pop("deprecation_reason")
    return _declared(kinds.Inline, options, options=usual, when=when)


def money(amount: Source, currency: Source, **options: Any) -> Any:
    """An amount with exactly its currency's digits; null where the amount is null."""
    return _amount("app_money", amount, currency, options)


def price(amount: Source, currency: Source, **options: Any) -> Any:
    """A unit price: at least its currency's digits; null where the price is null."""
    return _amount("app_price", amount, currency, options)


def _amount(function: str, amount: Source, currency: Source, options: dict[str, Any]) -> Any:
    amount_of, currency_of = as_source(amount), as_source(currency)
    parts = {
        "amount": lambda row: getattr(func, function)(amount_of(row), currency_of(row), type_=Plain()),
        "currency": currency_of,
    }
    return _declared(kinds.Inline, parts, options=options, when=lambda row: amount_of(row).is_not(None))


def period(start: Source, end: Source, **options: Any) -> Any:
    """A half-open span of days; null where it has no start."""
    start_of, end_of = as_source(start), as_source(end)
    parts = {
        "start": start_of,
        "end": end_of,
        "last_day": lambda row: type_coerce(end_of(row) - cast(1, Integer()), Date()),
    }
    return _declared(kinds.Inline, parts, options=options, when=lambda row: start_of(row).is_not(None))


def document(attribute: Source, **options: Any) -> Any:
    """An object kept as JSONB, or a list of them; the fields of its type are `part()`, lists of objects inside too."""
    return _declared(kinds.Inline, options=options, document=attribute)


def related(
    key: Source,
    *,
    order: Sequence[Any] = (),
    where: Callable[[Columns], Sql] | None = None,
    needs: Permission | None = None,
    **options: Any,
) -> Any:
    """Another row, or rows, by a foreign key's column alone.

    The key on the row's own table: one row. On the other type's table: a list where the field is a list, else the one
    row that refers here. A function of the row that gives an id: the other type's row with this id. None: `where` alone
    says which rows.
    `order` sorts a list, `where` narrows the other rows.
    """
    return _declared(kinds.Related, key, options=options, order=order, where=where, needs=needs)


def subject(kind: Source, id: Source, *, himself: bool = False, **options: Any) -> Any:
    """A row of any type of an interface or union: `kind` gives the prefix of its ids, `id` its UUID.

    `himself`: the id is the viewer's own, who is shown also while acting for a tenant below his own.
    """
    return _declared(kinds.Subject, kind, id, options=options, himself=himself)


def listing(
    key: Source | None = None,
    *,
    filter: type | None = None,
    sort: type | None = None,
    default_sort: Sequence[Any] = (),
    search: bool = False,
    scope: bool = False,
    below: bool = False,
    account: bool = False,
    when: Callable[[Columns], Sql] | None = None,
    where: Callable[[Columns], Sql] | None = None,
    needs: Permission | None = None,
    **options: Any,
) -> Any:
    """A Relay connection.

    `key`: the other table's column that refers to this row (at a root: to the viewer's tenant). Without it the rows
    belong to this tenant (at a root: the viewer's), found by their path; `scope=True` lets the client widen that to
    the tenants below, `below=True` means the tenants below and nothing else.
    `filter` and `sort` are input types marked with `filters` and `sorts`; `search` offers full text, where the table
    has words (`db.words`); `where` narrows the rows; `page` is the size when the client gives none, 50 at a root and
    else 10. `account=True` offers the argument `accountId`, which decides what the viewer is told beforehand; where
    `when` does not hold, the list is null.
    """
    return _declared(
        kinds.Listing,
        key,
        options=options,
        filter=filter,
        sort=sort,
        default_sort=default_sort,
        search=search,
        scope=scope,
        below=below,
        account=account,
        when=when,
        where=where,
        needs=needs,
    )


def by_id(*, where: Callable[[Columns], Sql] | None = None, needs: Permission | None = None, **options: Any) -> Any:
    """At a root: the row that `id` names, null when it is not there, not visible, or of another type."""
    return _declared(kinds.ById, options=options, where=where, needs=needs)


def node_by_id(**options: Any) -> Any:
    """`Query.node`: the prefix of `id` decides the type."""
    return _declared(kinds.NodeById, options=options)


def nodes_by_ids(**options: Any) -> Any:
    """`Query.nodes`: at most 200, in the order asked, null for what is not there."""
    return _declared(kinds.NodesByIds, options=options)


def python(function: Callable[..., Any], *sources: Source, needs: Permission | None = None, **options: Any) -> Any:
    """What `function` makes of the sources' values (as JSON has them), after the statement ran."""
    return _declared(kinds.Python, function, *sources, options=options, needs=needs)
