"""Numbers that people say: one series a tenant and kind, rising with creation."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ids import uuid7
from tenancy.models import Counter
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


def numbers_for(session: Session, owner: TenantRow, series: str, count: int) -> Sequence[str]:
    """The next `count` numbers of the tenant that owns `owner` (any row of that tenant), such as SO000017.

    The series is locked until the transaction ends, so that a later number is never committed before an earlier one.
    """
    counter = insert(Counter).values(
        id=uuid7(),
        distributor_id=owner.distributor_id,
        tenant_id=owner.tenant_id,
        tenant_path=owner.tenant_path,
        series=series,
        value=count,
    )
    last = session.scalars(
        counter.on_conflict_do_update(
            constraint="uq_counters_series",
            set_={"value": Counter.value + counter.excluded.value, "updated_at": func.now()},
        ).returning(Counter.value)
    ).one()
    return [f"{PREFIXES[series]}{value:06d}" for value in range(last - count + 1, last + 1)]


def number_for(session: Session, owner: TenantRow, series: str) -> str:
    """The next number of one series; see `numbers_for`."""
    return numbers_for(session, owner, series, 1)[0]
