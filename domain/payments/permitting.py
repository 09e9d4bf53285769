"""Who may pay afterwards: the first order of a postpaid account may have to wait until a manager allows it.

An account is never verified at first. Where the seller's setting POSTPAY_PERMISSION says MANUAL, its first commercial
order (no trial) then makes a manual operation instead of an order; until that is approved there is no other one. A
manager may also say beforehand whether an account may.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.catalog.models import PlanPeriod
from domain.customers.models import Account, HowDone, PaymentModel, PostpayPermission
from domain.customers.queries import account_for_update
from domain.ordering.models import Order
from domain.payments.checkout import order_subscription
from domain.shared.errors import InvalidState
from domain.shared.money import Money
from domain.shared.outbox import announce
from domain.subscriptions.models import ManualOperation, ManualOperationKind, ManualOperationState, RenewalPrice
from tenancy import settings
from tenancy.clock import Clock
from tenancy.errors import Refusal
from tenancy.scope import Scope

__all__ = ["order_as_asked", "order_or_ask", "set_postpay_permission"]


def order_or_ask(
    session: Session, scope: Scope, *, account_id: UUID, plan_id: UUID, period_id: UUID, clock: Clock, **wanted: Any
) -> Order | ManualOperation:
    """`order_subscription`, or the manual operation that stands for it until a manager allows the account to postpay.

    What would be refused as an order is refused now too, and by the same errors.
    """
    order = {"account_id": account_id, "plan_id": plan_id, "period_id": period_id, **wanted}
    account = account_for_update(session, scope, account_id, "account_id")
    if not _has_to_ask(session, account, period_id):
        return order_subscription(session, scope, **order, clock=clock)
    tried = session.begin_nested()
    try:
        order_subscription(session, scope, **order, clock=clock)
    finally:
        tried.rollback()
    account = account_for_update(session, scope, account_id, "account_id")
    account.postpay_permission = PostpayPermission.APPROVAL_REQUIRED
    account.updated_at = clock.now
    asked = ManualOperation(
        distributor_id=account.distributor_id,
        tenant_id=account.tenant_id,
        tenant_path=account.tenant_path,
        account_id=account.id,
        kind=ManualOperationKind.ALLOW_POSTPAY,
        state=ManualOperationState.APPROVAL_REQUIRED,
        request=_written(plan_id, period_id, by_customer=scope.customer is not None, **wanted),
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(asked)
    session.flush()
    announce(session, scope, "manual_operation.created", subject=asked, prefix="mop", at=clock.now)
    session.flush()
    return asked


def order_as_asked(session: Session, scope: Scope, asked: ManualOperation, *, clock: Clock) -> Order:
    """The order that a manual operation stands for, at the prices of today. Its account may postpay from now on.

    Raises InvalidState where it is possible no longer.
    """
    account = account_for_update(session, scope, asked.account_id, "manual_operation_id")
    account.postpay_permission = PostpayPermission.APPROVED
    account.updated_at = clock.now
    try:
        order = order_subscription(session, scope, account_id=account.id, **_read(asked.request or {}), clock=clock)
    except Refusal:
        raise InvalidState(
            "What was ordered is not possible any more. Decline it, and allow the account to postpay by itself.",
            path=("manual_operation_id",),
        ) from None
    asked.subscription_id = order.subscription_id
    return order


def set_postpay_permission(session: Session, scope: Scope, *, account_id: UUID, allowed: bool, clock: Clock) -> Account:
    """Say whether an account of the acting tenant may postpay, whatever the setting says.

    Raises NotFound, ActAsRequired; InvalidState while an order of it waits for the decision.
    """
    account = account_for_update(session, scope, account_id, "account_id")
    waits = exists().where(
        ManualOperation.distributor_id == account.distributor_id,
        ManualOperation.account_id == account.id,
        ManualOperation.kind == ManualOperationKind.ALLOW_POSTPAY,
        ManualOperation.state == ManualOperationState.APPROVAL_REQUIRED,
    )
    if session.scalar(select(waits)):
        raise InvalidState(
            "An order of account {number} waits for this: approve or decline its manual operation.",
            number=account.number,
            path=("account_id",),
        )
    account.postpay_permission = PostpayPermission.APPROVED if allowed else PostpayPermission.DECLINED
    account.version += 1
    account.updated_at = clock.now
    event = "account.postpay_allowed" if allowed else "account.postpay_denied"
    announce(session, scope, event, subject=account, prefix="acc", at=clock.now)
    session.flush()
    return account


def _has_to_ask(session: Session, account: Account, period_id: UUID) -> bool:
    """Whether this is a first commercial order that a manager wants to see."""
    if account.payment_model is not PaymentModel.POSTPAY:
        return False
    if account.postpay_permission is not PostpayPermission.NOT_VERIFIED:
        return False
    if settings.of(session, account, settings.POSTPAY_PERMISSION) != HowDone.MANUAL:
        return False
    commercial = exists().where(
        PlanPeriod.distributor_id == account.distributor_id, PlanPeriod.id == period_id, ~PlanPeriod.trial
    )
    return bool(session.scalar(select(commercial)))


def _written(
    plan_id: UUID,
    period_id: UUID,
    *,
    by_customer: bool,
    quantities: Sequence[tuple[str, Decimal]] = (),
    individual_prices: Sequence[tuple[str, Decimal]] = (),
    renewal_price: RenewalPrice = RenewalPrice.PLAN,
    expected_total: Money | None = None,  # noqa: ARG001 - it was checked, and is not kept: prices may change
    **more: Any,
) -> dict[str, Any]:
    return {
        "plan_id": plan_id.hex,
        "period_id": period_id.hex,
        "quantities": [[key, str(quantity)] for key, quantity in quantities],
        "individual_prices": [[key, str(price)] for key, price in individual_prices],
        "renewal_price": renewal_price.value,
        "by_customer": by_customer,
        **more,
    }


def _read(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **request,
        "plan_id": UUID(request["plan_id"]),
        "period_id": UUID(request["period_id"]),
        "quantities": [(key, Decimal(quantity)) for key, quantity in request["quantities"]],
        "individual_prices": [(key, Decimal(price)) for key, price in request["individual_prices"]],
        "renewal_price": RenewalPrice(request["renewal_price"]),
        "attributes": [(key, value) for key, value in request.get("attributes", ())],
    }
