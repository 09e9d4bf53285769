"""What was done, by whom."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import Text, case, cast, func, literal, select, true
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import JSONB
from strawberry import UNSET

from domain.audit import models
from resolvers.reading import (
    VIEWER,
    Node,
    column,
    document,
    filters,
    part,
    public_id,
    reads,
    related,
    sql,
    subject,
    tenant_public_id,
    where_told,
)
from resolvers.reading.declarations import reads_of
from schema.accounts import Account
from schema.catalog import Plan, PlanPeriod, PlanResource
from schema.charges import Charge, ResellerCharge
from schema.common import DateTimeFilter, IDFilter, StringFilter
from schema.default_markups import DefaultMarkup
from schema.discounts import Discount, ResellerDiscount
from schema.enums import AuditVerb
from schema.exchange_rates import ExchangeRate
from schema.jobs import Job
from schema.orders import Order, Payment
from schema.people import Actor, Manager
from schema.products import ServiceTerm
from schema.references import TenantRef
from schema.subscriptions import ServiceSubscription, SubscriptionResource
from schema.taxes import Tax

__all__ = ["AuditChange", "AuditEntry", "AuditEntryFilter", "FieldChange"]

_NODES: tuple[type, ...] = (
    Account,
    Charge,
    DefaultMarkup,
    Discount,
    ExchangeRate,
    Manager,
    Order,
    Payment,
    Plan,
    PlanPeriod,
    PlanResource,
    ResellerCharge,
    ResellerDiscount,
    ServiceSubscription,
    ServiceTerm,
    SubscriptionResource,
    Tax,
)


def _prefix(row: Any) -> Any:
    """The prefix of the subject's public id; null where it has none."""
    known = [found for each in _NODES if (found := reads_of(each)) is not None and found.prefix is not None]
    tenant = func.left(tenant_public_id(row.subject_id, row.distributor_id), 3)
    return case(
        (row.subject == literal("tenants", Text()), tenant),
        *((row.subject == literal(each.table.name, Text()), literal(each.prefix, Text())) for each in known),
    )


def _change(row: Any) -> Any:
    """How many rows, and their fields in alphabetical order."""
    each = func.jsonb_each(row.changes).table_valued(
        sql_column("key", Text()), sql_column("value", JSONB()), name="each"
    )
    fields = select(
        func.jsonb_agg(
            func.jsonb_build_object(
                literal("field", Text()),
                each.c.key,
                literal("before", Text()),
                each.c.value.op("->")(literal(0)),
                literal("after", Text()),
                each.c.value.op("->")(literal(1)),
            ).op("ORDER BY")(each.c.key)
        )
    ).scalar_subquery()
    return func.jsonb_build_object(
        literal("rows", Text()),
        row.count,
        literal("fields", Text()),
        func.coalesce(fields, cast(literal("[]", Text()), JSONB())),
    )


@strawberry.type
class FieldChange:
    """One field of a row that changed."""

    field: str = part()
    """What it is called in the database, such as expires_on."""
    before: str | None = part()
    """What it was, as text, at most 500 characters; null: nothing. Secrets are ***."""
    after: str | None = part()
    """What it is since, in the same way."""


@strawberry.type
class AuditChange:
    """What changed."""

    rows: int = part()
    """1; more for a statement that changed over 100 rows, which are not told one by one; 0 where none did."""
    fields: list[FieldChange] = part()
    """The fields that changed, by name; empty where several rows did."""


@strawberry.type
@reads(models.AuditEntry, "aud")
class AuditEntry(Node):
    """One thing that was done, written by the transaction that did it, and never changed or removed since.

    A tenant sees what was done to its rows and to those below.
    """

    at: datetime = column(models.AuditEntry.created_at)
    """When, in real time, also in a sandbox."""
    verb: AuditVerb = column(models.AuditEntry.verb)
    """What was done."""
    operation: str | None = column(models.AuditEntry.operation)
    """The mutation, such as topUp, or the job, such as billing.run_day; null: a command of the platform."""
    actor: Actor | None = subject(models.AuditEntry.actor_kind, models.AuditEntry.actor_id)
    """Who did it; null for jobs and commands, and when the one who did it is above you."""
    acted_as: TenantRef | None = related(lambda row: row.acted_as_id)
    """The tenant acted as by Headwater-Act-As; null when acting for one's own."""
    tenant: TenantRef = related(lambda row: row.tenant_id)
    """Whose row it was done to."""
    subject_kind: str | None = column(models.AuditEntry.subject)
    """What kind of row, such as subscriptions; null where none changed."""
    subject_id: strawberry.ID | None = sql(lambda row: public_id(_prefix(row), row.subject_id))
    """The row's id, also of one that is gone; null where several rows changed, or none, or one without an id."""
    subject: Node | None = subject(_prefix, models.AuditEntry.subject_id)
    """The row as it is now; null when it is gone or not yours to read."""
    change: AuditChange = document(_change)
    """What changed."""
    job: Job | None = related(lambda row: row.job_id)
    """The job that did it; null: none, or one of a tenant above you."""
    request_id: str | None = column(models.AuditEntry.request_id)
    """Of the request that did it, as in its X-Request-Id."""
    sequence: str | None = sql(lambda row: cast(row.sequence, Text()))
    """Its place in its distributor's chain, a whole number from 1; null for the seconds until it is sealed."""
    hash: str | None = sql(lambda row: func.encode(row.hash, literal("hex", Text())))
    """SHA-256, hexadecimal, over the entry before and this one; null until it is sealed."""


def _actor_is_told(row: Any) -> Any:
    """Whether `actor` is shown: of managers those at the viewer's tenant or below, of platform operators nobody but to
    them; users of customers stand below whom they change."""
    managers = Manager.__reads__.table.alias()  # type: ignore[attr-defined]
    at_hand = (
        select(managers.c.id)
        .where(
            managers.c.distributor_id == row.distributor_id,
            managers.c.id == row.actor_id,
            managers.c.tenant_path >= VIEWER.lo,
            managers.c.tenant_path < VIEWER.hi,
        )
        .exists()
    )
    return case(
        (row.actor_kind == literal("mgr", Text()), at_hand),
        (row.actor_kind == literal("tok", Text()), VIEWER.distributor_id.is_(None)),
        else_=true(),
    )


@strawberry.input
@filters(models.AuditEntry, at="created_at", actor_id=where_told(models.AuditEntry.actor_id, _actor_is_told))
class AuditEntryFilter:
    """Which entries a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    actor_id: IDFilter | None = UNSET
    """By who did it, where you are told."""
    tenant_id: IDFilter | None = UNSET
    """By the tenant whose row it was done to."""
    subject_id: IDFilter | None = UNSET
    """By the row that changed."""
    operation: StringFilter | None = UNSET
    """By mutation or job."""
    request_id: StringFilter | None = UNSET
    """By the request that did it."""
    at: DateTimeFilter | None = UNSET
    """By time."""
    and_: list["AuditEntryFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["AuditEntryFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "AuditEntryFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""
