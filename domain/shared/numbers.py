"""Numbers that people say: one series a tenant and kind, rising with creation, written as the tenant has set."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.ids import uuid7
from tenancy import settings
from tenancy.rows import TenantRow

__all__ = ["FORMATS", "could_be_written", "number_for", "numbers_for", "numbers_of_each", "written"]

FORMATS = {
    "accounts": settings.ACCOUNT_NUMBERS,
    "charges": settings.CHARGE_NUMBERS,
    "orders": settings.ORDER_NUMBERS,
    "payments": settings.PAYMENT_NUMBERS,
    "plans": settings.PLAN_NUMBERS,
    "subscriptions": settings.SUBSCRIPTION_NUMBERS,
}
"""The setting that says how a series' numbers are written."""


# As text: for a statement this frequent, putting it together took longer than running it.
_TAKE = text("""
INSERT INTO counters (distributor_id, id, tenant_id, tenant_path, series, value)
SELECT :distributor_id, asked.id, asked.tenant_id, asked.tenant_path, :series, asked.count
  FROM unnest(CAST(:ids AS uuid[]), CAST(:tenant_ids AS uuid[]), CAST(:paths AS text[]), CAST(:counts AS bigint[]))
       AS asked (id, tenant_id, tenant_path, count)
ON CONFLICT ON CONSTRAINT uq_counters_series
DO UPDATE SET value = counters.value + excluded.value, updated_at = now()
RETURNING tenant_id, value
""")


def numbers_for(session: Session, owner: TenantRow, series: str, count: int) -> Sequence[str]:
    """The next `count` numbers of the tenant that owns `owner` (any row of that tenant), such as SO000017.

    The series is locked until the transaction ends, so that a later number is never committed before an earlier one.
    """
    return numbers_of_each(session, [owner] * count, series)


def numbers_of_each(session: Session, owners: Sequence[TenantRow], series: str) -> list[str]:
    """The next number for each of these rows of one distributor, in their order, from the series of its tenant.

    One statement for all tenants. Tenants in id order, because each series is locked until the transaction ends.
    """
    if not owners:
        return []
    tenants = {owner.tenant_id: owner for owner in sorted(owners, key=lambda owner: owner.tenant_id)}
    counts = Counter(owner.tenant_id for owner in owners)
    taken = session.execute(
        _TAKE,
        {
            "distributor_id": owners[0].distributor_id,
            "ids": [uuid7() for _ in tenants],
            "tenant_ids": list(tenants),
            "paths": [owner.tenant_path for owner in tenants.values()],
            "counts": [counts[id] for id in tenants],
            "series": series,
        },
    )
    formats = settings.of_each(session, list(tenants.values()), FORMATS[series])
    following = {row.tenant_id: itertools.count(row.value - counts[row.tenant_id] + 1) for row in taken}
    return [written(next(following[owner.tenant_id]), formats[owner.tenant_id]) for owner in owners]


def written(value: int, format: str) -> str:
    """A number in a format such as SO{000000}: the zeros are its least digits."""
    front, _, rest = format.partition("{")
    zeros, _, back = rest.partition("}")
    return f"{front}{value:0{len(zeros)}d}{back}"


def could_be_written(session: Session, owner: TenantRow, series: str, number: str) -> bool:
    """Whether the tenant's series writes this number, or will one day. It is locked until the transaction ends."""
    session.execute(_LOCK, {"distributor_id": owner.distributor_id, "tenant_id": owner.tenant_id, "series": series})
    front, _, rest = settings.of(session, owner, FORMATS[series]).partition("{")
    zeros, _, back = rest.partition("}")
    return re.fullmatch(rf"{re.escape(front)}\d{{{len(zeros)},}}{re.escape(back)}", number, re.ASCII) is not None


_LOCK = text(
    "SELECT value FROM counters WHERE distributor_id = :distributor_id AND tenant_id = :tenant_id AND series = :series"
    " FOR UPDATE"
)


def number_for(session: Session, owner: TenantRow, series: str) -> str:
    """The next number of one series; see `numbers_for`."""
    return numbers_for(session, owner, series, 1)[0]
