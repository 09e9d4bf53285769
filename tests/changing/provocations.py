"""Calls that are refused for reasons which changing one place of a sample does not find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["PROVOCATIONS", "UNPROVOKED", "Provocation"]


@dataclass(frozen=True, slots=True)
class Provocation:
    """Who sends what instead of the sample's fields."""

    who: str
    make: Callable[[Mapping[str, str]], dict[str, Any]]
    """The fields, given the prepared ids."""


_PRICED = [
    Provocation("child", lambda _: {"expectedTotal": {"amount": "1.00", "currency": "EUR"}}),
    Provocation("child", lambda _: {"expectedTotal": {"amount": "1.00", "currency": "USD"}}),
]

PROVOCATIONS: dict[str, list[Provocation]] = {
    "activateSubscription": [Provocation("child", lambda known: {"subscriptionId": known["spent"]})],
    "advanceClock": [Provocation("operator", lambda known: {"distributorId": known["real"]})],
    "changeSubscription": [
        Provocation(
            "child",
            lambda known: {
                "subscriptionId": known["fixed"],
                "expectedTotal": None,
                "quantities": [{"resourceKey": "seats", "quantity": "1"}],
            },
        )
    ],
    "createServiceTerm": [Provocation("distributor", lambda _: {"key": "monthly"})],
    "moveReseller": [
        Provocation("distributor", lambda known: {"resellerId": known["child"], "parentId": known["sibling"]})
    ],
    "prolongSubscription": [*_PRICED, Provocation("child", lambda known: {"subscriptionId": known["lapsed"]})],
    "renewSubscription": _PRICED,
}
"""By the name of the mutation."""

UNPROVOKED: dict[tuple[str, str], str] = {
    (
        "completePayment",
        "REFUSED_BY_BILLING_TYPE",
    ): "a decrease that is allowed no longer when it is paid",
}
"""What takes more than one call to come to: a mutation's code, and when it comes."""
