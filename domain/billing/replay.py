"""A charge computed again from what was stored with it, and nothing else."""

from dataclasses import dataclass
from decimal import Decimal

from domain.billing.explanation import Explanation, recompute, recompute_cost
from domain.billing.models import Charge, ResellerCharge
from domain.shared.money import round_money

__all__ = ["Replay", "explain"]


@dataclass(frozen=True, slots=True)
class Replay:
    """What was booked, and what the same rule makes of the same inputs today."""

    explanation: Explanation
    booked: Decimal
    recomputed: Decimal
    cost: tuple[Decimal, Decimal] | None = None
    """The same two of what an amount owed is in the debtor's own currency; None where the amount itself is that."""

    @property
    def agrees(self) -> bool:
        """To the cent."""
        return self.booked == self.recomputed and (self.cost is None or self.cost[0] == self.cost[1])


def explain(charge: Charge | ResellerCharge) -> Replay:
    """The charge's amount again, from its stored rule and inputs alone: no price, plan or calendar is looked up."""
    explanation = Explanation.from_json(charge.explanation)
    booked, recomputed = round_money(charge.amount, charge.currency), recompute(explanation)
    again = recompute_cost(explanation)
    if again is None or not isinstance(charge, ResellerCharge) or charge.cost is None or charge.cost_currency is None:
        return Replay(explanation, booked, recomputed)
    return Replay(explanation, booked, recomputed, (round_money(charge.cost, charge.cost_currency), again))
