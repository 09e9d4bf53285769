"""How charges are called, in plain English: "Business Basic, 5 licences, 20–31 Aug 2027"."""

from datetime import date

from domain.billing.contracts import Contract
from domain.billing.drafts import ChargeDraft, ChargeKind, ChargeState
from domain.shared.decimals import plain
from domain.shared.periods import Period

__all__ = ["days_text", "description"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FEES = {
    ChargeKind.SETUP: "setup fee",
    ChargeKind.RENEWAL: "renewal fee",
    ChargeKind.TRANSFER: "transfer fee",
}


def description(contract: Contract, draft: ChargeDraft) -> str:
    """What the charge is for: the plan, the resource where there are several, fee, quantity and days."""
    parts = [contract.plan.name]
    if draft.resource_key is not None:
        resource = contract.offered.get(draft.resource_key)
        if resource is not None and len(contract.offered) > 1:
            parts.append(resource.name)
        parts.append(_units(draft, "unit" if resource is None else resource.unit))
    if draft.kind in _FEES:
        parts.insert(1, _FEES[draft.kind])
    elif draft.state is ChargeState.REFUNDED:
        parts.insert(1, "returned")
    if draft.period is not None:
        parts.append(days_text(draft.period))
    return ", ".join(parts)


def days_text(period: Period) -> str:
    """First to last day, saying month and year once where they are the same."""
    first, last = period.start, period.last_day
    if first == last:
        return _day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last)}"
    if first.year == last.year:
        return f"{first.day} {_MONTHS[first.month - 1]} – {_day(last)}"
    return f"{_day(first)} – {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _units(draft: ChargeDraft, unit: str) -> str:
    """GB stays GB; a word gets its plural."""
    word = unit if draft.quantity == 1 or not unit.islower() or unit.endswith("s") else f"{unit}s"
    return f"{plain(draft.quantity)} {word}"
