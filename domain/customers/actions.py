"""Adding and changing customers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.customers.agreements import require_agreed
from domain.customers.details import clean_details, require_company_name
from domain.customers.members import choose, join, write_name
from domain.customers.models import Account, AccountKind, AgreementKind, Membership, PaymentModel, User
from domain.customers.queries import account_for_update
from domain.customers.terms import class_for, type_for
from domain.shared.errors import InvalidInput, NotFound, Stale
from domain.shared.numbers import number_for
from domain.shared.outbox import announce
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.models import Manager, Tenant
from tenancy.permissions import AccessLevel
from tenancy.scope import Scope
from tenancy.texts import clean_email, clean_text

__all__ = ["AccountChange", "create_account", "open_account", "update_account"]


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What becomes of an account: what is not among `given` stays, None clears."""

    given: Mapping[str, object] = field(default_factory=dict)


_TERMS = {"kind", "account_type_id", "account_class_id", "manager_id", "microsoft"}
"""What only the seller decides."""


def create_account(
    session: Session,
    scope: Scope,
    *,
    name: str,
    email: str,
    payment_model: PaymentModel = PaymentModel.PREPAY,
    kind: AccountKind = AccountKind.BUSINESS,
    account_type_id: UUID | None = None,
    account_class_id: UUID | None = None,
    manager_id: UUID | None = None,
    microsoft: bool = False,
    owner_id: UUID | None = None,
    clock: Clock,
    **details: str | None,
) -> Account:
    """Add a customer to the acting tenant, with an empty balance in the tenant's currency.

    `owner_id`: a user of the tenant who is to own it. `details`: see `domain.customers.details`.
    Raises NotFound, also when nobody acts for a tenant, ActAsRequired, InvalidInput.
    """
    tenant = tenant_by_id(session, scope.tenant_id)
    account = Account(
        distributor_id=tenant.distributor_id,
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        number="",
        name=clean_text(name, "name"),
        email=clean_email(email, "email"),
        payment_model=payment_model,
        currency=tenant.currency,
        microsoft=microsoft,
        version=1,
        created_at=clock.now,
        updated_at=clock.now,
        **clean_details(details),
    )
    _set_kind(session, tenant, account, kind, account_type_id)
    _set_terms(session, scope, tenant, account, account_class_id=account_class_id, manager_id=manager_id)
    require_company_name(session, account, "name")
    account.number = number_for(session, tenant, "accounts")
    session.add(account)
    session.flush()
    write_name(session, account)
    announce(session, scope, "account.created", subject=account, prefix="acc", at=clock.now)
    session.flush()
    if owner_id is not None:
        join(session, scope, account, own(session, scope, User, owner_id, "owner_id"), AccessLevel.OWNER, clock=clock)
    return account


def open_account(
    session: Session, scope: Scope, *, token_id: UUID, name: str, email: str | None = None, clock: Clock
) -> tuple[Account, Membership]:
    """Let the user of the scope have an account of its own; with this token or session it works there from here on.

    `email`: default the user's. Raises NotFound, InvalidInput, AgreementRequired (privacy policy).
    """
    customer = scope.customer
    user = None if customer is None else session.get(User, (scope.distributor_id, customer.user_id))
    if user is None:
        raise NotFound
    require_agreed(session, user, user.id, AgreementKind.PRIVACY_POLICY)
    account = create_account(session, scope, name=name, email=email or user.email, clock=clock)
    membership = join(session, scope, account, user, AccessLevel.OWNER, clock=clock)
    choose(session, membership, token_id=token_id)
    return account, membership


def update_account(
    session: Session,
    scope: Scope,
    *,
    account_id: UUID,
    change: AccountChange,
    if_version: int | None = None,
    clock: Clock,
) -> Account:
    """Rename an account, change what is written about it, or what its seller has decided for it.

    Raises NotFound, ActAsRequired, Stale, InvalidInput.
    """
    account = account_for_update(session, scope, account_id, "account_id")
    if if_version is not None and account.version != if_version:
        raise Stale(
            "Account {number} has version {version}, not {expected}.",
            number=account.number,
            version=account.version,
            expected=if_version,
            path=("if_version",),
        )
    tenant = tenant_by_id(session, account.tenant_id)
    given = dict(change.given)
    for column, clean in (("name", clean_text), ("email", clean_email)):
        if column in given:
            text = given.pop(column)
            if not isinstance(text, str):
                raise InvalidInput("{field} cannot be empty.", path=("change", column))
            setattr(account, column, clean(text, "change", column))
    terms = {name: given.pop(name) for name in _TERMS & set(given)}
    for column, value in clean_details(given, "change").items():  # type: ignore[arg-type]
        setattr(account, column, value)
    if "kind" in terms or "account_type_id" in terms:
        kind = terms.get("kind") or account.kind
        _set_kind(session, tenant, account, kind, terms.get("account_type_id"), "change")  # type: ignore[arg-type]
    if "microsoft" in terms:
        account.microsoft = bool(terms["microsoft"])
    for name in ("account_class_id", "manager_id"):
        if name in terms:
            _set_terms(session, scope, tenant, account, "change", **{name: terms[name]})  # type: ignore[arg-type]
            if terms[name] is None:
                setattr(account, name, None)
    require_company_name(session, account, "change", "name")
    account.version += 1
    account.updated_at = clock.now
    write_name(session, account)
    announce(session, scope, "account.changed", subject=account, prefix="acc", at=clock.now)
    session.flush()
    return account


def _set_kind(
    session: Session,
    tenant: Tenant,
    account: Account,
    kind: AccountKind,
    type_id: UUID | None,
    *path: str | int,
) -> None:
    if (kind is AccountKind.CUSTOM) != (type_id is not None):
        raise InvalidInput("CUSTOM and a type go together.", path=(*path, "account_type_id"))
    account.kind = kind
    account.account_type_id = (
        None if type_id is None else type_for(session, tenant, type_id, *path, "account_type_id").id
    )


def _set_terms(
    session: Session,
    scope: Scope,
    tenant: Tenant,
    account: Account,
    *path: str | int,
    account_class_id: UUID | None = None,
    manager_id: UUID | None = None,
) -> None:
    if account_class_id is not None:
        account.account_class_id = class_for(session, tenant, account_class_id, *path, "account_class_id").id
    if manager_id is not None:
        known = session.scalar(
            select(Manager.id).where(
                Manager.distributor_id == tenant.distributor_id,
                Manager.tenant_id == tenant.id,
                Manager.id == manager_id,
            )
        )
        if known is None or scope.customer is not None:
            raise NotFound(*path, "manager_id")
        account.manager_id = known
