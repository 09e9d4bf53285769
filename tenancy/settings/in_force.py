"""What is in force, as SQL: one row a tenant and setting, with where it comes from. Lists ask here, the domain `of`."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Integer,
    Text,
    Uuid,
    and_,
    cast,
    column,
    func,
    or_,
    select,
    true,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped
from sqlalchemy.sql.selectable import Subquery

from db.base import Base
from tenancy.models import Tenant, TenantSetting
from tenancy.scope import SEGMENT
from tenancy.settings.registry import SETTINGS, Setter

__all__ = ["SettingInForce"]


def _in_force() -> Subquery:
    tenants, given = Tenant.__table__, TenantSetting.__table__
    known = (
        values(
            column("key", Text),
            column("type", Text),
            column("options", Text),
            column("fallback", Text),
            column("inherited", Boolean),
            column("by_distributor", Boolean),
            name="known",
        )
        .data(
            [
                (
                    str(each.key),
                    str(each.kind.type),
                    json.dumps(each.kind.options),
                    None if each.default is None else json.dumps(each.default),
                    each.inherited,
                    each.setter is Setter.DISTRIBUTOR,
                )
                for each in SETTINGS.values()
            ]
        )
        .alias("known")
    )
    # Along the chain, place by place: each is one look into the index.
    places = func.generate_series(0, tenants.c.level).table_valued(column("level", Integer), name="places")
    places = places.render_derived()
    place = func.left(tenants.c.tenant_path, (places.c.level + 1) * SEGMENT)
    nearest = (
        select(given.c.tenant_id, given.c.tenant_path, given.c.value, given.c.set_by_id, given.c.updated_at)
        .select_from(places)
        .join(
            given,
            and_(
                given.c.distributor_id == tenants.c.distributor_id,
                given.c.key == known.c.key,
                given.c.tenant_path == place,
                or_(given.c.tenant_path == tenants.c.tenant_path, and_(given.c.inherited, known.c.inherited)),
            ),
        )
        .order_by(places.c.level.desc())
        .limit(1)
        .lateral("nearest")
    )
    return (
        select(
            tenants.c.distributor_id,
            cast(func.md5(cast(tenants.c.id, Text) + known.c.key), Uuid).label("id"),
            tenants.c.id.label("tenant_id"),
            tenants.c.tenant_path,
            known.c.key,
            known.c.type,
            cast(known.c.options, JSON).label("options"),
            cast(known.c.fallback, JSONB).label("fallback"),
            known.c.inherited,
            or_(~known.c.by_distributor, tenants.c.parent_id.is_(None)).label("settable"),
            nearest.c.value,
            nearest.c.tenant_id.label("source_id"),
            nearest.c.tenant_path.label("source_path"),
            nearest.c.set_by_id,
            nearest.c.updated_at.label("set_at"),
        )
        .select_from(tenants)
        .join(known, true())
        .outerjoin(nearest, true())
        .subquery("settings_in_force")
    )


class SettingInForce(Base):
    """A setting as one tenant lives by it: no table, but read like one.

    `value` is null where nothing is set, here or above; `fallback` is the default then.
    """

    __table__ = _in_force()
    __mapper_args__: Any = {"primary_key": [__table__.c.id]}  # noqa: RUF012 - as SQLAlchemy declares it

    key: Mapped[str]
    tenant_id: Mapped[UUID]
