"""Exchange rates as tenants set them: dated, inherited downstream, and overridden there."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.billing.exchange import Rate, Rates
from domain.billing.models import ExchangeRate
from domain.catalog.checks import check_currency
from domain.shared.decimals import PRICE_LIMIT, clean_decimal, plain
from domain.shared.errors import InvalidInput
from domain.shared.outbox import announce
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.scope import SEGMENT, Scope, ancestors_of

__all__ = ["RATE_DIGITS", "rates_into", "rates_of", "set_exchange_rate"]

RATE_DIGITS = 10
"""Decimals of a rate: one rial in dinars is 0.0000073."""


def set_exchange_rate(
    session: Session,
    scope: Scope,
    *,
    from_currency: str,
    to_currency: str,
    rate: Decimal,
    valid_from: date | None = None,
    clock: Clock,
) -> ExchangeRate:
    """Count prices in `from_currency` at this rate into `to_currency`, from a day on (today), here and below.

    A tenant below that has a rate of its own for the two currencies keeps that one. The rate of a day that is set again
    is replaced; charges that exist keep theirs. Raises InvalidInput for days that are over, for one and the same
    currency, and for a rate that is not above zero, has more than ten decimals or is absurdly large.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    for field, currency in (("from_currency", from_currency), ("to_currency", to_currency)):
        check_currency(currency, field)
    if from_currency == to_currency:
        raise InvalidInput(
            "{field} must be another currency than {currency}.", currency=from_currency, path=("to_currency",)
        )
    clean = clean_decimal(rate, "rate", digits=RATE_DIGITS)
    if not 0 < clean < PRICE_LIMIT:
        raise InvalidInput(
            "{field} must be above {above} and below {limit}, got {value}.",
            above=0,
            limit=plain(PRICE_LIMIT),
            value=plain(clean),
            path=("rate",),
        )
    day = clock.today if valid_from is None else valid_from
    if day < clock.today:
        raise InvalidInput(
            "{field} is {day}; a rate holds from {today} on at the earliest.",
            day=day,
            today=clock.today,
            path=("valid_from",),
        )
    row = session.scalars(
        select(ExchangeRate)
        .where(
            ExchangeRate.distributor_id == owner.distributor_id,
            ExchangeRate.tenant_id == owner.id,
            ExchangeRate.from_currency == from_currency,
            ExchangeRate.to_currency == to_currency,
            ExchangeRate.valid_from == day,
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        row = ExchangeRate(
            distributor_id=owner.distributor_id,
            tenant_id=owner.id,
            tenant_path=owner.tenant_path,
            from_currency=from_currency,
            to_currency=to_currency,
            valid_from=day,
            created_at=clock.now,
        )
        session.add(row)
    row.rate, row.updated_at = clean, clock.now
    session.flush()
    announce(session, scope, "exchange_rate.set", subject=row, prefix="exr", at=clock.now)
    session.flush()
    return row


def rates_of(
    session: Session, distributor_id: UUID, paths: Collection[str], *, from_currencies: Collection[str]
) -> Rates:
    """The rates from these currencies that tenants at these paths, or those above them, have set: one statement."""
    if not from_currencies:
        return Rates(segment=SEGMENT)
    owners = {place for path in paths for place in (*ancestors_of(path), path)}
    found: dict[tuple[str, str, str], list[Rate]] = defaultdict(list)
    for row in session.execute(
        select(
            ExchangeRate.tenant_path,
            ExchangeRate.from_currency,
            ExchangeRate.to_currency,
            ExchangeRate.rate,
            ExchangeRate.valid_from,
        )
        .where(
            ExchangeRate.distributor_id == distributor_id,
            ExchangeRate.from_currency.in_(from_currencies),
            ExchangeRate.tenant_path.in_(owners),
        )
        .order_by(ExchangeRate.valid_from.desc())
    ):
        found[row.tenant_path, row.from_currency, row.to_currency].append(Rate(row.rate, row.valid_from))
    return Rates(found, SEGMENT)


def rates_into(session: Session, distributor_id: UUID, path: str, currency: str, on: date) -> dict[str, Decimal]:
    """What one unit of every other currency is worth in this one for the tenant at a path on a day, where it or a
    tenant above has said so: two statements.
    """
    others = session.scalars(
        select(ExchangeRate.from_currency)
        .where(
            ExchangeRate.distributor_id == distributor_id,
            ExchangeRate.to_currency == currency,
            ExchangeRate.tenant_path.in_((*ancestors_of(path), path)),
        )
        .distinct()
    ).all()
    rates = rates_of(session, distributor_id, [path], from_currencies=others)
    found = {other: rates.at(path, other, currency, on) for other in others}
    return {other: rate.value for other, rate in found.items() if rate is not None}
