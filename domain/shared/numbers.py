"""Numbers that people say: one series a tenant and kind, rising with creation."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.ids import uuid7
from tenancy.rows import TenantRow

__all__ = ["PREFIXES", "number_for", "numbers_for"]

PREFIXES = {
    "accounts": "AC",
    "charges": "CH",
    "orders": "SO",
    "payments": "PM",
    "plans": "PL",
    "subscriptions": "SU",
}
"""What a series' numbers begin with."""


# As text: for a statement this frequent, putting it together took longer than running it.
_TAKE = text("""
INSERT INTO counters (distributor_id, id, tenant_id, tenant_path, series, value)
VALUES (:distributor_id, :id, :tenant_id, :tenant_path, :series, :count)
ON CONFLICT ON CONSTRAINT uq_counters_series
DO UPDATE SET value = counters.value + excluded.value, updated_at = now()
RETURNING value
""")


def numbers_for(session: Session, owner: TenantRow, series: str, count: int) -> Sequence[str]:
    """The next `count` numbers of the tenant that owns `owner` (any row of that tenant), such as SO000017.

    The series is locked until the transaction ends, so that a later number is never committed before an earlier one.
    """
    last: int = session.execute(
        _TAKE,
        {
            "distributor_id": owner.distributor_id,
            "id": uuid7(),
            "tenant_id": owner.tenant_id,
            "tenant_path": owner.tenant_path,
            "series": series,
            "count": count,
        },
    ).scalar_one()
    return [f"{PREFIXES[series]}{value:06d}" for value in range(last - count + 1, last + 1)]


def number_for(session: Session, owner: TenantRow, series: str) -> str:
    """The next number of one series; see `numbers_for`."""
    return numbers_for(session, owner, series, 1)[0]
