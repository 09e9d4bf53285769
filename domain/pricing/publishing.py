"""A vendor chooses who gets a product, of the distributors that have accepted it; see `arriving`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.catalog.errors import NotARoot, NoVendor
from domain.catalog.models import AcceptedVendor, Product, Publication
from domain.catalog.products import ask_for_publication
from domain.shared import outbox
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.messages import Field
from tenancy.models import Tenant
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import seeing
from tenancy.texts import clean_text

__all__ = ["accept_vendor", "named_takers", "publications_of", "publish_product", "willing"]

TAKERS_LIMIT = 500
"""Distributors named at once."""


def accept_vendor(session: Session, scope: Scope, *, vendor_number: str, accepted: bool = True, clock: Clock) -> Tenant:
    """Let a vendor publish to the acting distributor, or no longer; what came stays.

    Whether there is such a vendor is not told: a vendor is accepted before it publishes. Raises InvalidInput; NotARoot
    for a reseller.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    number = clean_text(vendor_number, "vendor_number", limit=20).upper()
    if owner.parent_id is not None:
        raise NotARoot(owner.name)
    of_vendor = AcceptedVendor.distributor_id == owner.distributor_id, AcceptedVendor.vendor_number == number
    present = session.scalars(select(AcceptedVendor).where(*of_vendor)).one_or_none()
    if accepted and present is None:
        session.add(
            AcceptedVendor(
                distributor_id=owner.distributor_id,
                tenant_id=owner.id,
                tenant_path=owner.tenant_path,
                vendor_number=number,
                created_at=clock.now,
                updated_at=clock.now,
            )
        )
    if not accepted and present is not None:
        session.delete(present)
    session.flush()
    return owner


def publish_product(
    session: Session, scope: Scope, *, product_id: UUID, distributor_numbers: Sequence[str], clock: Clock
) -> Product:
    """Let these distributors have a product of the acting vendor, besides those that have it already; a job brings it.

    Raises NotFound, also for a distributor that has not accepted the vendor, which is told like one that is not there;
    ActAsRequired; NoVendor; InvalidInput.
    """
    product = own(session, scope, Product, product_id, "product_id")
    owner = tenant_by_id(session, scope.tenant_id)
    if not owner.vendor:
        raise NoVendor(owner.name)
    takers = named_takers(distributor_numbers, {taker.number: taker for taker in willing(session, owner)})
    present = {publication.taker_id for publication in publications_of(session, product)}
    session.add_all(
        Publication(
            distributor_id=product.distributor_id,
            tenant_id=product.tenant_id,
            tenant_path=product.tenant_path,
            product_id=product.id,
            taker_id=taker.id,
            taker_number=taker.number,
            created_at=clock.now,
            updated_at=clock.now,
        )
        for taker in takers
        if taker.id not in present
    )
    session.flush()
    outbox.announce(session, scope, "product.published", subject=product, prefix="prd", at=clock.now)
    ask_for_publication(session, product)
    return product


Known = TypeVar("Known")


def named_takers(numbers: Sequence[str], known: Mapping[str, Known]) -> Sequence[Known]:
    """What is known by these distributors' numbers, in the order asked. Raises InvalidInput; NotFound for another."""
    if not 1 <= len(numbers) <= TAKERS_LIMIT:
        raise InvalidInput(
            "{field} names 1 to {limit} distributors, got {count}.",
            limit=TAKERS_LIMIT,
            count=len(numbers),
            path=("distributor_numbers",),
        )
    for at, number in enumerate(numbers):
        if number not in known:
            raise NotFound("distributor_numbers", at)
        if number in numbers[:at]:
            raise InvalidInput(
                "{collection} names {key} twice.",
                collection=Field("distributor_numbers"),
                key=number,
                path=("distributor_numbers", at),
            )
    return [known[number] for number in numbers]


@dataclass(frozen=True, slots=True)
class _Taker:
    """A distributor that has accepted a vendor."""

    id: UUID
    number: str


def willing(session: Session, vendor: Tenant) -> list[_Taker]:
    """The distributors that have accepted the vendor; their rows are not the vendor's to read."""
    number = vendor.number
    wanted = (
        select(Tenant.id, Tenant.number)
        .join(AcceptedVendor, AcceptedVendor.distributor_id == Tenant.id)
        .where(Tenant.distributor_id == Tenant.id, Tenant.vendor.is_(False), AcceptedVendor.vendor_number == number)
        .order_by(Tenant.id)
    )
    with seeing(session, PLATFORM):
        return [_Taker(row.id, row.number) for row in session.execute(wanted)]


def publications_of(session: Session, product: Product) -> Sequence[Publication]:
    """Who has a vendor's product."""
    of_product = Publication.distributor_id == product.distributor_id, Publication.product_id == product.id
    return session.scalars(select(Publication).where(*of_product)).all()
