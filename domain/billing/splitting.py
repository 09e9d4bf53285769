"""What a change does to charges that exist: used parts are closed, rests blocked anew, unused parts returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from domain.billing.charging import by_days, effective_day, recurring_charge
from domain.billing.drafts import (
    BillingTerms,
    ChargeDraft,
    ChargeKind,
    ChargeState,
    Line,
    Lot,
    NotAllowedByBillingType,
    TaxRate,
    discounted_drafts,
    taxed_drafts,
    with_lots,
)
from domain.billing.exchange import Exchange
from domain.billing.explanation import added_up
from domain.billing.inputs import Rule
from domain.billing.proration import share
from domain.shared.billing_policy import Decrease, Deletion, Measure, Stop, policy_of
from domain.shared.periods import Period
from tenancy.messages import Message

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ExistingCharge:
    """A recurring charge of one resource (or of the plan itself) whose money is still at stake."""

    id: UUID
    """Higher is newer: numbers are people's, and their format may change."""
    resource_key: str | None
    state: ChargeState
    """BLOCKED, CLOSED, or OPENED for a later period."""
    quantity: Decimal
    """Chargeable units."""
    unit_price: Decimal
    """A month's fee for one unit."""
    period: Period
    billing_period: Period
    amount: Decimal
    """To pay, discount taken off and tax put on."""
    discount: Decimal = _ZERO
    discount_percent: Decimal | None = None
    tax: Decimal = _ZERO
    """What of the amount is tax."""
    taxed: TaxRate | None = None
    lots: tuple[Lot, ...] = ()
    """The charges its units came with (`lots_of` its explanation); empty when all came with this one."""
    price_group: str = ""
    """Charges of one price are merged only inside a group: give upstream prices that differ different groups."""
    exchange: Exchange | None = None
    """Where its price was converted from."""

    @property
    def units(self) -> tuple[Lot, ...]:
        """Its units by the charge they came with."""
        return self.lots or (Lot(self.id, self.quantity),)


@dataclass(frozen=True, slots=True)
class Amendment:
    """A charge of a later period, changed in place."""

    charge_id: UUID
    draft: ChargeDraft | None
    """What it becomes; None when no unit is left and it is deleted."""
    returned: Decimal
    """What it costs less than before."""


@dataclass(frozen=True, slots=True)
class Split:
    """What becomes of a resource's charges.  Empty when nothing changes."""

    deleted: tuple[UUID, ...] = ()
    """Charges that the others replace."""
    used: tuple[ChargeDraft, ...] = ()
    """CLOSED, one for each deleted charge that was used at least a day."""
    rest: tuple[ChargeDraft, ...] = ()
    """BLOCKED, one for each price."""
    returned: tuple[ChargeDraft, ...] = ()
    """REFUNDED: for the units that left, one for each price, where money comes back."""
    amended: tuple[Amendment, ...] = ()
    """Charges of later periods."""
    difference: Decimal = _ZERO
    """What the deleted charges were for less what stays billed of them; rounding can make it differ from `returned`
    by a minor unit, and even negative.  Ledger: undo the deleted charges, then book `used` and `rest`."""
    stopped: tuple[Line, ...] = ()
    """The units as they were, one line a price: what an activation charges again."""


def settle_decrease(terms: BillingTerms, charges: Sequence[ExistingCharge], *, quantity: Decimal, on: date) -> Split:
    """What a decrease to `quantity` chargeable units on `on` does to the charges of the resource.

    The newest units leave first.  A type whose decrease begins with the next period changes later charges only.  That
    a next-day type decreases once a day is the caller's to hold.
    Raises NotAllowedByBillingType when the type does not allow less now; ValueError for more units than there are.
    """
    decrease = policy_of(terms.billing_type).decrease
    closed = any(charge.state is ChargeState.CLOSED and charge.period.end > on for charge in charges)
    if decrease is Decrease.NEXT_PERIOD:
        return Split(amended=_amendments(terms, [charge for charge in charges if charge.period.start > on], quantity))
    if decrease in {Decrease.SPLIT, Decrease.FROM_NEXT_DAY} or (decrease is Decrease.SPLIT_UNTIL_CLOSED and not closed):
        return split(terms, charges, quantity=quantity, day=effective_day(terms, on))
    raise NotAllowedByBillingType(terms.billing_type, Message("a decrease"))


def settle_stop(terms: BillingTerms, charges: Sequence[ExistingCharge], *, on: date) -> Split:
    """What a stop on `on` does to the current charges of the resource; the day of the stop is not billed.

    Charges of later periods stay as they are, and so do those for which nothing is reserved yet.  Whether a customer
    may stop at all is not asked here.
    Raises NotAllowedByBillingType when the type cannot be stopped.
    """
    stop = policy_of(terms.billing_type).stop
    current = [charge for charge in charges if on in charge.billing_period and charge.state is not ChargeState.OPENED]
    if stop is Stop.REFUSED:
        raise NotAllowedByBillingType(terms.billing_type, Message("a stop"))
    if stop is Stop.ACTIVE_DAYS_ONLY:
        return split(terms, current, quantity=_ZERO, day=on)
    if stop is Stop.USED_CLOSED_REST_BLOCKED:
        blocked = [charge for charge in current if charge.state is not ChargeState.CLOSED]
        return split(terms, blocked, quantity=_units(blocked, on), day=on, unchanged_too=True)
    return Split()


def settle_deletion(
    terms: BillingTerms, charges: Sequence[ExistingCharge], *, on: date, inside_window: bool, switch: bool = False
) -> Split:
    """What a deletion, or a switch to another plan, on `on` does to the charges of the resource.

    `inside_window`: the deletion window of the service term is still open.  Closed charges of a type that refuses a
    decrease once closed stay closed.  Where nothing comes back, months at their highest quantity that have not begun
    are not charged: their quantity is none.  Raises NotAllowedByBillingType when the type refuses it.
    """
    policy = policy_of(terms.billing_type)
    deletion = policy.deletion
    if deletion is Deletion.REFUSED or (deletion is Deletion.SPLIT_ON_SWITCH_ONLY and not switch):
        raise NotAllowedByBillingType(terms.billing_type, Message("a switch") if switch else Message("a deletion"))
    if policy.measure is Measure.MONTH_AT_MAX:
        later = [charge for charge in charges if charge.period.start > on]
        return Split(amended=_amendments(terms, later, _ZERO))
    if deletion is Deletion.NOTHING or (deletion is Deletion.SPLIT_INSIDE_WINDOW and not (inside_window or switch)):
        return Split()
    if policy.decrease is Decrease.SPLIT_UNTIL_CLOSED:
        charges = [charge for charge in charges if charge.state is not ChargeState.CLOSED]
    return split(terms, charges, quantity=_ZERO, day=on)


def split(
    terms: BillingTerms,
    charges: Sequence[ExistingCharge],
    *,
    quantity: Decimal,
    day: date,
    unchanged_too: bool = False,
) -> Split:
    """Cut the charges of one resource on `day`, from when `quantity` chargeable units are left.

    Of the billing period of `day`, what was used before it is closed, what is left is blocked, one charge for each
    price, what is unused is returned: original − used − rest, each rounded.  Charges of later periods, and those for
    which nothing is reserved, change in place; those that are over stay.  Parts of zero length make no charge.  A
    charge's discount percentage holds for its parts.  Without units to leave nothing is cut, unless `unchanged_too`.
    Raises ValueError for a negative quantity or more units than there are.
    """
    alive = [charge for charge in charges if charge.period.end > day]
    current = [charge for charge in alive if day in charge.billing_period and charge.state is not ChargeState.OPENED]
    later = [charge for charge in alive if charge.billing_period.start > day or charge.state is ChargeState.OPENED]
    units = _units(current, day)
    if quantity < 0 or (current and quantity > units):
        raise ValueError(f"cannot leave {quantity} of {units} units")
    amended = _amendments(terms, later, quantity)
    if not current or (quantity == units and not unchanged_too):
        return Split(amended=amended)
    staying = _staying(current, quantity)
    used = {charge.id: _used(terms, charge, day) for charge in current if charge.period.start < day}
    rests, returns = [], []
    for group in _grouped(current, lambda charge: _price_of(charge, day)):
        rest = _rest(terms, group, staying, day)
        rests += rest
        parts = [used[charge.id] for charge in group if charge.id in used]
        returns += _returned(terms, group, staying, day, [*parts, *rest])
    billed = sum((draft.amount for draft in [*used.values(), *rests]), _ZERO)
    return Split(
        deleted=tuple(charge.id for charge in current),
        used=tuple(used.values()),
        rest=tuple(rests),
        returned=tuple(returns),
        amended=amended,
        difference=sum((charge.amount for charge in current), _ZERO) - billed,
        stopped=tuple(_stopped(group, day) for group in _grouped(current, lambda charge: _price_of(charge, day))),
    )


def reserved(terms: BillingTerms, charge: ExistingCharge, *, on: date) -> ChargeDraft:
    """What an OPENED charge becomes when its money is reserved on `on`: it is for the days that are left.

    Not before its first day, nor after its last.
    """
    left = Period(max(on, charge.period.start), charge.period.end)
    return _part(terms, charge, charge.units, left, ChargeState.BLOCKED, Rule.BY_DAYS)


_PriceKey = tuple[Decimal, Exchange | None, str, Decimal | None, TaxRate | None, Period, Period]


def _price_of(charge: ExistingCharge, day: date) -> _PriceKey:
    """What charges must have in common for their rests to be one charge."""
    left = Period(max(day, charge.period.start), charge.period.end)
    return (
        charge.unit_price,
        charge.exchange,
        charge.price_group,
        charge.discount_percent,
        charge.taxed,
        left,
        charge.billing_period,
    )


def _grouped(
    charges: Iterable[ExistingCharge], key: Callable[[ExistingCharge], _PriceKey]
) -> list[list[ExistingCharge]]:
    """Charges with the same key together, the oldest first."""
    groups: dict[_PriceKey, list[ExistingCharge]] = {}
    for charge in sorted(charges, key=lambda charge: charge.id):
        groups.setdefault(key(charge), []).append(charge)
    return list(groups.values())


def _units(charges: Iterable[ExistingCharge], day: date) -> Decimal:
    return sum((charge.quantity for charge in charges if charge.period.end > day), _ZERO)


def _staying(charges: Sequence[ExistingCharge], quantity: Decimal) -> dict[UUID, tuple[Lot, ...]]:
    """The units that stay, by charge; the newest leave first, whichever charge they are in now."""
    units = [(lot, charge.id) for charge in charges for lot in charge.units]
    left = quantity
    staying: dict[UUID, tuple[Lot, ...]] = {charge.id: () for charge in charges}
    for lot, holder in sorted(units, key=lambda unit: unit[0].charge_id):
        kept = min(lot.quantity, left)
        left -= kept
        if kept:
            staying[holder] = (replace(lot, quantity=kept), *staying[holder])
    return staying


def _count(lots: Iterable[Lot]) -> Decimal:
    return sum((lot.quantity for lot in lots), _ZERO)


def _merged(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """Lots of one charge as one, newest first."""
    found: dict[UUID, Lot] = {}
    for lot in lots:
        before = found.get(lot.charge_id)
        found[lot.charge_id] = lot if before is None else replace(lot, quantity=before.quantity + lot.quantity)
    return tuple(sorted(found.values(), key=lambda lot: lot.charge_id, reverse=True))


def _part(
    terms: BillingTerms, like: ExistingCharge, lots: tuple[Lot, ...], part: Period, state: ChargeState, rule: Rule
) -> ChargeDraft:
    line = Line(like.resource_key, _count(lots), like.unit_price, lots=lots, exchange=like.exchange)
    return _adjusted(by_days(terms, line, (part, like.billing_period), state, rule), like)


def _adjusted(draft: ChargeDraft, like: ExistingCharge) -> ChargeDraft:
    """A part with the discount and the tax of its charge."""
    return taxed_drafts(discounted_drafts([draft], like.discount_percent), like.taxed)[0]


def _used(terms: BillingTerms, charge: ExistingCharge, day: date) -> ChargeDraft:
    part = Period(charge.period.start, day)
    return _part(terms, charge, charge.units, part, ChargeState.CLOSED, Rule.USED_PART)


def _rest(
    terms: BillingTerms, group: Sequence[ExistingCharge], staying: dict[UUID, tuple[Lot, ...]], day: date
) -> list[ChargeDraft]:
    lots = _merged(lot for charge in group for lot in staying[charge.id])
    if not lots:
        return []
    left = Period(max(day, group[0].period.start), group[0].period.end)
    return [_part(terms, group[0], lots, left, ChargeState.BLOCKED, Rule.REST)]


def _returned(
    terms: BillingTerms,
    group: Sequence[ExistingCharge],
    staying: dict[UUID, tuple[Lot, ...]],
    day: date,
    billed: Sequence[ChargeDraft],
) -> list[ChargeDraft]:
    leaving = _merged(
        replace(lot, quantity=lot.quantity - kept)
        for charge in group
        for lot in charge.units
        if lot.quantity > (kept := _count(same for same in staying[charge.id] if same.charge_id == lot.charge_id))
    )
    like = group[0]
    left = Period(max(day, like.period.start), like.period.end)
    cut = (left, like.billing_period)
    explanation = added_up(
        Rule.RETURNED_PART,
        plus=[charge.amount for charge in group],
        minus=[draft.amount for draft in billed],
        currency=terms.currency,
        cuts=[cut],
    )
    if not leaving or explanation.rounded <= 0:
        return []
    discount = sum((charge.discount for charge in group), _ZERO) - sum((draft.discount for draft in billed), _ZERO)
    tax = sum((charge.tax for charge in group), _ZERO) - sum((draft.tax for draft in billed), _ZERO)
    draft = ChargeDraft(
        resource_key=like.resource_key,
        kind=ChargeKind.RECURRING,
        state=ChargeState.REFUNDED,
        quantity=_count(leaving),
        unit_price=like.unit_price,
        currency=terms.currency,
        period=left,
        billing_period=like.billing_period,
        months=share(*cut),
        unrounded=explanation.exact,
        amount=explanation.rounded,
        explanation=explanation,
        discount=discount,
        discount_percent=like.discount_percent,
        tax=tax,
        taxed=like.taxed,
    )
    return [with_lots(draft, leaving)]


def _stopped(group: Sequence[ExistingCharge], day: date) -> Line:
    like, lots = group[0], _merged(lot for charge in group for lot in charge.units)
    left = Period(max(day, like.period.start), like.period.end)
    return Line(like.resource_key, _count(lots), like.unit_price, lots=lots, period=left, exchange=like.exchange)


def _amendments(terms: BillingTerms, charges: Sequence[ExistingCharge], quantity: Decimal) -> tuple[Amendment, ...]:
    """Charges of later periods with the units that are left, period by period."""
    found = []
    for whole in sorted({charge.billing_period for charge in charges}):
        of_period = [charge for charge in charges if charge.billing_period == whole]
        staying = _staying(of_period, quantity)
        for charge in of_period:
            lots = staying[charge.id]
            if _count(lots) == charge.quantity:
                continue
            draft = _amended(terms, charge, lots) if lots else None
            found.append(Amendment(charge.id, draft, charge.amount - (draft.amount if draft else _ZERO)))
    return tuple(found)


def _amended(terms: BillingTerms, charge: ExistingCharge, lots: tuple[Lot, ...]) -> ChargeDraft:
    line = Line(charge.resource_key, _count(lots), charge.unit_price, lots=lots, exchange=charge.exchange)
    return _adjusted(recurring_charge(terms, line, (charge.period, charge.billing_period), charge.state), charge)
