"""What a plan and a service term must be to be saved. Each refusal names the field and its limit."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from domain.catalog.drafts import FEES, FeesDraft, PlanDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import UnitKind
from domain.shared.billing_policy import Anchor, FeeSet, Horizon, Term, policy_of, violations
from domain.shared.billing_types import BillingType
from domain.shared.decimals import clean_price, clean_units, plain
from domain.shared.errors import InvalidInput
from domain.shared.money import is_currency
from domain.shared.periods import PeriodUnit
from tenancy.messages import Field
from tenancy.texts import clean_text

__all__ = [
    "PERIODS_LACK",
    "PRIORITY_LIMIT",
    "RESOURCES_LACK",
    "SKU_LIMIT",
    "check_billing_type",
    "check_currency",
    "check_free_period",
    "check_maximum",
    "check_unit_kind",
    "check_whole",
    "clean_attributes",
    "clean_description",
    "clean_fee",
    "clean_key",
    "clean_periods",
    "clean_plan",
    "clean_resources",
    "clean_unit",
    "fee_set",
    "period_key",
]

KEY_LIMIT = 100
"""Characters of a key."""
SKU_LIMIT = 200
"""Characters."""
UNIT_LIMIT = 50
"""Characters."""
DESCRIPTION_LIMIT = 10_000
"""Characters."""
ATTRIBUTES_LIMIT = 100
"""Of one plan."""
ATTRIBUTE_LIMIT = 500
"""Characters of an attribute's value."""
PERIODS_LIMIT = 50
RESOURCES_LIMIT = 200
PROTECTION_LIMIT = 120
"""Months of price protection."""
PRIORITY_LIMIT = 1_000_000

PERIODS_LACK, RESOURCES_LACK = "overuse", "transfer"
"""The fee that a period never has, and the one that a resource never has."""

_KEY = re.compile(r"[a-z0-9_]+")
_LONGEST = {PeriodUnit.DAY: 3660, PeriodUnit.MONTH: 120, PeriodUnit.YEAR: 10}


class HasFees(Protocol):
    """A draft of fees, or a period or resource."""

    @property
    def setup(self) -> Decimal: ...
    @property
    def recurring_per_month(self) -> Decimal: ...
    @property
    def renewal(self) -> Decimal: ...
    @property
    def transfer(self) -> Decimal: ...
    @property
    def overuse(self) -> Decimal: ...


def clean_key(key: str, *path: str | int) -> str:
    """A key people choose. Raises InvalidInput unless it is made of a–z, 0–9 and the underscore."""
    if not _KEY.fullmatch(key):
        raise InvalidInput(
            "{field} may hold a to z, 0 to 9 and the underscore, got {key!r}.", key=key[:KEY_LIMIT], path=path
        )
    if len(key) > KEY_LIMIT:
        raise InvalidInput(
            "{field} has {count} characters; at most {limit} are allowed.", count=len(key), limit=KEY_LIMIT, path=path
        )
    return key


def check_whole(value: int, *path: str | int, least: int, most: int) -> None:
    """Raise InvalidInput unless `least ≤ value ≤ most`."""
    if not least <= value <= most:
        raise InvalidInput(
            "{field} must be from {least} to {most}, got {value}.", least=least, most=most, value=value, path=path
        )


def clean_description(text: str | None, *path: str | int) -> str | None:
    """A text of several lines, normalized; an empty one is none.

    Raises InvalidInput when it is longer than 10,000 characters or holds control characters.
    """
    text = unicodedata.normalize("NFC", (text or "").replace("\r\n", "\n")).strip()
    if len(text) > DESCRIPTION_LIMIT:
        raise InvalidInput(
            "{field} has {count} characters; at most {limit} are allowed.",
            count=len(text),
            limit=DESCRIPTION_LIMIT,
            path=path,
        )
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text if letter not in "\n\t"):
        raise InvalidInput("{field} holds control characters.", path=path)
    return text or None


def period_key(period: PlanPeriodDraft) -> str:
    """What a period is called in every copy of its plan: `1_YEAR`, `ENDLESS`, `14_DAY_TRIAL`."""
    length = period.unit.value if period.duration is None else f"{period.duration}_{period.unit.value}"
    return f"{length}_TRIAL" if period.trial else length


def clean_plan(draft: PlanDraft, *, billing_day: int) -> PlanDraft:
    """The plan with texts tidied, prices at four decimals and minimums filled in.

    `billing_day` is its service term's. Raises InvalidInput with a path from the plan's own fields.
    """
    check_currency(draft.currency, "currency")
    check_whole(draft.price_protection_months, "price_protection_months", least=0, most=PROTECTION_LIMIT)
    check_free_period(draft.billing_type, "free_period", free_period=draft.free_period)
    cleaned = replace(
        draft,
        name=clean_text(draft.name, "name"),
        sku=None if draft.sku is None else clean_text(draft.sku, "sku", limit=SKU_LIMIT),
        description=clean_description(draft.description, "description"),
        attributes=clean_attributes(draft.attributes, "attributes"),
        periods=clean_periods(draft.periods, "periods"),
        resources=clean_resources(draft.resources, "resources"),
    )
    check_billing_type(
        cleaned.billing_type,
        billing_day=billing_day,
        periods=[Term(period.duration, period.unit) for period in cleaned.periods],
        period_fees=[fee_set(period.fees) for period in cleaned.periods],
        resource_fees={resource.key: fee_set(resource.fees) for resource in cleaned.resources},
    )
    return cleaned


def fee_set(fees: HasFees | None) -> FeeSet:
    """Fees in the words of the policy table; none are zero."""
    if fees is None:
        return FeeSet()
    return FeeSet(fees.setup, fees.recurring_per_month, fees.renewal, fees.transfer, fees.overuse)


def check_billing_type(
    billing_type: BillingType,
    *,
    billing_day: int,
    periods: Sequence[Term],
    period_fees: Sequence[FeeSet],
    resource_fees: Mapping[str, FeeSet],
) -> None:
    """Raise InvalidInput when the policy table says that a plan cannot have this billing type.

    `resource_fees` go by key, in the order in which the input has the resources.
    """
    found = violations(
        billing_type,
        billing_day=billing_day,
        periods=periods,
        resource_fees=resource_fees,
        plan_fees=period_fees,
    )
    for violation in found:
        subject, _, field = violation.field.rpartition(".")
        fee = {"recurring": "recurring_per_month"}.get(field, field)
        path: tuple[str | int, ...] = {"billing_day": ("service_term_id",)}.get(violation.field, ("periods",))
        if subject == "plan_fees":
            at = next(i for i, fees in enumerate(period_fees) if getattr(fees, field) != 0)
            path = ("periods", at, "fees", fee)
        elif subject:
            key = subject.removeprefix("resource_fees.")
            path = ("resources", list(resource_fees).index(key), "fees", fee)
        raise InvalidInput(violation.message, path=path)


def check_currency(currency: str, *path: str | int) -> None:
    """Raise InvalidInput unless it is the code of a currency."""
    if not is_currency(currency):
        raise InvalidInput(
            "{field} must be an ISO 4217 code such as EUR, got {currency!r}.", currency=currency[:10], path=path
        )


def check_free_period(billing_type: BillingType, *path: str | int, free_period: bool) -> None:
    """Raise InvalidInput for a free period of a type that does not charge month by month to the billing day."""
    policy = policy_of(billing_type)
    monthly = policy.horizon is Horizon.CURRENT_PERIOD and policy.anchor is Anchor.BILLING_DAY
    if free_period and not monthly:
        raise InvalidInput(
            "{field} is for types that charge month by month to the billing day; {billing_type} is not one.",
            billing_type=billing_type,
            path=path,
        )


def clean_periods(
    periods: Sequence[PlanPeriodDraft], *path: str | int, taken: Collection[str] = ()
) -> list[PlanPeriodDraft]:
    """Periods for a plan that has those of the keys `taken`. Raises InvalidInput with a path below `path`."""
    count = len(periods) + len(taken)
    if not 1 <= count <= PERIODS_LIMIT:
        raise InvalidInput("A plan has 1 to {limit} periods, got {count}.", limit=PERIODS_LIMIT, count=count, path=path)
    for at, period in enumerate(periods):
        where = (*path, at, "duration")
        if period.unit is PeriodUnit.ENDLESS:
            if period.duration is not None:
                raise InvalidInput("An endless period has no duration.", path=where)
        elif period.duration is None:
            raise InvalidInput("{field} is missing: a period in {unit} needs one.", unit=period.unit, path=where)
        else:
            check_whole(period.duration, *where, least=1, most=_LONGEST[period.unit])
    _refuse_repeats([*taken, *(period_key(period) for period in periods)], "periods", path, None, after=len(taken))
    return [
        replace(
            period,
            fees=_clean_fees(period.fees, PERIODS_LACK, *path, at, "fees"),
            net_cost=_clean_fees(period.net_cost, PERIODS_LACK, *path, at, "net_cost"),
        )
        for at, period in enumerate(periods)
    ]


def clean_resources(
    resources: Sequence[PlanResourceDraft], *path: str | int, taken: Collection[str] = ()
) -> list[PlanResourceDraft]:
    """Resources for a plan that has those of the keys `taken`. Raises InvalidInput with a path below `path`."""
    count = len(resources) + len(taken)
    if count > RESOURCES_LIMIT:
        raise InvalidInput(
            "A plan has at most {limit} resources, got {count}.", limit=RESOURCES_LIMIT, count=count, path=path
        )
    cleaned = [_clean_resource(resource, *path, at) for at, resource in enumerate(resources)]
    _refuse_repeats([*taken, *(resource.key for resource in cleaned)], "resources", path, "key", after=len(taken))
    return cleaned


def _clean_resource(resource: PlanResourceDraft, *where: str | int) -> PlanResourceDraft:
    check_whole(resource.priority, *where, "priority", least=-PRIORITY_LIMIT, most=PRIORITY_LIMIT)
    included = clean_units(resource.included, *where, "included")
    minimum = included if resource.minimum is None else clean_units(resource.minimum, *where, "minimum")
    maximum = None if resource.maximum is None else clean_units(resource.maximum, *where, "maximum")
    if resource.unit_kind is UnitKind.BOOLEAN and maximum is None:
        maximum = Decimal(1)
    check_maximum(minimum, maximum, *where, "maximum")
    check_unit_kind(resource.unit_kind, *where, included=included, minimum=minimum, maximum=maximum)
    return replace(
        resource,
        key=clean_key(resource.key, *where, "key"),
        name=clean_text(resource.name, *where, "name"),
        unit=clean_unit(resource.unit, *where, "unit"),
        included=included,
        minimum=minimum,
        maximum=maximum,
        fees=_clean_fees(resource.fees, RESOURCES_LACK, *where, "fees"),
        net_cost=_clean_fees(resource.net_cost, RESOURCES_LACK, *where, "net_cost"),
    )


def _clean_fees(fees: FeesDraft | None, lacking: str, *path: str | int) -> FeesDraft:
    if fees is None:
        return FeesDraft()
    return FeesDraft(**{name: clean_fee(getattr(fees, name), lacking, *path, name) for name in FEES})


def clean_fee(amount: Decimal, lacking: str, *path: str | int) -> Decimal:
    """A fee, whose name ends the path, at four decimals. Raises InvalidInput, also unless what is `lacking` is zero."""
    fee = clean_price(amount, *path)
    if fee != 0 and path[-1] == lacking:
        if lacking == PERIODS_LACK:
            raise InvalidInput("Periods have no overuse fee.", path=path)
        raise InvalidInput("Resources have no transfer fee.", path=path)
    return fee


def _refuse_repeats(
    keys: Sequence[str], collection: str, path: tuple[str | int, ...], field: str | None, *, after: int
) -> None:
    """`after`: how many of the keys are the plan's already, before those of the input."""
    seen: set[str] = set()
    for at, key in enumerate(keys):
        if key in seen:
            where = (*path, at - after) if field is None else (*path, at - after, field)
            raise InvalidInput("{collection} names {key} twice.", collection=collection, key=key, path=where)
        seen.add(key)


def clean_unit(unit: str, *path: str | int) -> str:
    """What one unit of a resource is called. Raises InvalidInput."""
    return clean_text(unit, *path, limit=UNIT_LIMIT)


def check_maximum(minimum: Decimal, maximum: Decimal | None, *path: str | int) -> None:
    """Raise InvalidInput for a maximum below the minimum."""
    if maximum is not None and maximum < minimum:
        raise InvalidInput(
            "{field} must not be below minimum, which is {minimum}; got {maximum}.",
            minimum=plain(minimum),
            maximum=plain(maximum),
            path=path,
        )


def check_unit_kind(
    kind: UnitKind, *path: str | int, included: Decimal, minimum: Decimal, maximum: Decimal | None
) -> None:
    """Raise InvalidInput, below `path`, where a BOOLEAN resource would be more than 1."""
    if kind is not UnitKind.BOOLEAN:
        return
    for name, value in (("included", included), ("minimum", minimum), ("maximum", maximum)):
        if value is None or value > 1:
            raise InvalidInput(
                "A BOOLEAN resource has {name} 0 or 1, got {value}.",
                name=Field(name),
                value="∞" if value is None else plain(value),
                path=(*path, name),
            )


def clean_attributes(given: Sequence[tuple[str, str]], *path: str | int) -> list[tuple[str, str]]:
    """Pairs of key and value, tidied. Raises InvalidInput for too many, too long ones, and a key that comes twice."""
    if len(given) > ATTRIBUTES_LIMIT:
        raise InvalidInput(
            "{field} has {count} items; at most {limit} are allowed.",
            count=len(given),
            limit=ATTRIBUTES_LIMIT,
            path=path,
        )
    found: dict[str, str] = {}
    for at, (name, value) in enumerate(given):
        key = clean_text(name, *path, at, "key", limit=KEY_LIMIT)
        if key in found:
            raise InvalidInput("The attribute {key} is named twice.", key=key, path=(*path, at, "key"))
        found[key] = clean_text(value, *path, at, "value", limit=ATTRIBUTE_LIMIT)
    return list(found.items())
