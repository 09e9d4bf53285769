"""A vendor takes a product back from distributors: what they received is sold no more, at any level."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.catalog.models import Plan, PlanState, Product, Publication
from domain.catalog.versions import count_change
from domain.delegation.copies import locked_copies
from domain.delegation.states import follow_states
from domain.pricing.publishing import named_takers, publications_of
from domain.shared import outbox
from domain.shared.rows import own
from tenancy.clock import Clock, clock_of
from tenancy.models import Tenant
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import seeing

__all__ = ["unpublish_product", "withdraw_product"]


def unpublish_product(
    session: Session, scope: Scope, *, product_id: UUID, distributor_numbers: Sequence[str], clock: Clock
) -> Product:
    """Take a product of the acting vendor back from these distributors, by a job for each; publishing brings it again.

    Raises NotFound, also for a distributor that does not have it; ActAsRequired; InvalidInput.
    """
    product = own(session, scope, Product, product_id, "product_id")
    known = {publication.taker_number: publication for publication in publications_of(session, product)}
    for publication in named_takers(distributor_numbers, known):
        session.delete(publication)
        outbox.enqueue(
            session,
            product,
            "catalog.withdraw_product",
            queue="catalog",
            arguments={"product_id": product.id.hex, "taker_id": publication.taker_id.hex},
            unique_key=f"withdraw {product.id.hex} {publication.taker_id.hex}",
        )
    session.flush()
    outbox.announce(session, scope, "product.unpublished", subject=product, prefix="prd", at=clock.now)
    return product


def withdraw_product(session: Session, scope: Scope, *, product_id: UUID, taker_id: UUID) -> int:
    """Let plans that a distributor received with a vendor's product be sold no more; subscriptions go on.

    They become DEACTIVATED_BY_PROVIDER, as do all copies; what somebody had made INACTIVE stays so. Returns how many
    plans; none, when the product was published there again meanwhile. `scope` is the vendor's.
    """
    again = Publication.distributor_id == scope.distributor_id, Publication.product_id == product_id
    if session.scalar(select(exists().where(*again, Publication.taker_id == taker_id))):
        return 0
    with seeing(session, PLATFORM):
        path = session.get_one(Tenant, (taker_id, taker_id)).tenant_path
    whole = Scope.of_everything(taker_id, path)
    with seeing(session, whole):
        clock = clock_of(session, taker_id)
        received = select(Product.id).where(Product.distributor_id == taker_id, Product.source_id == product_id)
        plans = session.scalars(
            select(Plan)
            .where(
                Plan.distributor_id == taker_id,
                Plan.product_id.in_(received),
                Plan.source_id.is_not(None),
                Plan.state == PlanState.ACTIVE,
            )
            .order_by(Plan.tenant_path, Plan.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        ).all()
        for plan in plans:
            plan.state = PlanState.DEACTIVATED_BY_PROVIDER
            count_change(plan, clock)
            session.flush()
            outbox.announce(session, whole, "plan.deactivated_by_provider", subject=plan, prefix="pln", at=clock.now)
        copies = locked_copies(session, taker_id, [plan.id for plan in plans])
        follow_states(session, whole, [copy.id for copy in copies], clock=clock)
    return len(plans)
