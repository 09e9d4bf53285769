"""Account classes and types: how groups of customers pay, and what sorts of customers there are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.customers.models import AccountClass, AccountType, HowDone, PaymentModel
from domain.shared.decimals import clean_decimal, plain
from domain.shared.errors import InvalidInput, InvalidState, KeyTaken, NotFound
from domain.shared.outbox import announce
from domain.shared.rows import locked
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.models import Tenant
from tenancy.scope import Scope, ancestors_of
from tenancy.texts import clean_text

__all__ = ["ClassTerms", "class_for", "create_account_class", "create_account_type", "type_for", "update_account_class"]

_KEY = re.compile(r"[a-z0-9_]{1,100}")
MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class ClassTerms:
    """The parameters of an account class; amounts are in the currency of the account that has it."""

    payment_model: PaymentModel = PaymentModel.PREPAY
    stop: HowDone = HowDone.AUTOMATIC
    delete: HowDone = HowDone.AUTOMATIC
    threshold: Decimal = Decimal(0)
    pays_below_zero: bool = False
    subzero_days: int = 0
    cancel_unpaid_days: int = 14
    credit_limit: Decimal | None = None
    payment_expiration_days: int = 14
    guaranteed_limit: Decimal | None = None
    guaranteed_days: int | None = None

    def cleaned(self, *path: str | int) -> Mapping[str, object]:
        """The columns. Raises InvalidInput for what cannot be."""
        for name, least in (("subzero_days", -1), ("cancel_unpaid_days", 1), ("payment_expiration_days", 1)):
            _require_days(getattr(self, name), least, *path, name)
        if self.guaranteed_days is not None:
            _require_days(self.guaranteed_days, 1, *path, "guaranteed_days")
        if (self.guaranteed_limit is None) != (self.guaranteed_days is None):
            raise InvalidInput(
                "A guaranteed payment has both a limit and days, or neither.", path=(*path, "guaranteed_days")
            )
        amounts = {name: self._amount(name, *path) for name in ("threshold", "credit_limit", "guaranteed_limit")}
        return {**{name: getattr(self, name) for name in self.__slots__}, **amounts}

    def _amount(self, name: str, *path: str | int) -> Decimal | None:
        value: Decimal | None = getattr(self, name)
        if value is None:
            return None
        value = clean_decimal(value, *path, name, digits=4)
        if not 0 <= value < Decimal(10) ** 12:
            raise InvalidInput(
                "{field} must be from 0 to below 1000000000000, got {value}.", value=plain(value), path=(*path, name)
            )
        return value


def _require_days(days: int, least: int, *path: str | int) -> None:
    if not least <= days <= MOST_DAYS:
        raise InvalidInput(
            "{field} must be from {least} to {most}, got {value}.", least=least, most=MOST_DAYS, value=days, path=path
        )


def create_account_class(
    session: Session,
    scope: Scope,
    *,
    key: str,
    name: str,
    default: bool = False,
    terms: ClassTerms = ClassTerms(),
    clock: Clock,
) -> AccountClass:
    """Add a class for the acting tenant's customers and, read-only, those of everybody below.

    A new default takes the place of the acting tenant's one before. Raises InvalidInput, KeyTaken.
    """
    tenant = tenant_by_id(session, scope.tenant_id)
    _require_new_key(session, tenant, AccountClass, key)
    if default:
        _no_default(session, tenant)
    made = AccountClass(
        **_owner(tenant),
        key=key,
        name=clean_text(name, "name"),
        default=default,
        **terms.cleaned("terms"),
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(made)
    session.flush()
    announce(session, scope, "account_class.created", subject=made, prefix="acl", at=clock.now)
    session.flush()
    return made


def update_account_class(
    session: Session,
    scope: Scope,
    *,
    account_class_id: UUID,
    name: str | None = None,
    default: bool | None = None,
    terms: ClassTerms | None = None,
    clock: Clock,
) -> AccountClass:
    """Change a class of the acting tenant; its accounts live by it from now on. `terms` replaces all of them.

    Raises NotFound, InvalidState for one from above, InvalidInput.
    """
    tenant = tenant_by_id(session, scope.tenant_id)
    seen = class_for(session, tenant, account_class_id, "account_class_id")
    if seen.tenant_id != tenant.id:
        raise InvalidState("{key} comes from upstream and is read-only.", key=seen.key, path=("account_class_id",))
    if default:
        _no_default(session, tenant)
    found = locked(session, AccountClass, seen.distributor_id, [seen.id])[seen.id]
    found.name = found.name if name is None else clean_text(name, "name")
    found.default = found.default if default is None else default
    for column, value in ({} if terms is None else terms.cleaned("terms")).items():
        setattr(found, column, value)
    found.version += 1
    found.updated_at = clock.now
    announce(session, scope, "account_class.changed", subject=found, prefix="acl", at=clock.now)
    session.flush()
    return found


def create_account_type(
    session: Session, scope: Scope, *, key: str, name: str, company: bool = True, clock: Clock
) -> AccountType:
    """Add a sort of customer besides persons and companies, also for everybody below. Raises InvalidInput, KeyTaken."""
    tenant = tenant_by_id(session, scope.tenant_id)
    _require_new_key(session, tenant, AccountType, key)
    made = AccountType(
        **_owner(tenant),
        key=key,
        name=clean_text(name, "name"),
        company=company,
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(made)
    session.flush()
    announce(session, scope, "account_type.created", subject=made, prefix="aty", at=clock.now)
    session.flush()
    return made


def class_for(session: Session, tenant: Tenant, id: UUID, *path: str | int) -> AccountClass:
    """A class that accounts of the tenant may have: its own or one from above. Raises NotFound."""
    found = session.scalars(
        select(AccountClass).where(
            AccountClass.distributor_id == tenant.distributor_id,
            AccountClass.id == id,
            AccountClass.tenant_path.in_((*ancestors_of(tenant.tenant_path), tenant.tenant_path)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(*path)
    return found


def type_for(session: Session, tenant: Tenant, id: UUID, *path: str | int) -> AccountType:
    """An active type that accounts of the tenant may have: its own or one from above. Raises NotFound."""
    found = session.scalars(
        select(AccountType).where(
            AccountType.distributor_id == tenant.distributor_id,
            AccountType.id == id,
            AccountType.active,
            AccountType.tenant_path.in_((*ancestors_of(tenant.tenant_path), tenant.tenant_path)),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(*path)
    return found


def _require_new_key(session: Session, tenant: Tenant, table: type[AccountClass] | type[AccountType], key: str) -> None:
    """Neither the tenant nor anybody above it has one with this key."""
    if not _KEY.fullmatch(key):
        raise InvalidInput("{field} must be made of a-z, 0-9 and _, got {value}.", value=key, path=("key",))
    taken = session.scalar(
        select(table.id).where(
            table.distributor_id == tenant.distributor_id,
            table.key == key,
            table.tenant_path.in_((*ancestors_of(tenant.tenant_path), tenant.tenant_path)),
        )
    )
    if taken is not None:
        raise KeyTaken("There is one with the key {key} already.", key=key, path=("key",))


def _no_default(session: Session, tenant: Tenant) -> None:
    session.execute(
        update(AccountClass)
        .where(
            AccountClass.distributor_id == tenant.distributor_id,
            AccountClass.tenant_id == tenant.id,
            AccountClass.default,
        )
        .values(default=False)
    )


def _owner(tenant: Tenant) -> dict[str, object]:
    return {"distributor_id": tenant.distributor_id, "tenant_id": tenant.id, "tenant_path": tenant.tenant_path}
