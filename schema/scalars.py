"""Scalars: how values are written and read."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from domain.shared.decimals import plain
from domain.shared.money import is_currency
from tenancy.clock import is_time_zone
from tenancy.messages import Message

__all__ = ["SCALARS", "CurrencyCode", "EventType", "PermissionName", "TimeZone"]

CurrencyCode = NewType("CurrencyCode", str)
TimeZone = NewType("TimeZone", str)
PermissionName = NewType("PermissionName", str)
EventType = NewType("EventType", str)

_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


def _wrong(expected: Message, value: object) -> GraphQLError:
    return GraphQLError(Message("{expected}, not {value}.", expected=expected, value=f"{value!r:.40}").told())


def parse_decimal(value: object) -> Decimal:
    """A decimal from its text (or a whole number): at most 20 digits on each side of the point, no exponent."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise _wrong(
            Message('Decimal is a number in a string, such as "12.50", with at most 20 digits on each side'), value
        )
    return Decimal(value)


def parse_date(value: object) -> date:
    """A calendar day from `YYYY-MM-DD`."""
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise _wrong(Message("Date is a day such as 2026-11-22"), value)


def parse_date_time(value: object) -> datetime:
    """An instant from RFC 3339; the offset is required, the result is UTC."""
    try:
        if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}[T ]", value, re.ASCII):
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is not None:
                return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _wrong(Message("DateTime is an instant with an offset, such as 2026-11-22T09:00:00Z"), value)


def date_time_text(value: datetime) -> str:
    """An instant as PostgreSQL writes it in JSON: UTC, a fraction only when there is one, without trailing zeros."""
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0') if '.' in text else text}+00:00"


def _parse_currency(value: object) -> str:
    if isinstance(value, str) and is_currency(value):
        return value
    raise _wrong(Message("CurrencyCode is an ISO 4217 code such as EUR"), value)


def _parse_time_zone(value: object) -> str:
    if isinstance(value, str) and is_time_zone(value):
        return value
    raise _wrong(Message("TimeZone is an IANA name such as Europe/Berlin"), value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise _wrong(Message("A text is needed"), value)


SCALARS: dict[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date",
        description="A calendar day of the tenant, such as 2026-11-22; no zone.",
        serialize=lambda value: value.isoformat() if isinstance(value, date) else value,
        parse_value=parse_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="RFC 3339 in UTC. An input may have another offset, but must have one.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=lambda value: date_time_text(value) if isinstance(value, datetime) else value,
        parse_value=parse_date_time,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='A number as a string, such as "12.50"; never a float. Without trailing zeros, except in money.',
        serialize=lambda value: plain(value) if isinstance(value, Decimal) else str(value),
        parse_value=parse_decimal,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="ISO 4217, such as EUR.",
        serialize=str,
        parse_value=_parse_currency,
    ),
    TimeZone: strawberry.scalar(
        name="TimeZone",
        description="IANA name, such as Europe/Berlin.",
        serialize=str,
        parse_value=_parse_time_zone,
    ),
    PermissionName: strawberry.scalar(
        name="Permission", description="One permission, such as charges.read.", serialize=str, parse_value=_text
    ),
    EventType: strawberry.scalar(
        name="EventType", description="Past tense, such as subscription.renewed.", serialize=str, parse_value=_text
    ),
}
"""Python types and their GraphQL scalars."""
