"""What somebody may not read cannot be found out by asking for it in a filter, an order or a search either."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import get_named_type, is_object_type
from sqlalchemy import Column

from resolvers.reading import Engine
from resolvers.reading.catalog import Catalog, definition, python_name
from resolvers.reading.declarations import Inline
from schema.build import schema
from tests.isolation.conftest import Ground
from tests.isolation.test_isolation import asking

pytestmark = pytest.mark.feature("T-03")


def guarded(catalog: Catalog) -> Iterator[str]:
    """Columns that a permission guards beside the row itself: those of what stands inside a guarded object."""
    for type_ in catalog.schema.type_map.values():
        if not is_object_type(type_):
            continue
        for field in type_.fields.values():
            declaration = catalog.declaration(field)
            if isinstance(declaration, Inline) and declaration.needs is not None:
                named: Any = get_named_type(field.type)
                yield from (_snake(name) for name in named.fields)
                yield from (f"net_{_snake(name)}" for name in named.fields)


def _names(type_: Any, kind: str) -> list[str]:
    """What a filter or an order may be asked for, as its declaration calls it."""
    if kind == "__sorts__":
        return [value.lower() for value in get_named_type(type_.fields["field"].type).values]
    return [python_name(field) for name, field in type_.fields.items() if name not in {"and", "or", "not"}]


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def test_no_filter_and_no_order_reads_what_a_permission_guards() -> None:
    catalog = Engine(schema).catalog
    secret = set(guarded(catalog))
    assert {"net_recurring_per_month", "margin", "markup_percent"} <= secret
    shown: dict[Any, set[str]] = {}
    for type_ in catalog.schema.type_map.values():
        if (reads := catalog.reads(type_)) is not None and is_object_type(type_):
            shown.setdefault(reads.model, set()).update(_snake(name) for name in type_.fields)
    looked_at = 0
    for type_ in catalog.schema.type_map.values():
        origin = getattr(definition(type_), "origin", None)
        for kind in ("__filters__", "__sorts__"):
            named = getattr(origin, kind, None)
            if named is None:
                continue
            columns = named.model.__table__.c
            for name in _names(type_, kind):
                value = named.of(name)(columns)
                expression = getattr(value, "column", value)
                bases = {base.key for base in expression.base_columns if isinstance(base, Column)}
                looked_at += 1
                assert not bases & (secret - shown.get(named.model, set())), (type_.name, name)
    assert looked_at > 40


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("plans", 'filter: {netCost: {gt: "1"}}'),
        ("plans", 'filter: {markupPercent: {gt: "1"}}'),
        ("plans", "sort: [{field: MARGIN}]"),
        ("resellerCharges", 'filter: {unitPrice: {gt: "1"}}'),
        ("resellerCharges", "sort: [{field: DISCOUNT_PERCENT}]"),
    ],
)
@pytest.mark.parametrize("who", ["sales", "child"])
def test_an_order_or_filter_by_what_is_not_offered_is_refused(ground: Ground, who: str, field: str, given: str) -> None:
    with asking(ground.database.app, ground.world) as read:
        answer = read(who, f"{{ {field}({given}) {{ nodes {{ id }} }} }}", {})
    assert "data" not in answer
    assert answer["errors"]


@pytest.mark.parametrize("given", ["filter: {createdAt: {isNull: false}}", "sort: [{field: AMOUNT}]", "scope: ALL"])
def test_a_list_that_needs_a_permission_is_refused_whatever_it_is_narrowed_by(ground: Ground, given: str) -> None:
    with asking(ground.database.app, ground.world) as read:
        answer = read("sales", f"{{ resellerCharges({given}) {{ nodes {{ id }} totalCount {{ value }} }} }}", {})
    assert answer["data"] == {"resellerCharges": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
