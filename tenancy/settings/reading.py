"""What is in force for a tenant."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.orm import Session, SessionTransaction

from tenancy.models import TenantSetting
from tenancy.rows import TenantRow
from tenancy.scope import ancestors_of
from tenancy.sessions import ScopedSession
from tenancy.settings.registry import SETTINGS, Setting, SettingKey

__all__ = ["forget", "of", "of_each"]

T = TypeVar("T")

_READ = "settings that this transaction has read"


def of(session: Session, owner: TenantRow, setting: Setting[T]) -> T:
    """What is in force for the tenant that owns `owner` (any row of that tenant, or the tenant itself).

    Its own value, else that of the nearest tenant above from which it is inherited, else the default. One query a
    transaction and tenant, whatever is asked: what was read is kept until the transaction ends or sets something.
    """
    return of_each(session, [owner], setting)[owner.tenant_id]


def of_each(session: Session, owners: Sequence[TenantRow], setting: Setting[T]) -> dict[UUID, T]:
    """The same for the tenants of these rows of one distributor, by tenant: one query for all that are not known."""
    read: dict[str, Mapping[SettingKey, Any]] = session.info.setdefault(_READ, {})
    unknown = {owner.tenant_path for owner in owners if owner.tenant_path not in read}
    if unknown:
        read |= _given(session, owners[0].distributor_id, unknown)
    return {owner.tenant_id: cast("T", read[owner.tenant_path].get(setting.key, setting.default)) for owner in owners}


def forget(session: Session) -> None:
    """Read again when asked again."""
    session.info.pop(_READ, None)


@event.listens_for(ScopedSession, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    # A flush is a transaction of its own to the session; what was read holds on.
    if transaction.parent is None or transaction.nested:
        forget(session)


def _given(session: Session, distributor_id: UUID, paths: Collection[str]) -> dict[str, Mapping[SettingKey, Any]]:
    """What each of the tenants and those above it gave, by path."""
    places = {place for path in paths for place in (*ancestors_of(path), path)}
    rows = session.execute(
        select(TenantSetting.key, TenantSetting.value, TenantSetting.tenant_path)
        .where(TenantSetting.distributor_id == distributor_id, TenantSetting.tenant_path.in_(places))
        .order_by(TenantSetting.tenant_path)
    ).all()
    # From the top down: the nearest comes last and counts.
    return {
        path: {
            SettingKey(row.key): row.value
            for row in rows
            if row.tenant_path == path or (path.startswith(row.tenant_path) and SETTINGS[row.key].inherited)
        }
        for path in paths
    }
