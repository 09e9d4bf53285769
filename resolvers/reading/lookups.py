"""Rows found by a public id: the id's prefix says of which type."""

from graphql import GraphQLNamedType
from sqlalchemy import Text, case, cast, func, literal, null

from resolvers.reading.catalog import Target
from resolvers.reading.compiler import Compiler
from resolvers.reading.declarations import ById
from resolvers.reading.inputs import Argument
from resolvers.reading.json_text import Json, Maybe, fixed, json_array, json_list
from resolvers.reading.rows import Row
from resolvers.reading.selections import Selected
from resolvers.reading.statement import Frame, Sql

__all__ = ["by_id", "node", "nodes", "subject"]


def by_id(
    compiler: Compiler, declaration: ById, named: GraphQLNamedType, selected: Selected, row: Row, id: Argument
) -> Sql:
    """The row of the field's type with this id."""
    targets = compiler.catalog.by_prefix(named)
    # Where there is one type only, any prefix but its own finds nothing: no need to ask.
    prefix = id.prefix(tuple(targets)) if len(targets) > 1 else next(iter(targets), "")
    if prefix not in targets:
        return cast(null(), Text())
    uuid = compiler.binder.id(id, (prefix,))
    return compiler.one(targets[prefix], uuid, selected.sets, row, declaration.where)


def node(compiler: Compiler, named: GraphQLNamedType, selected: Selected, row: Row, id: Argument) -> Sql:
    """The row of whatever type has this id."""
    targets = compiler.catalog.by_prefix(named)
    prefix = id.prefix(tuple(targets))
    if prefix not in targets:
        return cast(null(), Text())
    if (forbidden := compiler.forbidden(targets[prefix].reads.needs)) is not None:
        return forbidden.text()
    return compiler.one(targets[prefix], compiler.binder.id(id, (prefix,)), selected.sets, row)


def nodes(compiler: Compiler, named: GraphQLNamedType, selected: Selected, ids: Argument) -> Json:
    """The rows with these ids, in their order, null for what is not there."""
    targets = compiler.catalog.by_prefix(named)
    wanted = (
        func.unnest(*compiler.binder.nodes(ids))
        .table_valued("prefix", "id", with_ordinality="position")
        .render_derived(name=compiler.name())
    )
    frame = Frame(wanted)
    row = Row(frame, wanted)
    choices = [
        (_is(wanted.c.prefix, prefix), forbidden.text())
        if (forbidden := compiler.forbidden(targets[prefix].reads.needs)) is not None
        else _choice(compiler, wanted.c.prefix, prefix, targets[prefix], wanted.c.id, selected, row)
        for prefix in ids.prefixes(tuple(targets))
        if prefix
    ]
    value = Maybe(case(*choices)).or_null() if choices else fixed(None)
    return json_array(frame.select(json_list(value, wanted.c.position)).scalar_subquery())


def subject(
    compiler: Compiler,
    kind: Sql | str,
    id: Sql,
    named: GraphQLNamedType,
    selected: Selected,
    row: Row,
    *,
    is_own: bool = False,
) -> Sql:
    """The row that a column of ids names, of the type that `kind` says. `is_own`: as in `Compiler.reach`."""
    targets = compiler.catalog.by_prefix(named)
    if isinstance(kind, str):
        return compiler.one(targets[kind], id, selected.sets, row, is_own=is_own)
    return case(
        *(
            _choice(compiler, kind, prefix, target, id, selected, row, is_own=is_own)
            for prefix, target in targets.items()
        )
    )


def _choice(
    compiler: Compiler,
    kind: Sql,
    prefix: str,
    target: Target,
    id: Sql,
    selected: Selected,
    row: Row,
    *,
    is_own: bool = False,
) -> tuple[Sql, Sql]:
    return _is(kind, prefix), compiler.one(target, id, selected.sets, row, is_own=is_own)


def _is(kind: Sql, prefix: str) -> Sql:
    return kind == literal(prefix, Text())
