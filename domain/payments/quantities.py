"""Quantities that people ask for, held against what the plan offers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from domain.catalog.models import PlanResource
from domain.shared.decimals import clean_price, clean_units, plain
from domain.shared.errors import CurrencyMismatch, InvalidInput, PriceChanged
from domain.shared.money import Money
from domain.subscriptions.models import SubscriptionResource

__all__ = ["checked_prices", "checked_quantities", "require_total", "require_used"]


def checked_quantities(asked: Sequence[tuple[str, Decimal]], offered: Mapping[str, PlanResource]) -> dict[str, Decimal]:
    """The quantities by resource key.

    Raises InvalidInput with the entry's place for an unknown or repeated key, for what is no whole number, and for
    what is outside minimum…maximum.
    """
    found: dict[str, Decimal] = {}
    for position, (key, quantity) in enumerate(asked):
        _require_known(key, offered, found, "quantities", position)
        found[key] = _within(clean_units(quantity, "quantities", position, "quantity"), offered[key], position)
    return found


def checked_prices(agreed: Sequence[tuple[str, Decimal]], offered: Mapping[str, PlanResource]) -> dict[str, Decimal]:
    """Individual prices by resource key.

    Raises InvalidInput with the entry's place for an unknown or repeated key, and for what is no price.
    """
    found: dict[str, Decimal] = {}
    for position, (key, price) in enumerate(agreed):
        _require_known(key, offered, found, "individual_prices", position)
        found[key] = clean_price(price, "individual_prices", position, "recurring_per_month")
    return found


def _require_known(
    key: str, offered: Mapping[str, PlanResource], found: Mapping[str, Decimal], *path: str | int
) -> None:
    if key not in offered:
        known = ", ".join(sorted(offered)) or "none"
        raise InvalidInput(
            "The plan has no resource {key!r}; it has {known}.", key=key, known=known, path=(*path, "resource_key")
        )
    if key in found:
        raise InvalidInput("The resource {key} is named twice.", key=key, path=(*path, "resource_key"))


def _within(quantity: Decimal, resource: PlanResource, position: int) -> Decimal:
    path = ("quantities", position, "quantity")
    if quantity < resource.minimum:
        raise InvalidInput(
            "{name} starts at {minimum}, included ones counted; got {quantity}.",
            name=resource.name,
            minimum=plain(resource.minimum),
            quantity=plain(quantity),
            path=path,
        )
    if resource.maximum is not None and quantity > resource.maximum:
        raise InvalidInput(
            "{name} ends at {maximum}; got {quantity}.",
            name=resource.name,
            maximum=plain(resource.maximum),
            quantity=plain(quantity),
            path=path,
        )
    return quantity


def require_used(
    quantities: Mapping[str, Decimal], resources: Sequence[SubscriptionResource], asked: Sequence[tuple[str, Decimal]]
) -> None:
    """Raises InvalidInput for a quantity that falls below what is in use at the vendor, with the entry's place."""
    places = {key: position for position, (key, _) in enumerate(asked)}
    for resource in resources:
        quantity = quantities.get(resource.key, resource.quantity)
        if resource.used is not None and quantity < min(resource.used, resource.quantity):
            raise InvalidInput(
                "{used} of {name} are in use at the vendor; got {quantity}.",
                used=plain(resource.used),
                name=resource.name,
                quantity=plain(quantity),
                path=("quantities", places[resource.key], "quantity") if resource.key in places else ("quantities",),
            )


def require_total(total: Decimal, currency: str, expected: Money | None) -> None:
    """Raises PriceChanged when the client expected another total, CurrencyMismatch for one in another currency."""
    if expected is None:
        return
    if expected.currency != currency:
        raise CurrencyMismatch(
            "The total is in {currency}, not in {given}.",
            currency=currency,
            given=expected.currency,
            path=("expected_total", "currency"),
        )
    if expected.amount != total:
        raise PriceChanged(
            "The total is {total}, not {expected}.",
            total=Money(total, currency).rounded(),
            expected=expected,
            path=("expected_total",),
        )
