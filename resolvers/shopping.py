"""Whose prices a shop shows: found out before an operation that asks for `storefront` is answered.

Discounts, exchange rates and rules about customers are not theirs to read. So the domain looks them up for the seller,
and the statement that shows the shop gets what follows from them as one value: `VIEWER.shop`.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
)
from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy.orm import Session

from db import ids
from domain.billing.offering import Offering, offering
from domain.shared.decimals import plain
from resolvers.reading import Viewer
from resolvers.reading.documents import Operation, RequestErrors
from resolvers.reading.inputs import Questions, arguments
from tenancy.clock import clock_of
from tenancy.permissions import Permission
from tenancy.sessions import Sessions

__all__ = ["FIELD", "Shoppers", "account_of", "asks", "looking"]

FIELD = "storefront"
"""Of the root, wherever an operation reaches it."""
ARGUMENT = "accountId"
_ANYBODY = orjson.dumps({}).decode()
_NO_SHOP = orjson.dumps({"none": True}).decode()


class Shoppers:
    """Finds out what decides the prices that a reader sees."""

    def __init__(self, schema: GraphQLSchema, database: DatabaseEngine) -> None:
        self._schema = schema
        self._sessions = Sessions(database)

    async def prepared(
        self, viewer: Viewer, operation: Operation, document: str, variables: Mapping[str, Any]
    ) -> Viewer:
        """The viewer as the query wants it: another one only where the document names a shop.

        Raises RequestErrors for more than one account, and for variables that are wrong.
        """
        if FIELD not in document:
            return viewer
        found = list(asks(operation, [operation.node.selection_set]))
        if not found:
            return viewer
        account = account_of(self._schema, found, operation.coerced(variables))
        return await asyncio.to_thread(self._looking, viewer, account)

    def _looking(self, viewer: Viewer, account: str | None) -> Viewer:
        with self._sessions.begin(viewer.scope.as_seller()) as session:
            return looking(session, viewer, account)


def asks(operation: Operation, sets: Sequence[SelectionSetNode]) -> Iterator[FieldNode]:
    """Every place below these where a shop is asked for, whatever the variables say."""
    waiting, opened = list(sets), set[str]()
    while waiting:
        for each in waiting.pop().selections:
            match each:
                case FieldNode():
                    if each.name.value == FIELD:
                        yield each
                    elif each.selection_set is not None:
                        waiting.append(each.selection_set)
                case InlineFragmentNode():
                    waiting.append(each.selection_set)
                case FragmentSpreadNode() if each.name.value not in opened:
                    opened.add(each.name.value)
                    waiting.append(operation.document.fragments[each.name.value].selection_set)


def account_of(schema: GraphQLSchema, found: Sequence[FieldNode], variables: Mapping[str, Any]) -> str | None:
    """The account that these fields name; None: none. Raises RequestErrors for different ones."""
    assert schema.query_type is not None
    definition, questions = schema.query_type.fields[FIELD], Questions(variables)
    named = set()
    for node in found:
        given = arguments(questions, definition, node).get(ARGUMENT)
        named.add(None if given is None else str(given.read(variables)))
    if len(named) > 1:  # they would share what decides their prices
        message = "An operation may ask for the storefront of one account only."
        raise RequestErrors([GraphQLError(message, extensions={"code": "INVALID_INPUT"})])
    return next(iter(named), None)


def looking(session: Session, viewer: Viewer, account: str | None) -> Viewer:
    """The viewer with what it is to know of the shop; the session sees what the seller does.

    A customer's user sees the prices of the account that it works in, whoever else those of nobody in particular. An
    account that is not the viewer's, not its tenant's, or not for it to read is like one that there is not: no shop.
    """
    scope, customer = viewer.scope, viewer.scope.customer
    wanted = None
    if account is not None:
        try:
            prefix, wanted = ids.decode(account)
        except ids.InvalidId:
            return replace(viewer, shop=_NO_SHOP)
        is_allowed = customer is not None or Permission.ACCOUNTS_READ in viewer.permissions
        if prefix != "acc" or not is_allowed or (customer is not None and wanted != customer.account_id):
            return replace(viewer, shop=_NO_SHOP)
    elif customer is not None:
        wanted = customer.account_id
    if scope.distributor_id is None or scope.tenant_id is None:
        return replace(viewer, shop=_ANYBODY if wanted is None else _NO_SHOP)
    clock = clock_of(session, scope.distributor_id)
    found = offering(session, scope.as_seller(), account_id=wanted, clock=clock)
    return replace(viewer, shop=_NO_SHOP if found is None else _told(found))


def _told(found: Offering) -> str:
    everywhere = found.percents.get(None)
    return orjson.dumps(
        {
            "currency": found.currency,
            "rates": {currency: plain(rate) for currency, rate in found.rates.items()},
            "account": found.account_id,
            "percent": None if everywhere is None else plain(everywhere),
            "percents": {f"{id}": plain(percent) for id, percent in found.percents.items() if id is not None},
            "closed": list(found.closed_terms),
        }
    ).decode()
