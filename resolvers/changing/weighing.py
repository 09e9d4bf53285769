"""What a dry run says of the money it would move: its payload's `impact`."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from graphql import GraphQLObjectType, get_named_type
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.billing.impact import Impact, Standing, difference, standing
from domain.customers.models import Account
from domain.ordering.models import Order
from domain.payments.models import Payment
from domain.shared.money import minor_digits
from domain.subscriptions.models import ManualOperation, ServiceSubscription
from resolvers.changing.calls import Call
from resolvers.changing.change import Answer
from resolvers.reading.catalog import Catalog
from resolvers.reading.inputs import Questions
from resolvers.reading.selections import Selections
from tenancy.permissions import Permission

__all__ = ["Weighing", "asks_for_impact"]

FIELD, TYPE = "impact", "Impact"


def asks_for_impact(catalog: Catalog, call: Call) -> bool:
    """Whether the call is a dry run that is to say so: it costs a few statements."""
    root = catalog.schema.mutation_type
    if not call.dry_run or root is None:
        return False
    type_ = get_named_type(root.fields[call.selected.name].type)
    if not isinstance(type_, GraphQLObjectType) or FIELD not in type_.fields:
        return False
    if get_named_type(type_.fields[FIELD].type).name != TYPE:
        return False  # of prices: their resolvers say so themselves
    selections = Selections(catalog.schema, call.operation.document.fragments, Questions(call.variables))
    return any(each.name == FIELD for each in selections.of(type_, call.selected.sets))


@dataclass(frozen=True, slots=True)
class Weighing:
    """How the money stood before the resolver ran."""

    call: Call
    before: Standing

    @classmethod
    def begin(cls, session: Session, call: Call, given: Mapping[str, Any]) -> "Weighing":
        """Look at what the input names."""
        account_id, subscription_id = given.get("account_id"), given.get("subscription_id")
        order_id, operation_id = given.get("order_id"), given.get("manual_operation_id")
        distributor_id = call.scope.distributor_id
        if operation_id is not None:
            operation = session.execute(
                select(ManualOperation.account_id, ManualOperation.subscription_id).where(
                    ManualOperation.distributor_id == distributor_id, ManualOperation.id == operation_id
                )
            ).one_or_none()
            if operation is not None:
                account_id, subscription_id = operation
        if (payment_id := given.get("payment_id")) is not None:
            payment = session.execute(
                select(Payment.account_id, Payment.order_id).where(
                    Payment.distributor_id == distributor_id, Payment.id == payment_id
                )
            ).one_or_none()
            if payment is not None:
                account_id, order_id = payment.account_id, payment.order_id
        if order_id is not None:
            subscription_id = session.scalar(
                select(Order.subscription_id).where(Order.distributor_id == distributor_id, Order.id == order_id)
            )
        return cls(call, _standing(session, call, account_id, subscription_id))

    def end(self, session: Session, answer: Answer) -> dict[str, Any]:
        """The payload's `impact`, once the resolver has answered and its rows are flushed."""
        account_id = subscription_id = None
        for row in answer.values():
            match row:
                case ServiceSubscription():
                    subscription_id = row.id
                case Account():
                    account_id = row.id
                case ManualOperation():
                    account_id = row.account_id
                    subscription_id = row.subscription_id or subscription_id
                case Order():
                    subscription_id = row.subscription_id
                case Payment():
                    account_id = row.account_id
                    if row.order_id is not None:
                        order = session.get_one(Order, (row.distributor_id, row.order_id))
                        subscription_id = order.subscription_id
        after = _standing(session, self.call, account_id, subscription_id)
        return _told(difference(self.before, after, self.call.who.identity.scope))


def _standing(session: Session, call: Call, account_id: UUID | None, subscription_id: UUID | None) -> Standing:
    viewer = call.who.viewer
    return standing(
        session,
        call.scope,
        account_id=account_id,
        subscription_id=subscription_id,
        # As of the waterfall; and who earns what at the seller is nothing for its customers.
        margins=not viewer.is_customer and Permission.CHARGES_READ in viewer.permissions,
    )


def _told(impact: Impact) -> dict[str, Any]:
    """As a payload holds it: ids for rows, plain values by GraphQL's names for the rest."""
    return {
        "perTenant": [
            {
                "tenant": each.tenant_id,
                "before": _money(each.before, each.currency),
                "after": _money(each.after, each.currency),
            }
            for each in impact.per_tenant
        ],
        "charges": list(impact.charge_ids),
        "balance": None
        if impact.currency is None
        else {"before": _money(impact.before, impact.currency), "after": _money(impact.after, impact.currency)},
    }


def _money(amount: Decimal | None, currency: str) -> dict[str, str] | None:
    return None if amount is None else {"amount": f"{amount:.{minor_digits(currency)}f}", "currency": currency}
