"""What a dry run says of everybody's money."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.common import Money
from schema.references import TenantRef

if TYPE_CHECKING:
    from schema.charges import Charge

__all__ = ["BalanceImpact", "Impact", "TenantImpact"]


@strawberry.type
class TenantImpact:
    """What one tenant of the chain keeps of the subscription: what it receives less what it owes the level above.

    Counted are all charges that are not deleted or returned, those that wait to be paid too; discounts of the levels
    above as of now.
    """

    tenant: TenantRef
    """Who."""
    before: Money | None
    """As it stands; null where it is paid in another currency than it pays."""
    after: Money | None
    """As it would be; null where it is paid in another currency than it pays."""


@strawberry.type
class BalanceImpact:
    """What a customer may spend: funds less what is blocked."""

    before: Money
    """As it stands."""
    after: Money
    """As it would be."""


@strawberry.type
class Impact:
    """The difference that a change would make, at every level that the viewer sees."""

    per_tenant: list[TenantImpact]
    """The seller first, then upwards to the viewer's own tenant; none for users of customers, without charges.read, and
    where no subscription is touched."""
    charges: list[Annotated["Charge", strawberry.lazy("schema.charges")]]
    """The charges that it would make or change, oldest first, as they would be."""
    balance: BalanceImpact | None
    """The customer's balance; null where none is touched."""
