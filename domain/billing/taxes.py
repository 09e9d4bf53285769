"""Taxes: one for all that a tenant's customers pay, and other ones for single accounts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.billing.contracts import Contract
from domain.billing.drafts import TaxRate
from domain.billing.models import Tax
from domain.customers.models import Account
from domain.shared.decimals import clean_decimal, plain
from domain.shared.errors import InvalidInput
from domain.shared.outbox import announce
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["Taxes", "set_tax", "taxes_of_sellers"]

PERCENT_DIGITS = 4


def set_tax(
    session: Session, scope: Scope, *, name: str, percent: Decimal, account_id: UUID | None = None, clock: Clock
) -> Tax:
    """Put a tax on what the acting tenant's customers order from now on, or on what one account orders.

    An account's own tax takes the place of the tenant's; one of 0 per cent exempts it. Charges that exist, and their
    parts, keep theirs. Raises InvalidInput for a percentage outside 0…100 or finer than four decimals; NotFound,
    ActAsRequired.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    if account_id is not None:
        own(session, scope, Account, account_id, "account_id")
    clean = clean_decimal(percent, "percent", digits=PERCENT_DIGITS)
    if not 0 <= clean <= 100:
        raise InvalidInput(
            "{field} must be from {least} to {most}, got {value}.",
            least=0,
            most=100,
            value=plain(clean),
            path=("percent",),
        )
    called = clean_text(name, "name")
    tax = session.scalars(
        select(Tax).where(
            Tax.distributor_id == owner.distributor_id,
            Tax.tenant_id == owner.id,
            Tax.account_id.is_not_distinct_from(account_id),
        )
    ).one_or_none()
    if tax is None:
        tax = Tax(
            distributor_id=owner.distributor_id,
            tenant_id=owner.id,
            tenant_path=owner.tenant_path,
            account_id=account_id,
            created_at=clock.now,
        )
        session.add(tax)
    tax.name, tax.percent, tax.updated_at = called, clean, clock.now
    session.flush()
    announce(session, scope, "tax.set", subject=tax, prefix="tax", at=clock.now)
    session.flush()
    return tax


@dataclass(frozen=True, slots=True)
class Taxes:
    """All taxes of some sellers."""

    by_seller: Mapping[tuple[UUID, UUID | None], TaxRate]
    """By tenant and account; None: for all other accounts."""

    def rate_of(self, contract: Contract) -> TaxRate | None:
        """What this subscription's charges bear; None for nothing, also for what is exempt."""
        subscription = contract.subscription
        for account_id in (subscription.account_id, None):
            rate = self.by_seller.get((subscription.tenant_id, account_id))
            if rate is not None:
                return rate if rate.percent else None
        return None


def taxes_of_sellers(session: Session, contracts: Collection[Contract]) -> Taxes:
    """The taxes of these subscriptions of one distributor: one statement."""
    if not contracts:
        return Taxes({})
    subscriptions = [contract.subscription for contract in contracts]
    rows = session.execute(
        select(Tax.tenant_id, Tax.account_id, Tax.name, Tax.percent).where(
            Tax.distributor_id == subscriptions[0].distributor_id,
            Tax.tenant_id.in_({each.tenant_id for each in subscriptions}),
            Tax.account_id.is_(None) | Tax.account_id.in_({each.account_id for each in subscriptions}),
        )
    )
    return Taxes({(row.tenant_id, row.account_id): TaxRate(row.name, row.percent) for row in rows})
