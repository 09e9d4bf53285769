"""Which plans an account may have beside each other, switch between, and pay afterwards."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.catalog.models import Plan, PlanLinkKind
from domain.customers.models import Account, HowDone, PaymentModel, PostpayPermission
from domain.delegation.links import linked_origins
from domain.shared.errors import InvalidInput, InvalidState
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy import settings

__all__ = ["require_link", "require_may_become_commercial", "require_may_have", "require_may_postpay"]


def require_may_have(session: Session, account: Account, plan: Plan, *path: str | int) -> None:
    """Raise InvalidState for a second subscription of a singleton, and while all prerequisites are missing.

    The account is locked by the caller: another order of it waits.
    """
    if plan.singleton and _has_any(session, account, [plan.origin_id]):
        raise InvalidState(
            "Account {account} has a subscription of {plan} already; it may have one.",
            account=account.number,
            plan=plan.name,
            path=path,
        )
    needed = linked_origins(session, plan, PlanLinkKind.PREREQUISITE)
    if needed and not _has_any(session, account, needed):
        raise InvalidState(
            "Account {account} needs a subscription of another plan before {plan}: see its prerequisitePlanIds.",
            account=account.number,
            plan=plan.name,
            path=path,
        )


def require_link(session: Session, present: Plan, wanted: Plan, *path: str | int) -> None:
    """Raise InvalidInput where the present plan says to which ones it switches, and the wanted one is none of them."""
    allowed = linked_origins(session, present, PlanLinkKind.SWITCHABLE)
    if allowed and wanted.origin_id not in {present.origin_id, *allowed}:
        raise InvalidInput(
            "One does not switch from {present} to {wanted}: see its switchablePlanIds.",
            present=present.name,
            wanted=wanted.name,
            path=path,
        )


def _has_any(session: Session, account: Account, origins: Sequence[UUID]) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(
                    ServiceSubscription.distributor_id == account.distributor_id,
                    ServiceSubscription.account_id == account.id,
                    ServiceSubscription.state != SubscriptionState.DELETED,
                    Plan.distributor_id == ServiceSubscription.distributor_id,
                    Plan.id == ServiceSubscription.plan_id,
                    Plan.origin_id.in_(origins),
                )
            )
        )
    )


def require_may_postpay(account: Account, *path: str | int) -> None:
    """Raises InvalidState for an account that pays afterwards and may not, or not yet."""
    refused = {PostpayPermission.APPROVAL_REQUIRED, PostpayPermission.DECLINED}
    if account.payment_model is PaymentModel.POSTPAY and account.postpay_permission in refused:
        raise InvalidState(
            "Account {number} pays afterwards, and its permission for that is {permission}.",
            number=account.number,
            permission=account.postpay_permission,
            path=path,
        )


def require_may_become_commercial(session: Session, account: Account, *, from_trial: bool, path: str) -> None:
    """The same of a switch. One out of a trial may be the first thing that the account is to pay for: where a manager
    wants to see that, the permission comes first. Raises InvalidState.
    """
    require_may_postpay(account, path)
    unverified = account.postpay_permission is PostpayPermission.NOT_VERIFIED
    if not (from_trial and unverified and account.payment_model is PaymentModel.POSTPAY):
        return
    if settings.of(session, account, settings.POSTPAY_PERMISSION) == HowDone.MANUAL:
        raise InvalidState(
            "Account {number} pays afterwards, and its permission for that is {permission}.",
            number=account.number,
            permission=account.postpay_permission,
            path=(path,),
        )
