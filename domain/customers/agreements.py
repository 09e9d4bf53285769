"""What customers have to agree to, and that they did."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.customers.errors import AgreementRequired
from domain.customers.models import AgreementAcceptance, AgreementKind, LegalAgreement, User
from domain.shared.errors import InvalidInput, InvalidState, NotFound
from domain.shared.outbox import announce
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.rows import TenantRow
from tenancy.scope import Scope, ancestors_of
from tenancy.texts import clean_text

__all__ = ["accept_agreements", "agreement_in_force", "publish_agreement", "record_acceptances", "require_agreed"]


def publish_agreement(
    session: Session,
    scope: Scope,
    *,
    kind: AgreementKind,
    title: str,
    url: str,
    required: bool = True,
    clock: Clock,
) -> LegalAgreement:
    """Add a version of what the acting tenant's customers, and those below who have none of their own, agree to.

    It holds from now on; who agreed to an earlier one has to agree again. Raises InvalidInput.
    """
    tenant = tenant_by_id(session, scope.tenant_id)
    url = clean_text(url, "url", limit=2000)
    if not url.startswith("https://"):
        raise InvalidInput("{field} must be an address that begins with https://.", path=("url",))
    last = session.scalar(
        select(func.max(LegalAgreement.version)).where(
            LegalAgreement.distributor_id == tenant.distributor_id,
            LegalAgreement.tenant_id == tenant.id,
            LegalAgreement.kind == kind,
        )
    )
    agreement = LegalAgreement(
        distributor_id=tenant.distributor_id,
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        kind=kind,
        version=(last or 0) + 1,  # of two at once the unique key lets one through, and the other is tried again
        required=required,
        title=clean_text(title, "title"),
        url=url,
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(agreement)
    session.flush()
    announce(session, scope, "agreement.published", subject=agreement, prefix="agr", at=clock.now)
    session.flush()
    return agreement


def agreement_in_force(session: Session, owner: TenantRow, kind: AgreementKind) -> LegalAgreement | None:
    """The latest version of the tenant that owns `owner`, else of the nearest tenant above that has one.

    None: there is none, or the one in force asks for nothing.
    """
    places = (*ancestors_of(owner.tenant_path), owner.tenant_path)
    found = session.scalars(
        select(LegalAgreement)
        .where(
            LegalAgreement.distributor_id == owner.distributor_id,
            LegalAgreement.tenant_path.in_(places),
            LegalAgreement.kind == kind,
        )
        .order_by(func.length(LegalAgreement.tenant_path).desc(), LegalAgreement.version.desc())
        .limit(1)
    ).one_or_none()
    return found if found is not None and found.required else None


def accept_agreements(
    session: Session, scope: Scope, *, agreement_ids: Sequence[UUID], ip: str | None, clock: Clock
) -> list[AgreementAcceptance]:
    """Record that the user of the scope agrees; again has no effect.

    Raises NotFound; InvalidState for a version that is not in force.
    """
    customer = scope.customer
    user = None if customer is None else session.get(User, (scope.distributor_id, customer.user_id))
    if customer is None or user is None:
        raise NotFound("agreement_ids")
    return record_acceptances(
        session, scope, user, agreement_ids=agreement_ids, account_id=customer.member_of, ip=ip, clock=clock
    )


def record_acceptances(
    session: Session,
    scope: Scope,
    user: User,
    *,
    agreement_ids: Sequence[UUID],
    account_id: UUID | None,
    ip: str | None,
    clock: Clock,
) -> list[AgreementAcceptance]:
    """`accept_agreements`, of any user of the acting tenant."""
    in_force = {
        agreement.id: agreement
        for kind in AgreementKind
        if (agreement := agreement_in_force(session, user, kind)) is not None
    }
    known = {
        acceptance.agreement_id: acceptance
        for acceptance in session.scalars(
            select(AgreementAcceptance).where(
                AgreementAcceptance.distributor_id == user.distributor_id,
                AgreementAcceptance.user_id == user.id,
                AgreementAcceptance.agreement_id.in_(list(in_force)),
            )
        )
    }
    for index, id in enumerate(agreement_ids):
        if id not in in_force:
            raise InvalidState("This version is not in force.", path=("agreement_ids", index))
        if id in known:
            continue
        acceptance = AgreementAcceptance(
            distributor_id=user.distributor_id,
            tenant_id=user.tenant_id,
            tenant_path=user.tenant_path,
            agreement_id=id,
            kind=in_force[id].kind,
            version=in_force[id].version,
            user_id=user.id,
            account_id=account_id,
            ip=ip,
            created_at=clock.now,
            updated_at=clock.now,
        )
        session.add(acceptance)
        session.flush()
        announce(session, scope, "agreement.accepted", subject=acceptance, prefix="aac", at=clock.now)
        known[id] = acceptance
    session.flush()
    return [known[id] for id in dict.fromkeys(agreement_ids)]


def require_agreed(session: Session, owner: TenantRow, user_id: UUID, *kinds: AgreementKind) -> None:
    """See that a user has accepted what is in force for a tenant's customers. Raises AgreementRequired."""
    for kind in kinds:
        agreement = agreement_in_force(session, owner, kind)
        if agreement is None:
            continue
        accepted = session.scalar(
            select(AgreementAcceptance.id).where(
                AgreementAcceptance.distributor_id == agreement.distributor_id,
                AgreementAcceptance.user_id == user_id,
                AgreementAcceptance.agreement_id == agreement.id,
            )
        )
        if accepted is None:
            raise AgreementRequired(title=agreement.title, version=agreement.version)
