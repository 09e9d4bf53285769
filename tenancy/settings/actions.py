"""Setting and resetting."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tenancy.clock import Clock
from tenancy.errors import InvalidInput
from tenancy.hierarchy import tenant_by_id
from tenancy.models import Tenant, TenantSetting
from tenancy.scope import Scope
from tenancy.settings.reading import forget
from tenancy.settings.registry import SETTINGS, Setter, Setting, SettingKey

__all__ = ["reset_setting", "set_setting"]


def set_setting(
    session: Session,
    scope: Scope,
    *,
    key: SettingKey,
    text: str | None = None,
    boolean: bool | None = None,
    number: int | None = None,
    texts: list[str] | None = None,
    clock: Clock,
) -> Tenant:
    """Let the acting tenant live by this value, and those below who inherit it. Returns the tenant.

    The value stands in the one field that the setting's kind takes. Raises NotFound (the platform has no settings),
    InvalidInput.
    """
    tenant = tenant_by_id(session, scope.tenant_id)
    setting = _settable(tenant, key)
    value = _value(setting, {"text": text, "boolean": boolean, "number": number, "texts": texts})
    row = session.scalars(
        select(TenantSetting)
        .where(
            TenantSetting.distributor_id == tenant.distributor_id,
            TenantSetting.tenant_id == tenant.id,
            TenantSetting.key == key,
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        row = TenantSetting(
            distributor_id=tenant.distributor_id,
            tenant_id=tenant.id,
            tenant_path=tenant.tenant_path,
            key=key,
            created_at=clock.now,
        )
        session.add(row)
    row.value = value
    row.inherited = setting.inherited
    row.set_by_id = scope.actor_id
    row.updated_at = clock.now
    session.flush()
    forget(session)
    return tenant


def reset_setting(session: Session, scope: Scope, *, key: SettingKey) -> Tenant:
    """Let the acting tenant live by what it inherits, else by the default. Nothing happens where it has set nothing.

    Returns the tenant. Raises NotFound, InvalidInput.
    """
    tenant = tenant_by_id(session, scope.tenant_id)
    _settable(tenant, key)
    session.execute(
        delete(TenantSetting)
        .where(
            TenantSetting.distributor_id == tenant.distributor_id,
            TenantSetting.tenant_id == tenant.id,
            TenantSetting.key == key,
        )
        .execution_options(synchronize_session="fetch")
    )
    forget(session)
    return tenant


def _settable(tenant: Tenant, key: SettingKey) -> Setting[Any]:
    setting = SETTINGS[key]
    if setting.setter is Setter.DISTRIBUTOR and tenant.parent_id is not None:
        raise InvalidInput("{key} is set by the distributor for everybody below.", key=key, path=("key",))
    return setting


def _value(setting: Setting[Any], given: dict[str, Any]) -> Any:
    present = [field for field, value in given.items() if value is not None]
    wanted = setting.kind.field
    if wanted not in present:
        raise InvalidInput(
            "{key} takes its value in {wanted}, which is missing.", key=setting.key, wanted=wanted, path=(wanted,)
        )
    for field in present:
        if field != wanted:
            raise InvalidInput(
                "{key} takes its value in {wanted}, not in {field}.",
                key=setting.key,
                wanted=wanted,
                field=field,
                path=(field,),
            )
    return setting.kind.checked(given[wanted], setting.key)
