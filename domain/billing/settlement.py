"""What a decrease, a stop, an activation or a deletion does to a subscription's charges and to the balance."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.billing import charges as written
from domain.billing.adjusting import adjusted
from domain.billing.charges import Making
from domain.billing.charging import Charged, activation_charges
from domain.billing.closing import closes_on
from domain.billing.contracts import Contract
from domain.billing.drafts import ChargeDraft, Line, NotAllowedByBillingType
from domain.billing.ledger import move, require_funds
from domain.billing.levels import price_groups
from domain.billing.models import Charge, ChargeKind, ChargeState, LedgerAccount
from domain.billing.owing import take_back
from domain.billing.splitting import Amendment, ExistingCharge, Split, settle_decrease, settle_deletion, settle_stop
from domain.customers.models import Account
from domain.shared.billing_policy import Decrease, Deletion, Horizon, Measure, Stop
from domain.shared.errors import InvalidState, RefusedByBillingType
from domain.shared.money import round_money
from domain.shared.periods import next_billing_day
from tenancy.clock import Clock
from tenancy.messages import Message
from tenancy.scope import Scope

__all__ = [
    "activate",
    "charged_units",
    "check_decrease",
    "decrease",
    "delete",
    "refusing",
    "require_deletable",
    "require_stoppable",
    "require_stoppable_by_customer",
    "require_switchable",
    "stop",
]

_AT_STAKE = (ChargeState.BLOCKED, ChargeState.CLOSED, ChargeState.OPENED)

_NOT_BY_HAND = {Deletion.REFUSED, Deletion.SPLIT_ON_SWITCH_ONLY}

Settling = Callable[[Sequence[ExistingCharge]], Split]


@dataclass(slots=True)
class _Stake:
    """The charges of a subscription whose days are not over."""

    contract: Contract
    account: Account
    rows: dict[UUID, Charge]
    by_resource: dict[str | None, list[ExistingCharge]] = field(default_factory=dict)


def refusing(contract: Contract, error: NotAllowedByBillingType) -> RefusedByBillingType:
    """The refusal that a calculation's error becomes."""
    return RefusedByBillingType(
        "{billing_type} does not allow {operation}.",
        billing_type=contract.subscription.billing_type,
        operation=error.operation,
        path=("subscription_id",),
    )


def check_decrease(
    session: Session, contract: Contract, account: Account, units: Mapping[str, Decimal], *, clock: Clock
) -> None:
    """Raise RefusedByBillingType if these decreases, to chargeable units by resource, are not allowed today.

    InvalidState where charges that are not over were closed by hand: nothing of them comes back.
    """
    _decreases(contract, _stake(session, contract, account, clock), units, clock)


def decrease(
    session: Session, scope: Scope, contract: Contract, account: Account, units: Mapping[str, Decimal], *, clock: Clock
) -> None:
    """Let the newest units of these resources leave today; `units` are the chargeable ones that stay.

    The account must be locked. Raises RefusedByBillingType.
    """
    stake = _stake(session, contract, account, clock)
    _book(session, scope, stake, _decreases(contract, stake, units, clock), clock=clock)


def _decreases(contract: Contract, stake: _Stake, units: Mapping[str, Decimal], clock: Clock) -> list[Split]:
    terms = contract.terms(clock)
    splits = []
    merged = {row.resource_key: row.period_end for row in stake.rows.values() if written.is_merged(row)}
    for key, quantity in units.items():
        if key in merged and contract.policy.decrease is Decrease.SPLIT_UNTIL_CLOSED:
            raise refusing(contract, NotAllowedByBillingType(terms.billing_type, Message("a decrease")))
        if key in merged and contract.policy.decrease in {Decrease.SPLIT, Decrease.FROM_NEXT_DAY}:
            raise InvalidState(
                "The charges of subscription {number} were closed by hand: its quantities do not fall before {day}.",
                number=contract.subscription.number,
                day=merged[key],
                path=("quantities",),
            )

        def settling(charges: Sequence[ExistingCharge], to: Decimal = quantity) -> Split:
            return settle_decrease(terms, charges, quantity=to, on=clock.today)

        splits.append(_settled(contract, settling, stake.by_resource.get(key, [])))
    return splits


def charged_units(session: Session, contract: Contract, clock: Clock) -> Charged | None:
    """The units that each month from now on is charged for, of a type that counts a month's highest; None of others."""
    if contract.policy.measure is not Measure.MONTH_AT_MAX:
        return None
    found: dict[tuple[str | None, date], Decimal] = defaultdict(Decimal)
    for charge in _at_stake(session, contract, clock):
        if written.is_merged(charge):
            for day, quantity in charge.explanation["inputs"]["units"]:
                found[charge.resource_key, date.fromisoformat(day)] += Decimal(quantity)
        elif charge.billing_period_start is not None:
            found[charge.resource_key, charge.billing_period_start] += charge.quantity
    return found


def require_stoppable(contract: Contract) -> None:
    """Raises RefusedByBillingType for a type that is never stopped."""
    if contract.policy.stop is Stop.REFUSED:
        raise refusing(contract, NotAllowedByBillingType(contract.subscription.billing_type, Message("a stop")))


def require_stoppable_by_customer(contract: Contract) -> None:
    """Raises RefusedByBillingType for a type that customers are committed to: only their seller stops it."""
    if contract.policy.stop is Stop.NO_REFUND:
        raise refusing(contract, NotAllowedByBillingType(contract.subscription.billing_type, Message("a stop")))


def require_deletable(contract: Contract) -> None:
    """Raises RefusedByBillingType for a type whose subscriptions nobody deletes by hand."""
    if contract.policy.deletion in _NOT_BY_HAND:
        raise refusing(contract, NotAllowedByBillingType(contract.subscription.billing_type, Message("a deletion")))


def require_switchable(contract: Contract) -> None:
    """Raises RefusedByBillingType for a type that one does not switch from."""
    if not contract.policy.switches or contract.policy.deletion is Deletion.REFUSED:
        raise refusing(contract, NotAllowedByBillingType(contract.subscription.billing_type, Message("a switch")))


def stop(session: Session, scope: Scope, contract: Contract, account: Account, *, clock: Clock) -> None:
    """Settle the current period by the type's column `stop`, and remember what an activation charges again.

    The account must be locked. Raises RefusedByBillingType.
    """
    require_stoppable(contract)
    terms = contract.terms(clock)
    stake = _stake(session, contract, account, clock)
    splits = [
        _settled(contract, lambda charges: settle_stop(terms, charges, on=clock.today), charges)
        for charges in stake.by_resource.values()
    ]
    rest_closes: date | None = None
    if contract.policy.stop is Stop.USED_CLOSED_REST_BLOCKED:
        rest_closes = next_billing_day(clock.today, contract.cutting_day(clock))
    _book(session, scope, stake, splits, clock=clock, rest_closes=rest_closes)
    returned = contract.policy.stop is Stop.ACTIVE_DAYS_ONLY
    if returned and contract.policy.horizon is Horizon.CURRENT_PERIOD:
        _release_ahead(session, stake, clock)
    lines = [line for split in splits for line in split.stopped] if returned else []
    contract.subscription.stopped_units = {"lines": [line.to_json() for line in lines]}


def _release_ahead(session: Session, stake: _Stake, clock: Clock) -> None:
    """Give back months that were paid ahead: what is stopped is not prolonged, so only active days are billed."""
    subscription = stake.contract.subscription
    end = stake.contract.billing_period(clock.today, clock).end
    if subscription.paid_to is None or subscription.paid_to <= end:
        return
    for charge in stake.rows.values():
        if charge.state is ChargeState.BLOCKED and charge.period_start is not None and charge.period_start >= end:
            written.undo(session, stake.account, charge, clock=clock)
    subscription.paid_to = end


def activate(session: Session, scope: Scope, contract: Contract, account: Account, *, clock: Clock) -> None:
    """Charge again, from today to the end of the period, what the stop took back, or what was opened for it.

    It blocks at once.

    The account must be locked. Raises InsufficientBalance.
    """
    terms = contract.terms(clock)
    stopped = contract.subscription.stopped_units or {"lines": []}
    lines = [Line.from_json(stored) for stored in stopped["lines"]]
    drafts = adjusted(session, contract, activation_charges(terms, lines, on=clock.today), clock=clock)
    require_funds(account, sum((draft.amount for draft in drafts), Decimal(0)), "subscription_id")
    _block_parts(session, scope, contract, account, drafts, clock=clock)
    id = contract.subscription.id
    opened = written.opened_today(session, account.distributor_id, [id], clock.today)
    written.block_opened(session, contract, account, opened.get(id, []), clock=clock)
    contract.subscription.stopped_units = None


def delete(
    session: Session,
    scope: Scope,
    contract: Contract,
    account: Account,
    *,
    clock: Clock,
    asked: bool = True,
    switch: bool = False,
) -> None:
    """Settle the current period and release later ones by the type's deletion rule, which a `switch` shares.

    Where nobody asked, because time deletes what has long been stopped, a type that refuses it keeps what is reserved.
    The account must be locked. Raises RefusedByBillingType.
    """
    terms = contract.terms(clock)
    stake = _stake(session, contract, account, clock)
    started_on = contract.subscription.switched_on or contract.subscription.started_on or clock.today
    window = started_on + timedelta(days=max(0, contract.service_term.deletion_window_days))
    splits = [
        _settled(
            contract,
            lambda charges: settle_deletion(
                terms, charges, on=clock.today, inside_window=clock.today < window, switch=switch
            ),
            charges,
        )
        # The type is asked also when nothing is at stake.
        for charges in (stake.by_resource.values() or [[]])
        if asked or contract.policy.deletion not in _NOT_BY_HAND
    ]
    for charge in stake.rows.values():
        if charge.state is ChargeState.OPENED:
            written.undo(session, account, charge, clock=clock)
    _book(session, scope, stake, splits, clock=clock)
    contract.subscription.stopped_units = None


def _settled(contract: Contract, settling: Settling, charges: Sequence[ExistingCharge]) -> Split:
    try:
        return settling(charges)
    except NotAllowedByBillingType as error:
        raise refusing(contract, error) from error


def _at_stake(session: Session, contract: Contract, clock: Clock) -> Sequence[Charge]:
    subscription = contract.subscription
    return session.scalars(
        select(Charge)
        .where(
            Charge.distributor_id == subscription.distributor_id,
            Charge.subscription_id == subscription.id,
            Charge.kind == ChargeKind.RECURRING,
            Charge.state.in_(_AT_STAKE),
            Charge.period_end > clock.today,
        )
        .order_by(Charge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _stake(session: Session, contract: Contract, account: Account, clock: Clock) -> _Stake:
    rows = _at_stake(session, contract, clock)
    stake = _Stake(contract, account, {row.id: row for row in rows})
    groups = price_groups(session, rows)
    found: dict[str | None, list[ExistingCharge]] = defaultdict(list)
    for charge in written.existing(contract, rows, groups, clock):
        found[charge.resource_key].append(charge)
    stake.by_resource = dict(found)
    return stake


def _book(
    session: Session,
    scope: Scope,
    stake: _Stake,
    splits: Sequence[Split],
    *,
    clock: Clock,
    rest_closes: date | None = None,
) -> None:
    """Undo the deleted charges, then book what replaces them."""
    contract, account = stake.contract, stake.account
    require_funds(account, -sum((split.difference for split in splits), Decimal(0)), "subscription_id")
    undone = []
    for split in splits:
        for id in split.deleted:
            if stake.rows[id].state is ChargeState.CLOSED:
                undone.append(stake.rows[id])
            written.undo(session, account, stake.rows[id], clock=clock)
        for amendment in split.amended:
            _amend(session, contract, account, stake.rows[amendment.charge_id], amendment, clock)
    take_back(session, scope, undone, at=clock.now)
    origins = _origins_of(session, contract, splits)
    makings = []
    for split in splits:
        due = rest_closes or min(
            (day for id in split.deleted if (day := stake.rows[id].closes_on) is not None), default=None
        )
        makings += [
            Making(contract, draft, draft.state, **_origin(draft, origins), closes_on=clock.today)
            for draft in split.used
        ]
        makings += [
            Making(contract, draft, draft.state, **_origin(draft, origins), closes_on=due) for draft in split.rest
        ]
        makings += [Making(contract, draft, draft.state, **_origin(draft, origins)) for draft in split.returned]
    parts = written.make(session, makings, clock=clock)
    books = {ChargeState.CLOSED: LedgerAccount.REVENUE, ChargeState.BLOCKED: LedgerAccount.BLOCKED}
    for part in parts:
        if part.state in books:
            amount = round_money(part.amount, part.currency)
            move(
                session,
                account,
                LedgerAccount.AVAILABLE,
                books[part.state],
                amount,
                charge_id=part.id,
                at=clock.now,
            )
    closed = [part for part in parts if part.state is ChargeState.CLOSED]
    written.announce_closed(session, scope, closed, clock=clock)


def _block_parts(
    session: Session, scope: Scope, contract: Contract, account: Account, drafts: Sequence[ChargeDraft], *, clock: Clock
) -> None:
    terms = contract.terms(clock)
    origins = _origins_of_lots(session, contract, [lot.charge_id for draft in drafts for lot in draft.split_from])
    makings = [
        Making(
            contract,
            draft,
            ChargeState.BLOCKED,
            **_origin(draft, origins),
            closes_on=closes_on(
                terms,
                draft,
                paid_on=clock.today,
                window_days=contract.service_term.deletion_window_days,
                sales_or_renewal=False,
            ),
        )
        for draft in drafts
    ]
    parts = written.make(session, makings, clock=clock)
    for part in parts:
        amount = round_money(part.amount, part.currency)
        move(session, account, LedgerAccount.AVAILABLE, LedgerAccount.BLOCKED, amount, charge_id=part.id, at=clock.now)
    at_once = [part for part in parts if part.closes_on is not None and part.closes_on <= clock.today]
    written.close(session, scope, at_once, {account.id: account}, clock=clock)


def _amend(
    session: Session, contract: Contract, account: Account, charge: Charge, amendment: Amendment, clock: Clock
) -> None:
    """A charge of a later period with the units that are left."""
    if amendment.draft is None:
        written.undo(session, account, charge, clock=clock)
        return
    before = round_money(charge.amount, charge.currency)
    written.rewrite(charge, contract, amendment.draft, clock=clock)
    less = before - amendment.draft.amount
    held = {ChargeState.BLOCKED: LedgerAccount.BLOCKED, ChargeState.CLOSED: LedgerAccount.REVENUE}.get(charge.state)
    if held is not None:
        move(session, account, held, LedgerAccount.AVAILABLE, less, charge_id=charge.id, at=clock.now)


def _origins_of(session: Session, contract: Contract, splits: Sequence[Split]) -> dict[UUID, dict[str, Any]]:
    drafts = [draft for split in splits for draft in (*split.used, *split.rest, *split.returned)]
    return _origins_of_lots(session, contract, [lot.charge_id for draft in drafts for lot in draft.split_from])


def _origins_of_lots(session: Session, contract: Contract, charge_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What parts of these charges have of them: the order they came with, and its discount."""
    if not charge_ids:
        return {}
    rows = session.execute(
        select(Charge.id, Charge.order_id, Charge.discount_id, Charge.discount_name).where(
            Charge.distributor_id == contract.subscription.distributor_id, Charge.id.in_(set(charge_ids))
        )
    )
    return {
        row.id: {
            "split_from_id": row.id,
            "order_id": row.order_id,
            "discounted_by": (row.discount_id, row.discount_name),
        }
        for row in rows
    }


def _origin(draft: ChargeDraft, origins: dict[UUID, dict[str, Any]]) -> dict[str, Any]:
    """What a part has of the charge its units came with."""
    return origins[draft.split_from[0].charge_id] if draft.split_from else {}
