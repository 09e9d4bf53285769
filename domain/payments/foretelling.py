"""Which charges come next: the part of the answer that only days decide, kept beside the subscription.

What the next period costs depends on prices that may change any day; which parts of which months it has does not. So
those are kept when a period is paid, and whoever shows the next charge multiplies them by the prices of that moment
(`app_next_charge`), for a whole list in one statement.
"""

from decimal import Decimal
from typing import Any

from domain.billing.charging import prolongation_charges, sales_charges
from domain.billing.contracts import Contract
from domain.billing.drafts import Line
from domain.billing.models import ChargeState
from domain.billing.prices import held_since
from domain.ordering.models import Order
from domain.payments.next_periods import ends_its_term
from domain.payments.run_batches import PROLONGED
from tenancy.clock import Clock

__all__ = ["foretold"]

_ONE = [Line(None, Decimal(1), Decimal(1))]


def foretold(contract: Contract, order: Order, *, clock: Clock) -> dict[str, Any] | None:
    """The parts of months that the order after this one will take, from *paid to* on; None when there is none.

    `on` is their first day, `renewal` whether a new term begins then, `months` one exact fraction a charge, `held`
    whether the prices of this order still hold then.
    """
    subscription, start = contract.subscription, contract.subscription.paid_to
    if start is None:
        return None
    renewal = ends_its_term(contract)
    if renewal:
        drafts = sales_charges(contract.terms(clock, end=contract.next_end(clock)), _ONE, on=start)
    elif subscription.endless or subscription.billing_type in PROLONGED:
        drafts = prolongation_charges(contract.terms(clock), _ONE, paid_to=start)
    else:
        return None
    since = None if renewal and contract.plan.fixed_price else held_since(contract, start, clock)
    return {
        "on": start.isoformat(),
        "renewal": renewal,
        "months": [str(draft.months) for draft in drafts if draft.state is not ChargeState.OPENED],
        "held": since is not None and order.paid_from is not None and since <= order.paid_from,
    }
