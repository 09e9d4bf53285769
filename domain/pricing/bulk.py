"""One markup for many plans."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.orm import Session, aliased

from db.among import among
from domain.catalog.checks import clean_key
from domain.catalog.drafts import FEES
from domain.catalog.models import Plan, PlanPeriod, PlanResource, Product, ProductCategory
from domain.catalog.products import ask_for_publication
from domain.delegation.actions import COPY_PRICE_LIMIT
from domain.delegation.copies import announce_copies, forget_loaded
from domain.delegation.markups import clean_markup
from domain.pricing.repricing import apply_markups, carry_down
from domain.shared.errors import InvalidInput, NotFound
from tenancy.clock import Clock
from tenancy.messages import Field
from tenancy.scope import Scope
from tenancy.sessions import seeing
from tenancy.texts import clean_text

__all__ = ["PLANS_LIMIT", "named_plans", "set_markups"]

PLANS_LIMIT = 1_000
"""Plans of one call."""


def set_markups(
    session: Session,
    scope: Scope,
    *,
    plan_ids: Sequence[UUID] | None = None,
    product_key: str | None = None,
    category_key: str | None = None,
    markup_percent: Decimal,
    at_once: bool = False,
    clock: Clock,
) -> Sequence[Plan]:
    """Let one markup make the prices of many plans of the acting tenant: all that are named, or none.

    Named by id, or all of the product or of the category with this key. Those that have the markup already stay as
    they are. The rest is as with `set_markup`, in a few statements. The scope must write downstream.

    Raises NotFound and ActAsRequired with the place of the plan, NotFound for a key that no plan has, InvalidInput; for
    a price that no column holds it names the plan, where it is one of these.
    """
    markup = clean_markup(markup_percent)
    ids = named_plans(session, scope, plan_ids=plan_ids, product_key=product_key, category_key=category_key)
    of_tenant = Plan.distributor_id == scope.distributor_id, among(Plan.id, ids)
    plans = {
        plan.id: plan
        for plan in session.scalars(
            select(Plan)
            .where(*of_tenant)
            .order_by(Plan.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    }
    changing = [plan for plan in plans.values() if plan.markup_percent != markup]
    if changing:
        _refuse_too_large(session, changing, markup)
        _set(session, scope, changing, markup, clock)
        carry_down(session, scope, changing, at_once=at_once, clock=clock)
        _publish(session, changing)
    return [plans[id] for id in ids]


def named_plans(
    session: Session,
    scope: Scope,
    *,
    plan_ids: Sequence[UUID] | None = None,
    product_key: str | None = None,
    category_key: str | None = None,
) -> Sequence[UUID]:
    """The acting tenant's plans that are meant, in the order asked, or by number. Raises as `set_markups` does."""
    if sum(each is not None for each in (plan_ids, product_key, category_key)) != 1:
        raise InvalidInput("Name either plans, a product or a category.", path=("plan_ids",))
    if plan_ids is not None:
        return _by_id(session, scope, plan_ids)
    origin = aliased(Plan)
    if product_key is not None:
        field, standing = "product_key", Product.key == clean_text(product_key, "product_key", limit=100)
    else:
        assert category_key is not None
        field, standing = "category_key", ProductCategory.key == clean_key(category_key, "category_key")
    wanted = (
        select(Plan.id)
        .join(origin, and_(origin.distributor_id == Plan.distributor_id, origin.id == Plan.origin_id))
        .join(Product, and_(Product.distributor_id == origin.distributor_id, Product.id == origin.product_id))
        .outerjoin(
            ProductCategory,
            and_(ProductCategory.distributor_id == Product.distributor_id, ProductCategory.id == Product.category_id),
        )
        .where(Plan.distributor_id == scope.distributor_id, Plan.tenant_id == scope.tenant_id, standing)
        .order_by(Plan.number)
    )
    assert scope.distributor_id is not None
    # The product of a copy stands above.
    with seeing(session, Scope.of_everything(scope.distributor_id, scope.path)):
        ids = session.scalars(wanted).all()
    if not ids:
        raise NotFound(field)
    _check_count(len(ids), field)
    return ids


def _by_id(session: Session, scope: Scope, plan_ids: Sequence[UUID]) -> Sequence[UUID]:
    _check_count(len(plan_ids), "plan_ids")
    of_scope = Plan.tenant_path >= scope.lo, Plan.tenant_path < scope.hi
    found = {
        row.id: row
        for row in session.execute(
            select(Plan.id, Plan.number, Plan.tenant_id, Plan.tenant_path).where(
                Plan.distributor_id == scope.distributor_id, among(Plan.id, plan_ids), *of_scope
            )
        )
    }
    seen: set[UUID] = set()
    for at, id in enumerate(plan_ids):
        if id not in found:
            raise NotFound("plan_ids", at)
        scope.require_own(found[id].tenant_id, found[id].tenant_path, "plan_ids", at)
        if id in seen:
            raise InvalidInput(
                "{collection} names {key} twice.",
                collection=Field("plan_ids"),
                key=found[id].number,
                path=("plan_ids", at),
            )
        seen.add(id)
    return plan_ids


def _check_count(count: int, field: str) -> None:
    if not 1 <= count <= PLANS_LIMIT:
        raise InvalidInput("Name 1 to {limit} plans, got {count}.", limit=PLANS_LIMIT, count=count, path=(field,))


def _refuse_too_large(session: Session, plans: Sequence[Plan], markup: Decimal) -> None:
    """Raise InvalidInput for the first plan of which a price would be more than its column holds."""
    for row in (PlanPeriod, PlanResource):
        dearest: ColumnElement[Decimal] = func.greatest(*(getattr(row, f"net_{fee}") for fee in FEES))
        of_plans = row.distributor_id == plans[0].distributor_id, among(row.plan_id, [plan.id for plan in plans])
        too_large = func.round(dearest * (100 + markup) / 100, 4) >= COPY_PRICE_LIMIT
        found = set(session.scalars(select(row.plan_id).where(*of_plans, too_large)))
        for plan in plans:
            if plan.id in found:
                raise InvalidInput(
                    "With this markup a price of plan {number} has more than 14 digits before the point.",
                    number=plan.number,
                    path=("markup_percent",),
                )


def _set(session: Session, scope: Scope, plans: Sequence[Plan], markup: Decimal, clock: Clock) -> None:
    ids = [plan.id for plan in plans]
    session.execute(
        update(Plan)
        .where(Plan.distributor_id == scope.distributor_id, among(Plan.id, ids))
        .values(
            markup_percent=markup,
            prices_to_review=False,
            version=Plan.version + 1,
            synchronized_version=case((Plan.parent_id.is_(None), Plan.version + 1), else_=Plan.synchronized_version),
            updated_at=clock.now,
        )
        .execution_options(synchronize_session=False)
    )
    assert scope.distributor_id is not None
    apply_markups(session, scope.distributor_id, ids, at=clock.now)
    forget_loaded(session)
    announce_copies(session, scope, "plan.markup_set", ids, at=clock.now)


def _publish(session: Session, plans: Sequence[Plan]) -> None:
    """Have jobs bring the change to the distributors of published products."""
    ids = {plan.product_id for plan in plans if plan.product_id is not None and plan.source_id is None}
    of_plans = Product.distributor_id == plans[0].distributor_id, Product.id.in_(ids)
    for product in session.scalars(select(Product).where(*of_plans).order_by(Product.id)):
        ask_for_publication(session, product)
