"""What is in force for a tenant."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tenancy.models import TenantSetting
from tenancy.rows import TenantRow
from tenancy.scope import ancestors_of
from tenancy.sessions import ScopedSession
from tenancy.settings.registry import SETTINGS, Setting, SettingKey

__all__ = ["forget", "of"]

T = TypeVar("T")

_READ = "settings that this transaction has read"


def of(session: Session, owner: TenantRow, setting: Setting[T]) -> T:
    """What is in force for the tenant that owns `owner` (any row of that tenant, or the tenant itself).

    Its own value, else that of the nearest tenant above from which it is inherited, else the default. One query a
    transaction and tenant, whatever is asked: what was read is kept until the transaction ends or sets something.
    """
    read: dict[tuple[UUID, str], Mapping[SettingKey, Any]] = session.info.setdefault(_READ, {})
    place = (owner.distributor_id, owner.tenant_path)
    if place not in read:
        read[place] = _given(session, *place)
    return cast("T", read[place].get(setting.key, setting.default))


def forget(session: Session) -> None:
    """Read again when asked again."""
    session.info.pop(_READ, None)


@event.listens_for(ScopedSession, "after_transaction_end")
def _forget(session: Session, _transaction: object) -> None:
    forget(session)


def _given(session: Session, distributor_id: UUID, path: str) -> Mapping[SettingKey, Any]:
    rows = session.execute(
        select(TenantSetting.key, TenantSetting.value, TenantSetting.tenant_path).where(
            TenantSetting.distributor_id == distributor_id,
            TenantSetting.tenant_path.in_((*ancestors_of(path), path)),
        )
    ).all()
    # From the top down: the nearest comes last and counts.
    return {
        SettingKey(key): value
        for key, value, place in sorted(rows, key=lambda row: len(row.tenant_path))
        if place == path or SETTINGS[key].inherited
    }
