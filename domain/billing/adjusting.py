"""What an order's charges come to for its customer: the best discount taken off, the tax put on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from domain.billing.contracts import Contract
from domain.billing.customer_discounts import CustomerDiscounts, discounts_of_sellers
from domain.billing.drafts import ChargeDraft, reduced_drafts, taxed_drafts
from domain.billing.taxes import Taxes, taxes_of_sellers
from tenancy.clock import Clock

__all__ = ["Adjustments", "adjusted", "adjustments_of"]


@dataclass(frozen=True, slots=True)
class Adjustments:
    """All discounts and taxes of some sellers on one day."""

    discounts: CustomerDiscounts
    taxes: Taxes

    def of(self, contract: Contract, drafts: Sequence[ChargeDraft], *, renewing: bool = False) -> list[ChargeDraft]:
        """The charges of one order. `renewing`: it begins another term."""
        reduced = reduced_drafts(drafts, self.discounts.best(contract, renewing=renewing))
        return taxed_drafts(reduced, self.taxes.rate_of(contract))


def adjustments_of(session: Session, contracts: Collection[Contract], clock: Clock) -> Adjustments:
    """For orders of these subscriptions of one distributor: three statements at most."""
    return Adjustments(discounts_of_sellers(session, contracts, clock), taxes_of_sellers(session, contracts))


def adjusted(
    session: Session, contract: Contract, drafts: Sequence[ChargeDraft], *, renewing: bool = False, clock: Clock
) -> list[ChargeDraft]:
    """The charges of one order with its best discount and its tax."""
    return adjustments_of(session, [contract], clock).of(contract, drafts, renewing=renewing)
