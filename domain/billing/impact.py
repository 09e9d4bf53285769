"""What a change does to everybody's money: how things stand before it and after it, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.billing.ledger import available
from domain.billing.models import Charge, ChargeState
from domain.billing.owing import Kept, kept
from domain.customers.models import Account
from domain.shared.money import minor_digits
from domain.subscriptions.models import ServiceSubscription
from tenancy.scope import Scope

__all__ = ["Earned", "Impact", "Standing", "difference", "standing"]

_BILLED = (ChargeState.NEW, ChargeState.BLOCKED, ChargeState.OPENED, ChargeState.CLOSED)
"""What a subscription has cost and, as things stand, will cost."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the money of one account, and of one of its subscriptions, stands."""

    currency: str | None = None
    """None: there is no such account yet."""
    available: Decimal = Decimal(0)
    charges: Mapping[UUID, object] = field(default_factory=dict)
    """What tells by charge whether it has changed."""
    kept: Sequence[Kept] = ()
    """The seller first."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What one tenant keeps of the subscription, before and after; None where it takes and pays two currencies."""

    tenant_id: UUID
    currency: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class Impact:
    """The difference that a change makes."""

    per_tenant: tuple[Earned, ...]
    charge_ids: tuple[UUID, ...]
    """Those it makes or changes, the oldest first."""
    currency: str | None
    """The account's; None where no account is touched."""
    before: Decimal
    after: Decimal
    """What the account may spend."""


def standing(
    session: Session,
    scope: Scope,
    *,
    account_id: UUID | None = None,
    subscription_id: UUID | None = None,
    margins: bool = True,
) -> Standing:
    """How things stand, as far as the session sees; nothing where it sees neither. `margins`: and who keeps what."""
    of_this = scope.distributor_id
    charges: Sequence[Charge] = ()
    if subscription_id is not None:
        subscription = session.scalars(
            select(ServiceSubscription).where(
                ServiceSubscription.distributor_id == of_this, ServiceSubscription.id == subscription_id
            )
        ).one_or_none()
        if subscription is None:
            return Standing()
        account_id = subscription.account_id
        charges = session.scalars(
            select(Charge)
            .where(Charge.distributor_id == of_this, Charge.subscription_id == subscription_id)
            .order_by(Charge.id)
        ).all()
    account = session.scalars(
        select(Account).where(Account.distributor_id == of_this, Account.id == account_id)
    ).one_or_none()
    if account is None:
        return Standing()
    return Standing(
        currency=account.currency,
        available=available(account),
        charges={charge.id: (charge.state, charge.amount, charge.quantity, charge.period_end) for charge in charges},
        kept=kept(session, [charge for charge in charges if charge.state in _BILLED]) if margins else (),
    )


def difference(before: Standing, after: Standing, scope: Scope) -> Impact:
    """What has changed, told to whoever sees `scope`: of tenants above it nothing."""
    was = {each.tenant_id: each for each in before.kept}
    become = {each.tenant_id: each for each in after.kept}
    earned = []
    for id, each in sorted((was | become).items(), key=lambda item: item[1].tenant_path, reverse=True):
        if scope.lo <= each.tenant_path < scope.hi:
            amounts = [_rounded(each, side[id].amount if id in side else Decimal(0)) for side in (was, become)]
            earned.append(Earned(id, each.currency, *amounts))
    changed = [id for id, told in after.charges.items() if before.charges.get(id) != told]
    return Impact(
        per_tenant=tuple(earned),
        charge_ids=tuple(changed),
        currency=after.currency,
        before=before.available,
        after=after.available,
    )


def _rounded(each: Kept, amount: Decimal | None) -> Decimal | None:
    """Sums of rounded amounts, in the digits of their currency."""
    return None if amount is None else round(amount, minor_digits(each.currency))
