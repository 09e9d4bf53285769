"""Percent off what a reseller owes: who gets it, for what, and which is best."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.billing.models import DiscountTarget, DiscountTargetKind, ResellerDiscount
from domain.catalog.models import Plan
from domain.customers.models import Account
from domain.shared.decimals import clean_decimal, plain
from domain.shared.errors import InvalidInput
from domain.shared.outbox import announce
from domain.shared.rows import locked, own, visible
from domain.shared.unset import UNSET, Unset
from domain.subscriptions.models import ServiceSubscription
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.models import Tenant
from tenancy.rows import TenantRow
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = [
    "Discount",
    "Discounts",
    "ResellerDiscountChange",
    "clean_percent",
    "create_reseller_discount",
    "discounts_for",
    "named_rows",
    "update_reseller_discount",
]

TARGETS_LIMIT = 500
"""Names on one list."""

PERCENT_DIGITS = 2
"""Decimals of a discount."""


@dataclass(frozen=True, slots=True)
class ResellerDiscountChange:
    """What becomes of a discount for resellers; what is left out stays."""

    name: str | Unset | None = UNSET
    active: bool | Unset | None = UNSET


def create_reseller_discount(
    session: Session,
    scope: Scope,
    *,
    name: str,
    percent: Decimal,
    tenant_ids: Sequence[UUID],
    subscription_ids: Sequence[UUID] = (),
    account_ids: Sequence[UUID] = (),
    plan_ids: Sequence[UUID] = (),
    clock: Clock,
) -> ResellerDiscount:
    """Take `percent` off what these resellers, directly below the acting tenant, owe it, from now on.

    It is for the listed subscriptions, and for what the listed accounts buy of the listed plans; an empty list of
    accounts or plans means all, unless only subscriptions are listed. It counts for charges that close from now on.
    Raises NotFound for what is not visible; InvalidInput for a percentage outside (0, 100] or finer than two decimals,
    and for a tenant that is not directly below.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    clean = clean_percent(percent)
    if not tenant_ids:
        raise InvalidInput("{field} names nobody.", path=("tenant_ids",))
    for position, id in enumerate(tenant_ids):
        if visible(session, scope, Tenant, id, "tenant_ids", position).parent_id != owner.id:
            raise InvalidInput("This reseller is not directly below you.", path=("tenant_ids", position))
    discount = ResellerDiscount(
        distributor_id=owner.distributor_id,
        tenant_id=owner.id,
        tenant_path=owner.tenant_path,
        name=clean_text(name, "name"),
        percent=clean,
        active=True,
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(discount)
    session.flush()
    lists: tuple[tuple[DiscountTargetKind, type[TenantRow], str, Sequence[UUID]], ...] = (
        (DiscountTargetKind.RESELLER, Tenant, "tenant_ids", tenant_ids),
        (DiscountTargetKind.SUBSCRIPTION, ServiceSubscription, "subscription_ids", subscription_ids),
        (DiscountTargetKind.ACCOUNT, Account, "account_ids", account_ids),
        (DiscountTargetKind.PLAN, Plan, "plan_ids", plan_ids),
    )
    for kind, model, field, ids in lists:
        named_rows(session, scope, model, ids, field)
        session.add_all(_target(discount, kind, id) for id in dict.fromkeys(ids))
    session.flush()
    announce(session, scope, "reseller_discount.created", subject=discount, prefix="dsc", at=clock.now)
    session.flush()
    return discount


def update_reseller_discount(
    session: Session,
    scope: Scope,
    *,
    reseller_discount_id: UUID,
    change: ResellerDiscountChange,
    clock: Clock,
) -> ResellerDiscount:
    """Rename a discount, end it or begin it again: for charges that close from now on.

    Raises NotFound, ActAsRequired, InvalidInput.
    """
    seen = own(session, scope, ResellerDiscount, reseller_discount_id, "reseller_discount_id")
    discount = locked(session, ResellerDiscount, seen.distributor_id, [seen.id])[seen.id]
    if change.name is not UNSET:
        discount.name = clean_text(change.name or "", "change", "name")
    if change.active is not UNSET and change.active is not None:
        discount.active = change.active
    discount.updated_at = clock.now
    announce(session, scope, "reseller_discount.updated", subject=discount, prefix="dsc", at=clock.now)
    session.flush()
    return discount


Named = TypeVar("Named", bound=TenantRow)


def named_rows(session: Session, scope: Scope, model: type[Named], ids: Sequence[UUID], field: str) -> list[Named]:
    """The rows of a discount's list, one an id. Raises InvalidInput for a long list, NotFound for one not visible."""
    if len(ids) > TARGETS_LIMIT:
        raise InvalidInput(
            "{field} names {count}; at most {limit} are allowed.", count=len(ids), limit=TARGETS_LIMIT, path=(field,)
        )
    return [visible(session, scope, model, id, field, position) for position, id in enumerate(ids)]


def clean_percent(percent: Decimal) -> Decimal:
    """A discount's percentage. Raises InvalidInput unless it is above 0, at most 100 and of two decimals."""
    clean = clean_decimal(percent, "percent", digits=PERCENT_DIGITS)
    if not 0 < clean <= 100:
        raise InvalidInput(
            "{field} must be above {above} and at most {most}, got {value}.",
            above=0,
            most=100,
            value=plain(clean),
            path=("percent",),
        )
    return clean


def _target(discount: ResellerDiscount, kind: DiscountTargetKind, id: UUID) -> DiscountTarget:
    return DiscountTarget(
        distributor_id=discount.distributor_id,
        tenant_id=discount.tenant_id,
        tenant_path=discount.tenant_path,
        discount_id=discount.id,
        kind=kind,
        target_id=id,
        created_at=discount.created_at,
        updated_at=discount.created_at,
    )


@dataclass(frozen=True, slots=True)
class Discount:
    """One discount with its lists."""

    id: UUID
    creditor_id: UUID
    """Who gives it."""
    percent: Decimal
    reseller_ids: frozenset[UUID]
    subscription_ids: frozenset[UUID]
    account_ids: frozenset[UUID]
    plan_ids: frozenset[UUID]

    def applies(self, *, debtor_id: UUID, subscription_id: UUID, account_id: UUID, plan_ids: Collection[UUID]) -> bool:
        """For a listed reseller: its listed subscriptions, or what is left of accounts and plans after their lists.

        An empty list of accounts or plans means all, unless only subscriptions are listed. `plan_ids` are the sold plan
        and those it was delegated from: naming any of them names the sale.
        """
        if debtor_id not in self.reseller_ids:
            return False
        if subscription_id in self.subscription_ids:
            return True
        if self.subscription_ids and not self.account_ids and not self.plan_ids:
            return False
        account_fits = not self.account_ids or account_id in self.account_ids
        plan_fits = not self.plan_ids or not self.plan_ids.isdisjoint(plan_ids)
        return account_fits and plan_fits


@dataclass(frozen=True, slots=True)
class Discounts:
    """All active discounts of some debtors."""

    by_debtor: Mapping[UUID, Sequence[Discount]]

    def best(
        self,
        *,
        debtor_id: UUID,
        creditor_id: UUID,
        subscription_id: UUID,
        account_id: UUID,
        plan_ids: Collection[UUID],
    ) -> Discount | None:
        """The highest percentage that applies, of equals the oldest; None when none does."""
        fitting = [
            discount
            for discount in self.by_debtor.get(debtor_id, ())
            if discount.creditor_id == creditor_id
            and discount.applies(
                debtor_id=debtor_id, subscription_id=subscription_id, account_id=account_id, plan_ids=plan_ids
            )
        ]
        return max(fitting, key=lambda discount: (discount.percent, -discount.id.int), default=None)


def discounts_for(session: Session, distributor_id: UUID, debtor_ids: Collection[UUID]) -> Discounts:
    """The active discounts that name any of these resellers. The session must see those who give them."""
    naming = select(DiscountTarget.discount_id).where(
        DiscountTarget.distributor_id == distributor_id,
        DiscountTarget.kind == DiscountTargetKind.RESELLER,
        DiscountTarget.target_id.in_(debtor_ids),
    )
    rows = session.execute(
        select(
            ResellerDiscount.id,
            ResellerDiscount.tenant_id,
            ResellerDiscount.percent,
            DiscountTarget.kind,
            DiscountTarget.target_id,
        )
        .join(
            DiscountTarget,
            (DiscountTarget.distributor_id == distributor_id) & (DiscountTarget.discount_id == ResellerDiscount.id),
        )
        .where(
            ResellerDiscount.distributor_id == distributor_id,
            ResellerDiscount.active,
            ResellerDiscount.id.in_(naming),
        )
    ).all()
    targets: dict[tuple[UUID, DiscountTargetKind], set[UUID]] = defaultdict(set)
    for row in rows:
        targets[row.id, row.kind].add(row.target_id)

    def listed(id: UUID, kind: DiscountTargetKind) -> frozenset[UUID]:
        return frozenset(targets.get((id, kind), ()))

    found: dict[UUID, list[Discount]] = defaultdict(list)
    for id, creditor_id, percent in {(row.id, row.tenant_id, row.percent) for row in rows}:
        discount = Discount(
            id=id,
            creditor_id=creditor_id,
            percent=percent,
            reseller_ids=listed(id, DiscountTargetKind.RESELLER),
            subscription_ids=listed(id, DiscountTargetKind.SUBSCRIPTION),
            account_ids=listed(id, DiscountTargetKind.ACCOUNT),
            plan_ids=listed(id, DiscountTargetKind.PLAN),
        )
        for debtor_id in discount.reseller_ids:
            found[debtor_id].append(discount)
    return Discounts(found)
