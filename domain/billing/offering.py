"""What decides the prices of a tenant's shop today: for everybody, or for one account."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.billing.customer_discounts import percents_for
from domain.billing.exchange_rates import rates_into
from domain.catalog.terms import terms_closed_to
from domain.customers.models import Account
from tenancy.clock import Clock
from tenancy.models import Tenant
from tenancy.scope import Scope

__all__ = ["Offering", "offering"]


@dataclass(frozen=True, slots=True)
class Offering:
    """How a plan's own prices become those of an order that is placed today."""

    currency: str
    """What the order would be billed in."""
    rates: Mapping[str, Decimal]
    """What one unit of other currencies is worth in it; a plan in a currency without a rate cannot be ordered."""
    account_id: UUID | None = None
    """Whose order; None: of nobody that is known, who gets no discount."""
    percents: Mapping[UUID | None, Decimal] = field(default_factory=dict)
    """The discount by plan; under None that of all others."""
    closed_terms: Collection[UUID] = ()
    """Service terms that are not for the account."""


def offering(session: Session, scope: Scope, *, account_id: UUID | None = None, clock: Clock) -> Offering | None:
    """What the acting tenant offers today to one of its accounts, or to everybody.

    None for an account that is not the acting tenant's, as for one that there is not.
    """
    here = Account.distributor_id == scope.distributor_id, Account.tenant_path == scope.path
    account = None
    if account_id is not None:
        account = session.scalars(select(Account).where(*here, Account.id == account_id)).one_or_none()
        if account is None:
            return None
        currency: str | None = account.currency
    else:
        currency = session.scalar(select(Tenant.currency).where(Tenant.id == scope.tenant_id))
    if currency is None or scope.distributor_id is None:
        return None
    rates = rates_into(session, scope.distributor_id, scope.path, currency, clock.today)
    if account is None:
        return Offering(currency, rates)
    return Offering(
        currency,
        rates,
        account_id=account.id,
        percents=percents_for(session, account, clock),
        closed_terms=terms_closed_to(session, scope, account),
    )
