"""Service terms: the rules that plans' subscriptions live by. Everybody below the owner uses them read-only."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import Session

from domain.catalog.checks import check_whole, clean_key
from domain.catalog.errors import ServiceTermKeyTaken, TermComesFromAbove, TermComesFromVendor, TermInUse
from domain.catalog.models import ExpiredRenewal, Plan, Product, ServiceTerm, ServiceTermAccountType
from domain.catalog.products import ask_for_publication
from domain.catalog.queries import tenant_name
from domain.customers.models import Account, AccountKind, AccountType, HowDone
from domain.customers.terms import type_for
from domain.shared import outbox
from domain.shared.billing_policy import POLICIES, Needs
from domain.shared.errors import InvalidInput, InvalidState, NotFound
from domain.shared.periods import LAST_BILLING_DAY
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.messages import Field
from tenancy.models import Tenant
from tenancy.scope import Scope, ancestors_of
from tenancy.texts import clean_text

__all__ = [
    "ServiceTermChange",
    "change_term",
    "create_service_term",
    "require_may_order",
    "terms_closed_to",
    "update_service_term",
]

DAYS_LIMIT = 3650
"""Days of a term's points and periods."""
TYPES_LIMIT = 100
"""Account types that a term names."""

_DAYS = {
    "auto_renew_point_days": 0,
    "manual_renew_point_days": -1,
    "manual_switch_point_days": -1,
    "grace_period_days": 0,
    "stop_period_days": 0,
    "deletion_window_days": -1,
}
"""The least that each may be."""
EVERY_KIND = tuple(AccountKind)


@dataclass(frozen=True, slots=True)
class ServiceTermChange:
    """What becomes of a term: the fields that were given, by name."""

    given: Mapping[str, Any]


def create_service_term(
    session: Session,
    scope: Scope,
    *,
    name: str,
    key: str,
    billing_day: int = 1,
    auto_renew_point_days: int = 0,
    manual_renew_point_days: int = -1,
    manual_switch_point_days: int = -1,
    grace_period_days: int = 0,
    grace_on_prolongation: bool = False,
    stop_period_days: int = 30,
    deletion_window_days: int = 0,
    expired_renewal: ExpiredRenewal = ExpiredRenewal.CONSTANT,
    stop: HowDone = HowDone.AUTOMATIC,
    delete: HowDone = HowDone.AUTOMATIC,
    provisioning: HowDone = HowDone.AUTOMATIC,
    account_kinds: Sequence[AccountKind] = EVERY_KIND,
    account_type_ids: Sequence[UUID] = (),
    clock: Clock,
) -> ServiceTerm:
    """Add a term to the acting tenant; everybody below has it at once, read-only.

    Raises InvalidInput, NotFound for an account type; ServiceTermKeyTaken when the key is used anywhere above or
    below, naming the tenant.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    term = ServiceTerm(
        distributor_id=owner.distributor_id,
        tenant_id=owner.id,
        tenant_path=owner.tenant_path,
        name=clean_text(name, "name"),
        key=clean_key(key, "key"),
        billing_day=billing_day,
        auto_renew_point_days=auto_renew_point_days,
        manual_renew_point_days=manual_renew_point_days,
        manual_switch_point_days=manual_switch_point_days,
        grace_period_days=grace_period_days,
        grace_on_prolongation=grace_on_prolongation,
        stop_period_days=stop_period_days,
        deletion_window_days=deletion_window_days,
        expired_renewal=expired_renewal,
        stop=stop,
        delete=delete,
        provisioning=provisioning,
        account_kinds=_clean_kinds(account_kinds, "account_kinds"),
        created_at=clock.now,
        updated_at=clock.now,
    )
    _check_days(term)
    types = _account_types(session, owner, term, account_type_ids, "account_type_ids")
    _refuse_taken_key(session, scope, term)
    session.add(term)
    session.flush()
    session.add_all(_links(term, types, clock))
    session.flush()
    outbox.announce(session, scope, "service_term.created", subject=term, prefix="trm", at=clock.now)
    return term


def update_service_term(
    session: Session, scope: Scope, *, service_term_id: UUID, change: ServiceTermChange, clock: Clock
) -> ServiceTerm:
    """Change a term of the acting tenant; subscriptions live by it from now on, here and below.

    A subscription keeps the billing day of its order. The key stays for good. Of a vendor's term, what was published
    with it follows by a job.
    Raises NotFound, ActAsRequired; TermComesFromAbove, TermComesFromVendor; InvalidInput; TermInUse for a billing day
    that plans which have the term cannot live with.
    """
    term = _own_term(session, scope, service_term_id)
    if term.source_id is not None:
        raise TermComesFromVendor(term.key, path=("service_term_id",))
    change_term(session, scope, term, change, clock=clock)
    sold = (Plan.distributor_id == Product.distributor_id) & (Plan.product_id == Product.id)
    of_term = Plan.distributor_id == term.distributor_id, Plan.service_term_id == term.id, Plan.source_id.is_(None)
    for product in session.scalars(select(Product).where(exists().where(sold, *of_term)).order_by(Product.id)):
        ask_for_publication(session, product)
    return term


def change_term(
    session: Session, scope: Scope, term: ServiceTerm, change: ServiceTermChange, *, clock: Clock
) -> ServiceTerm:
    """Change a term of the acting tenant, wherever the change comes from. Raises InvalidInput, TermInUse."""
    wanted = dict(change.given)
    for field, value in wanted.items():
        if value is None:
            raise InvalidInput("{field} cannot be cleared.", path=("change", field))
    type_ids = wanted.pop("account_type_ids", None)
    if "name" in wanted:
        wanted["name"] = clean_text(wanted["name"], "change", "name")
    if "account_kinds" in wanted:
        wanted["account_kinds"] = _clean_kinds(wanted["account_kinds"], "change", "account_kinds")
    with session.no_autoflush:
        for field, value in wanted.items():
            setattr(term, field, value)
        _check_days(term, "change")
        if "billing_day" in wanted:
            _require_suitable_billing_day(session, term)
        owner = tenant_by_id(session, scope.tenant_id)
        kept = _type_ids_of(session, term) if type_ids is None else type_ids
        types = _account_types(session, owner, term, kept, "change", "account_type_ids")
    if type_ids is not None:
        of_term = ServiceTermAccountType.service_term_id == term.id
        session.execute(
            delete(ServiceTermAccountType).where(ServiceTermAccountType.distributor_id == term.distributor_id, of_term)
        )
        session.add_all(_links(term, types, clock))
    term.updated_at = clock.now
    session.flush()
    outbox.announce(session, scope, "service_term.updated", subject=term, prefix="trm", at=clock.now)
    return term


def require_may_order(session: Session, account: Account, term: ServiceTerm, *path: str | int) -> None:
    """Raise InvalidState when the term is not for accounts of this kind or type."""
    types = _type_ids_of(session, term) if account.kind is AccountKind.CUSTOM else ()
    if not _is_for(account, term, types):
        raise InvalidState(
            "Account {number} is {kind}: the service term {key} is not for accounts of its type.",
            number=account.number,
            kind=account.kind,
            key=term.key,
            path=path,
        )


def terms_closed_to(session: Session, scope: Scope, account: Account) -> list[UUID]:
    """The acting tenant's service terms, and those from above, that are not for accounts of this kind or type."""
    terms = session.scalars(
        select(ServiceTerm).where(
            ServiceTerm.distributor_id == account.distributor_id,
            ServiceTerm.tenant_path.in_((*ancestors_of(scope.path), scope.path)),
        )
    ).all()
    types: dict[UUID, set[UUID]] = defaultdict(set)
    if account.kind is AccountKind.CUSTOM:
        for link in session.execute(
            select(ServiceTermAccountType.service_term_id, ServiceTermAccountType.account_type_id).where(
                ServiceTermAccountType.distributor_id == account.distributor_id,
                ServiceTermAccountType.service_term_id.in_([term.id for term in terms]),
            )
        ):
            types[link.service_term_id].add(link.account_type_id)
    return [term.id for term in terms if not _is_for(account, term, types[term.id])]


def _is_for(account: Account, term: ServiceTerm, type_ids: Collection[UUID]) -> bool:
    """Whether an account may order what has this term; `type_ids`: those of the term, which CUSTOM accounts heed."""
    if account.kind not in term.account_kinds:
        return False
    return account.kind is not AccountKind.CUSTOM or not type_ids or account.account_type_id in type_ids


def _own_term(session: Session, scope: Scope, id: UUID) -> ServiceTerm:
    path = ("service_term_id",)
    term = session.scalars(
        select(ServiceTerm).where(
            ServiceTerm.distributor_id == scope.distributor_id, ServiceTerm.id == id, _of_chain(scope)
        )
    ).one_or_none()
    if term is None:
        raise NotFound(*path)
    if term.tenant_path in scope.ancestors:
        owner = tenant_name(session, term.distributor_id, term.tenant_id)
        raise TermComesFromAbove(term.key, owner, path=path)
    scope.require_own(term.tenant_id, term.tenant_path, *path)
    return session.scalars(
        select(ServiceTerm)
        .where(ServiceTerm.distributor_id == term.distributor_id, ServiceTerm.id == term.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def _of_chain(scope: Scope) -> Any:
    return or_(
        (ServiceTerm.tenant_path >= scope.lo) & (ServiceTerm.tenant_path < scope.hi),
        ServiceTerm.tenant_path.in_(scope.ancestors),
    )


def _check_days(term: ServiceTerm, *path: str | int) -> None:
    check_whole(term.billing_day, *path, "billing_day", least=1, most=LAST_BILLING_DAY)
    for field, least in _DAYS.items():
        check_whole(getattr(term, field), *path, field, least=least, most=DAYS_LIMIT)
    if term.manual_renew_point_days != -1 and term.manual_renew_point_days < term.auto_renew_point_days:
        raise InvalidInput(
            "{field} must be -1 (always) or at least {other}, which is {least}; got {value}.",
            other=Field("auto_renew_point_days"),
            least=term.auto_renew_point_days,
            value=term.manual_renew_point_days,
            path=(*path, "manual_renew_point_days"),
        )


def _clean_kinds(kinds: Sequence[AccountKind], *path: str | int) -> list[AccountKind]:
    """Each once, in their usual order."""
    if not kinds:
        raise InvalidInput("{field} is empty: nobody could order.", path=path)
    return [kind for kind in AccountKind if kind in kinds]


def _account_types(
    session: Session, owner: Tenant, term: ServiceTerm, ids: Sequence[UUID], *path: str | int
) -> list[AccountType]:
    if len(ids) > TYPES_LIMIT:
        raise InvalidInput(
            "{field} has {count} items; at most {limit} are allowed.", count=len(ids), limit=TYPES_LIMIT, path=path
        )
    if ids and AccountKind.CUSTOM not in term.account_kinds:
        raise InvalidInput("{field} is for terms that CUSTOM accounts may have.", path=path)
    return [type_for(session, owner, id, *path, at) for at, id in enumerate(dict.fromkeys(ids))]


def _type_ids_of(session: Session, term: ServiceTerm) -> Sequence[UUID]:
    return session.scalars(
        select(ServiceTermAccountType.account_type_id)
        .where(
            ServiceTermAccountType.distributor_id == term.distributor_id,
            ServiceTermAccountType.service_term_id == term.id,
        )
        .order_by(ServiceTermAccountType.id)
    ).all()


def _links(term: ServiceTerm, types: Sequence[AccountType], clock: Clock) -> list[ServiceTermAccountType]:
    return [
        ServiceTermAccountType(
            distributor_id=term.distributor_id,
            tenant_id=term.tenant_id,
            tenant_path=term.tenant_path,
            service_term_id=term.id,
            account_type_id=type_.id,
            created_at=clock.now,
            updated_at=clock.now,
        )
        for type_ in types
    ]


def _require_suitable_billing_day(session: Session, term: ServiceTerm) -> None:
    """Some billing types need billing day 1: none of their plans may have a term with another."""
    if term.billing_day == 1:
        return
    needy = [type_ for type_, policy in POLICIES.items() if policy.needs is Needs.BILLING_DAY_1_PERIOD_1_MONTH]
    plan = session.execute(
        select(Plan.number, Plan.billing_type)
        .where(
            Plan.distributor_id == term.distributor_id,
            Plan.service_term_id == term.id,
            Plan.billing_type.in_(needy),
        )
        .order_by(Plan.tenant_path, Plan.number)
        .limit(1)
    ).one_or_none()
    if plan is not None:
        raise TermInUse(plan.number, plan.billing_type, path=("change", "billing_day"))


def _refuse_taken_key(session: Session, scope: Scope, term: ServiceTerm) -> None:
    # Two tenants of one chain may choose the same key at the same time, and neither sees the other's uncommitted row:
    # the second waits here until the first has committed.
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"service_term:{term.distributor_id}:{term.key}", 0)))
    )
    taken = session.scalars(
        select(ServiceTerm).where(
            ServiceTerm.distributor_id == term.distributor_id, ServiceTerm.key == term.key, _of_chain(scope)
        )
    ).first()
    if taken is None:
        return
    owner = tenant_name(session, taken.distributor_id, taken.tenant_id)
    raise ServiceTermKeyTaken(term.key, owner, levels=len(taken.tenant_path) - len(term.tenant_path))
