"""What each tenant decides for itself."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import JSON, Boolean, Integer, Text, and_, case, cast, func, literal
from strawberry import UNSET

from resolvers.reading import VIEWER, column, inline, part, reads, related, sql, subject
from schema.enums import SettingKey, SettingType, closed
from schema.payload import Payload
from schema.people import Actor
from tenancy.settings.in_force import SettingInForce

if TYPE_CHECKING:
    from schema.tenants import Tenant

__all__ = [
    "ResetSettingInput",
    "SetSettingInput",
    "Setting",
    "SettingOrigin",
    "SettingPayload",
    "SettingValue",
]


@closed
class SettingOrigin(StrEnum):
    """Where the value in force comes from."""

    DEFAULT = "DEFAULT"
    """Nobody has set it."""
    OWN = "OWN"
    """The tenant has set it."""
    INHERITED = "INHERITED"
    """A tenant above has set it."""


@strawberry.type
class SettingValue:
    """A value: one of the fields has it, as the setting's type says; the others are null."""

    text: str | None = part()
    """Of TEXT, URL, LOCALE, NUMBER_FORMAT and CHOICE."""
    boolean: bool | None = part()
    """Of BOOLEAN."""
    number: int | None = part()
    """Of NUMBER."""
    texts: list[str] | None = part()
    """Of TEXTS."""


def _valued(value: Callable[[Any], Any]) -> Any:
    """A value kept as JSONB, each type in its field; null where there is none."""

    def when(type_: str, made: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda row: case((func.jsonb_typeof(value(row)) == literal(type_, Text()), made(value(row))))

    def text(found: Any) -> Any:
        return found.op("#>>", return_type=Text())(literal("{}", Text()))

    return inline(
        # Not IS NOT NULL: what a subquery joins from outside looks like a column that is never null.
        when=lambda row: func.num_nonnulls(value(row)) > 0,
        text=when("string", text),
        boolean=when("boolean", lambda found: cast(text(found), Boolean())),
        number=when("number", lambda found: cast(text(found), Integer())),
        texts=when("array", lambda found: cast(found, JSON())),
    )


def _is_visible(row: Any) -> Any:
    """Whether the tenant that has set the value is the viewer's or below it."""
    return and_(row.source_path >= VIEWER.lo, row.source_path < VIEWER.hi)


@strawberry.type
@reads(SettingInForce)
class Setting:
    """One thing that a tenant decides for itself, and what it lives by.

    A tenant lives by its own value, else by what it inherits from the nearest tenant above that has set it, else by the
    default. Who set something above the viewer is not told.
    """

    key: SettingKey = column("key")
    """What can be set."""
    type: SettingType = column("type")
    """What its values are."""
    options: list[str] = column("options")
    """Which values there are, of a CHOICE; else empty."""
    value: SettingValue | None = _valued(lambda row: func.coalesce(row.value, row.fallback))
    """What is in force; null: nothing."""
    default: SettingValue | None = _valued(lambda row: row.fallback)
    """What is in force where nobody has set anything; null: nothing."""
    origin: SettingOrigin = sql(
        lambda row: case(
            (row.source_path.is_(None), literal("DEFAULT", Text())),
            (row.source_path == row.tenant_path, literal("OWN", Text())),
            else_=literal("INHERITED", Text()),
        )
    )
    """Where the value in force comes from."""
    inherited_below: bool = column("inherited")
    """Whether tenants below live by the value, until they set their own."""
    settable: bool = column("settable")
    """Whether this tenant may set it; some things only a distributor may."""
    source: Annotated["Tenant", strawberry.lazy("schema.tenants")] | None = related(lambda row: row.source_id)
    """The tenant that has set the value in force; null for a default, or when it is above you."""
    set_by: Actor | None = subject(lambda _: "mgr", lambda row: row.set_by_id)
    """Who set it; null for a default, a platform operator, or somebody above you."""
    set_at: datetime | None = sql(lambda row: case((_is_visible(row), row.set_at)))
    """When, on the distributor's clock; null for a default, or when it was set above you."""


@strawberry.input
class SetSettingInput:
    """A value for one setting of the acting tenant, in the one field that the setting's type names."""

    key: SettingKey
    """What to set."""
    text: str | None = UNSET
    """For TEXT (up to 200 characters), URL (up to 500), LOCALE, NUMBER_FORMAT and CHOICE."""
    boolean: bool | None = UNSET
    """For BOOLEAN."""
    number: int | None = UNSET
    """For NUMBER."""
    texts: list[str] | None = UNSET
    """For TEXTS: at most 200, each up to 40 characters, of COMPANY_NAME_CHARACTERS one; empty: none."""


@strawberry.input
class ResetSettingInput:
    """A setting that the acting tenant no longer decides for itself."""

    key: SettingKey
    """What to reset to what is inherited, else to the default."""


@strawberry.type
class SettingPayload(Payload):
    """What setSetting and resetSetting answer."""

    tenant: Annotated["Tenant", strawberry.lazy("schema.tenants")] | None
    """The acting tenant, whose `settings` show what is in force now; null when refused."""
