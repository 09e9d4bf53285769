"""Numbers that people say: one series a tenant and kind, rising with creation, written as the tenant has set."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.ids import uuid7
from tenancy import settings
from tenancy.rows import TenantRow

__all__ = ["FORMATS", "number_for", "numbers_for", "written"]

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
    format = settings.of(session, owner, FORMATS[series])
    return [written(value, format) for value in range(last - count + 1, last + 1)]


def written(value: int, format: str) -> str:
    """A number in a format such as SO{000000}: the zeros are its least digits."""
    front, _, rest = format.partition("{")
    zeros, _, back = rest.partition("}")
    return f"{front}{value:0{len(zeros)}d}{back}"


def number_for(session: Session, owner: TenantRow, series: str) -> str:
    """The next number of one series; see `numbers_for`."""
    return numbers_for(session, owner, series, 1)[0]
