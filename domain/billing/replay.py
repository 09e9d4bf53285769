"""A charge computed again from what was stored with it, and nothing else."""

from dataclasses import dataclass
from decimal import Decimal

from domain.billing.explanation import Explanation, recompute
from domain.billing.models import Charge, ResellerCharge
from domain.shared.money import round_money

__all__ = ["Replay", "explain"]


@dataclass(frozen=True, slots=True)
class Replay:
    """What was booked, and what the same rule makes of the same inputs today."""

    explanation: Explanation
    booked: Decimal
    recomputed: Decimal

    @property
    def agrees(self) -> bool:
        """To the cent."""
        return self.booked == self.recomputed


def explain(charge: Charge | ResellerCharge) -> Replay:
    """The charge's amount again, from its stored rule and inputs alone: no price, plan or calendar is looked up."""
    explanation = Explanation.from_json(charge.explanation)
    return Replay(explanation, round_money(charge.amount, charge.currency), recompute(explanation))
