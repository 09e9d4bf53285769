"""Percent off what a tenant's own customers order: who gets it, for what, and which is best."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.billing.contracts import Contract
from domain.billing.drafts import Reduction
from domain.billing.models import Discount, DiscountLimit, DiscountTargetKind
from domain.billing.prices import has_individual_prices
from domain.billing.reseller_discounts import clean_percent, named_rows
from domain.catalog.models import Plan
from domain.customers.models import Account
from domain.shared.errors import InvalidInput, KeyTaken
from domain.shared.outbox import announce
from domain.shared.rows import locked, own
from domain.shared.unset import UNSET, Unset
from domain.subscriptions.models import ServiceSubscription
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.rows import TenantRow
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = [
    "CustomerDiscounts",
    "DiscountChange",
    "create_discount",
    "discount_of_code",
    "discounts_of_sellers",
    "percents_for",
    "update_discount",
]

CODE_LIMIT = 40
"""Characters of a promo code."""

SUBSCRIPTIONS_LIMIT = 1_000_000
"""The most that a code may be limited to."""


@dataclass(frozen=True, slots=True)
class DiscountChange:
    """What becomes of a discount; what is left out stays."""

    name: str | Unset | None = UNSET
    active: bool | Unset | None = UNSET
    valid_until: date | Unset | None = UNSET


def create_discount(
    session: Session,
    scope: Scope,
    *,
    name: str,
    percent: Decimal,
    code: str | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
    subscription_limit: int | None = None,
    account_ids: Sequence[UUID] = (),
    plan_ids: Sequence[UUID] = (),
    subscription_ids: Sequence[UUID] = (),
    clock: Clock,
) -> Discount:
    """Take `percent` off what the acting tenant's customers order from now on.

    With a `code` for whoever gives it with the order of a new subscription, and for that subscription's later orders;
    without one for all. Lists narrow it down: an order must be of a listed account, of a listed plan and of a listed
    subscription; an empty list means all.
    Raises InvalidInput; NotFound, ActAsRequired for what is not the acting tenant's; KeyTaken for a code in use.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    clean = None if code is None else _clean_code(code)
    if subscription_limit is not None:
        _check_limit(subscription_limit, clean)
    _check_days(valid_from, valid_until)
    if clean is not None:
        _refuse_taken(session, owner.distributor_id, owner.id, clean)
    discount = Discount(
        distributor_id=owner.distributor_id,
        tenant_id=owner.id,
        tenant_path=owner.tenant_path,
        name=clean_text(name, "name"),
        code=clean,
        percent=clean_percent(percent),
        active=True,
        valid_from=valid_from,
        valid_until=valid_until,
        subscription_limit=subscription_limit,
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(discount)
    session.flush()
    lists: tuple[tuple[DiscountTargetKind, type[TenantRow], str, Sequence[UUID]], ...] = (
        (DiscountTargetKind.ACCOUNT, Account, "account_ids", account_ids),
        (DiscountTargetKind.PLAN, Plan, "plan_ids", plan_ids),
        (DiscountTargetKind.SUBSCRIPTION, ServiceSubscription, "subscription_ids", subscription_ids),
    )
    for kind, model, field, ids in lists:
        for position, row in enumerate(named_rows(session, scope, model, ids, field)):
            scope.require_own(row.tenant_id, row.tenant_path, field, position)
        session.add_all(_limit(discount, kind, id) for id in dict.fromkeys(ids))
    session.flush()
    announce(session, scope, "discount.created", subject=discount, prefix="dct", at=clock.now)
    session.flush()
    return discount


def update_discount(
    session: Session,
    scope: Scope,
    *,
    discount_id: UUID,
    change: DiscountChange,
    clock: Clock,
) -> Discount:
    """Rename a discount, end it, begin it again, or let it hold for other days: for orders from now on.

    Raises NotFound, ActAsRequired, InvalidInput.
    """
    seen = own(session, scope, Discount, discount_id, "discount_id")
    discount = locked(session, Discount, seen.distributor_id, [seen.id])[seen.id]
    if change.name is not UNSET:
        discount.name = clean_text(change.name or "", "change", "name")
    if change.active is not UNSET and change.active is not None:
        discount.active = change.active
    if change.valid_until is not UNSET:
        _check_days(discount.valid_from, change.valid_until, "change")
        discount.valid_until = change.valid_until
    discount.updated_at = clock.now
    announce(session, scope, "discount.updated", subject=discount, prefix="dct", at=clock.now)
    session.flush()
    return discount


def discount_of_code(
    session: Session, account: Account, *, code: str, plan_id: UUID, clock: Clock, path: str = "promo_code"
) -> Discount:
    """The discount that a promo code of the account's seller gives for a new subscription to this plan.

    Locked where its subscriptions are counted. Raises InvalidInput for a code that does not exist, is not valid today,
    is not for this account and plan, or was used as often as it may be: the answers cannot be told apart.
    """
    refusal = InvalidInput("There is no such promo code.", path=(path,))
    discount = session.scalars(
        select(Discount)
        .where(
            Discount.distributor_id == account.distributor_id,
            Discount.tenant_id == account.tenant_id,
            Discount.code == _clean_code(code, path),
        )
        .with_for_update()
    ).one_or_none()
    if discount is None or not _is_valid(discount, clock.today):
        raise refusal
    fitting = _Given(discount, _lists(session, discount.distributor_id, [discount.id])[discount.id])
    if not fitting.is_for(account_id=account.id, plan_id=plan_id, subscription_id=None):
        raise refusal
    if discount.subscription_limit is not None:
        used = session.scalar(
            select(func.count()).where(
                ServiceSubscription.distributor_id == discount.distributor_id,
                ServiceSubscription.promo_discount_id == discount.id,
            )
        )
        if (used or 0) >= discount.subscription_limit:
            raise refusal
    return discount


Lists = Mapping[DiscountTargetKind, frozenset[UUID]]


@dataclass(frozen=True, slots=True)
class _Given:
    """One discount with its lists."""

    discount: Discount
    lists: Lists

    def is_for(self, *, account_id: UUID, plan_id: UUID | None, subscription_id: UUID | None) -> bool:
        named = {
            DiscountTargetKind.ACCOUNT: account_id,
            DiscountTargetKind.PLAN: plan_id,
            DiscountTargetKind.SUBSCRIPTION: subscription_id,
        }
        return all(not (listed := self.lists.get(kind)) or id in listed for kind, id in named.items())


@dataclass(frozen=True, slots=True)
class CustomerDiscounts:
    """All discounts that some sellers give on one day."""

    by_seller: Mapping[UUID, Sequence[_Given]]

    def best(self, contract: Contract, *, renewing: bool = False) -> Reduction | None:
        """What an order of this subscription gets: the highest percentage that applies, of equals the oldest.

        None when none does, and for what has individual prices. `renewing`: it begins another term.
        """
        subscription = contract.subscription
        if has_individual_prices(contract, renewing=renewing):
            return None
        fitting = [
            given.discount
            for given in self.by_seller.get(subscription.tenant_id, ())
            if given.discount.code is None or given.discount.id == subscription.promo_discount_id
            if given.is_for(
                account_id=subscription.account_id, plan_id=subscription.plan_id, subscription_id=subscription.id
            )
        ]
        best = max(fitting, key=lambda discount: (discount.percent, -discount.id.int), default=None)
        return None if best is None else Reduction(best.id, best.name, best.percent)


def discounts_of_sellers(session: Session, contracts: Collection[Contract], clock: Clock) -> CustomerDiscounts:
    """The discounts that hold today for orders of these subscriptions of one distributor: two statements at most."""
    if not contracts:
        return CustomerDiscounts({})
    distributor_id = next(iter(contracts)).subscription.distributor_id
    sellers = {contract.subscription.tenant_id for contract in contracts}
    return CustomerDiscounts(_given(session, distributor_id, sellers, clock.today))


def percents_for(session: Session, account: Account, clock: Clock) -> dict[UUID | None, Decimal]:
    """The percentage that an order of this account gets today for a new subscription without a promo code, by plan.

    Under None that of every plan that is not named. Two statements at most.
    """
    best: dict[UUID | None, Decimal] = {}
    given = _given(session, account.distributor_id, {account.tenant_id}, clock.today)
    for each in given.get(account.tenant_id, ()):
        plans: Collection[UUID | None] = each.lists.get(DiscountTargetKind.PLAN) or (None,)
        for plan_id in plans:
            if each.discount.code is None and each.is_for(account_id=account.id, plan_id=plan_id, subscription_id=None):
                best[plan_id] = max(best.get(plan_id, each.discount.percent), each.discount.percent)
    everywhere = best.get(None, Decimal(0))
    return {plan_id: max(percent, everywhere) for plan_id, percent in best.items()}


def _given(
    session: Session, distributor_id: UUID, sellers: Collection[UUID], today: date
) -> Mapping[UUID, Sequence[_Given]]:
    """What these sellers give on a day, by seller."""
    rows = session.scalars(
        select(Discount).where(
            Discount.distributor_id == distributor_id,
            Discount.tenant_id.in_(sellers),
            Discount.active,
            or_(Discount.valid_from.is_(None), Discount.valid_from <= today),
            or_(Discount.valid_until.is_(None), Discount.valid_until >= today),
        )
    ).all()
    lists = _lists(session, distributor_id, [row.id for row in rows])
    found: dict[UUID, list[_Given]] = defaultdict(list)
    for row in rows:
        found[row.tenant_id].append(_Given(row, lists[row.id]))
    return found


def _lists(session: Session, distributor_id: UUID, discount_ids: Sequence[UUID]) -> Mapping[UUID, Lists]:
    found: dict[UUID, dict[DiscountTargetKind, set[UUID]]] = {id: defaultdict(set) for id in discount_ids}
    if discount_ids:
        for row in session.execute(
            select(DiscountLimit.discount_id, DiscountLimit.kind, DiscountLimit.target_id).where(
                DiscountLimit.distributor_id == distributor_id, DiscountLimit.discount_id.in_(discount_ids)
            )
        ):
            found[row.discount_id][row.kind].add(row.target_id)
    return {id: {kind: frozenset(ids) for kind, ids in lists.items()} for id, lists in found.items()}


def _is_valid(discount: Discount, on: date) -> bool:
    begun = discount.valid_from is None or discount.valid_from <= on
    return discount.active and begun and (discount.valid_until is None or on <= discount.valid_until)


def _clean_code(code: str, path: str = "code") -> str:
    """Upper case: people write codes down by hand. Raises InvalidInput for what cannot be one."""
    return clean_text(code, path, limit=CODE_LIMIT).upper()


def _check_limit(limit: int, code: str | None) -> None:
    if code is None:
        raise InvalidInput("Only a promo code is limited to a number of subscriptions.", path=("subscription_limit",))
    if not 1 <= limit <= SUBSCRIPTIONS_LIMIT:
        raise InvalidInput(
            "{field} must be {least} to {most}, got {value}.",
            least=1,
            most=SUBSCRIPTIONS_LIMIT,
            value=limit,
            path=("subscription_limit",),
        )


def _check_days(valid_from: date | None, valid_until: date | None, *path: str) -> None:
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise InvalidInput(
            "{field} is {until}, before its first day {day}.",
            until=valid_until,
            day=valid_from,
            path=(*path, "valid_until"),
        )


def _refuse_taken(session: Session, distributor_id: UUID, tenant_id: UUID, code: str) -> None:
    taken = session.scalars(
        select(Discount.name).where(
            Discount.distributor_id == distributor_id, Discount.tenant_id == tenant_id, Discount.code == code
        )
    ).one_or_none()
    if taken is not None:
        raise KeyTaken("The code {code} belongs to {name}.", code=code, name=taken, path=("code",))


def _limit(discount: Discount, kind: DiscountTargetKind, id: UUID) -> DiscountLimit:
    return DiscountLimit(
        distributor_id=discount.distributor_id,
        tenant_id=discount.tenant_id,
        tenant_path=discount.tenant_path,
        discount_id=discount.id,
        kind=kind,
        target_id=id,
        created_at=discount.created_at,
        updated_at=discount.created_at,
    )
