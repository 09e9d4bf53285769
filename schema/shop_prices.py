"""What plans cost in a shop: their own prices as an order of today would be charged at, for the account that looks.

`VIEWER.shop` says what decides that, such as exchange rates and discounts: see `resolvers.shopping`. Here it meets the
plans, in SQL, by the rules of `domain.billing`: unit prices are converted first, each charge is rounded, and a discount
is taken off their sum.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Numeric, Text, and_, case, cast, exists, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.shared.money import PRICE_DIGITS
from resolvers.reading import VIEWER
from resolvers.reading.statement import Plain

__all__ = [
    "currency",
    "discount_percent",
    "is_offered",
    "list_price",
    "money_text",
    "price",
    "price_per_month",
    "there_is_a_shop",
    "unit_fee",
]


def _told(name: str) -> Any:
    """A text that the shop says; null where it says nothing of it."""
    return VIEWER.shop.op("->>", return_type=Text())(literal(name, Text()))


def _inside(name: str) -> Any:
    return VIEWER.shop.op("->", return_type=JSONB())(literal(name, Text()))


def _rate(own: Any) -> Any:
    """What one unit of a plan's own currency is worth in the shop's; null where nobody has said so."""
    found = _inside("rates").op("->>", return_type=Text())(own)
    return case((own == _told("currency"), cast(literal(1), Numeric())), else_=cast(found, Numeric()))


def _converted(fee: Any, own: Any) -> Any:
    """A unit price in what the shop shows, half up to four decimals, as `domain.billing.exchange.exchanged`."""
    return func.round(fee * func.coalesce(_rate(own), 1), literal(PRICE_DIGITS), type_=Numeric())


def there_is_a_shop(_row: Any) -> Any:
    """Not where an account was asked for that the viewer does not see."""
    return _told("none").is_(None)


def is_offered(row: Any) -> Any:
    """What an account cannot order, because of its type or for want of an exchange rate, is not offered to it."""
    plan = Plan.__table__.alias()
    closed = exists(
        select(literal(1))
        .where(
            plan.c.distributor_id == row.distributor_id,
            plan.c.id == row.plan_id,
            func.jsonb_exists(_inside("closed"), cast(plan.c.service_term_id, Text())),
        )
        .correlate_except(plan)
    )
    nothing_closed = func.jsonb_array_length(_inside("closed")) == 0
    return or_(_told("account").is_(None), and_(_rate(row.currency).is_not(None), or_(nothing_closed, not_(closed))))


def currency(row: Any) -> Any:
    """What prices are shown in: the shop's currency, or a plan's own that has no rate."""
    return case((_rate(row.currency).is_not(None), _told("currency")), else_=row.currency)


def list_price(row: Any) -> Any:
    """The charges for whole months of the period, each rounded, at the least that one has to order."""
    period, resource = PlanPeriod.__table__.alias(), PlanResource.__table__.alias()
    digits = func.app_minor_digits(currency(row))

    def charged(units: Any, fees: Any) -> Any:
        once = func.round(units * _converted(fees.setup, row.currency), digits, type_=Numeric())
        monthly = units * _converted(fees.recurring_per_month, row.currency)
        # A charge is for a month; a period of days is one charge for its part of months.
        months = case(
            (row.months == func.trunc(row.months), row.months * func.round(monthly, digits, type_=Numeric())),
            else_=func.round(monthly * row.months, digits, type_=Numeric()),
        )
        return once + months

    least = func.greatest(resource.c.minimum - resource.c.included, 0)
    fees_of_plan = ("setup", "recurring_per_month", "net_setup", "net_recurring_per_month")
    # As the price list has it: something free costs what its first resource does.
    first_counts = and_(
        func.sum(least).over() == 0,
        func.row_number().over(order_by=(resource.c.priority.desc(), resource.c.name, resource.c.id)) == 1,
        *(period.c[name] == 0 for name in fees_of_plan),
    )
    lines = (
        select(
            resource.c.setup,
            resource.c.recurring_per_month,
            case((first_counts, 1), else_=least).label("units"),
        )
        .where(resource.c.distributor_id == row.distributor_id, resource.c.plan_id == row.plan_id)
        .correlate_except(resource)
        .subquery()
    )
    of_resources = (
        select(func.sum(charged(lines.c.units, lines.c))).select_from(lines).correlate_except(lines).scalar_subquery()
    )
    return (
        select(charged(literal(1), period.c) + func.coalesce(of_resources, 0))
        .where(period.c.distributor_id == row.distributor_id, period.c.id == row.id)
        .correlate_except(period)
        .scalar_subquery()
    )


def discount_percent(row: Any) -> Any:
    """The account's for the plan; null: none."""
    of_plan = _inside("percents").op("->>", return_type=Text())(cast(row.plan_id, Text()))
    return cast(func.coalesce(of_plan, _told("percent"), type_=Text()), Numeric())


def price(row: Any) -> Any:
    """The list price less the discount, rounded once, as `domain.billing.discounts.discounted`."""
    kept = 100 - func.coalesce(discount_percent(row), 0, type_=Numeric())
    return func.round(list_price(row) * kept / 100, func.app_minor_digits(currency(row)), type_=Numeric())


def price_per_month(row: Any) -> Any:
    """The price divided by the months, as a text with four decimals at most."""
    return func.app_price(func.round(price(row) / row.months, 4, type_=Numeric()), currency(row), type_=Plain())


def money_text(amount: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An amount with its currency's digits."""
    return lambda row: func.app_money(amount(row), currency(row), type_=Plain())


def unit_fee(name: str) -> Callable[[Any], Any]:
    """A fee of one unit of a resource, in what the shop shows."""

    def of(row: Any) -> Any:
        plan = Plan.__table__.alias()
        own = (
            select(plan.c.currency)
            .where(plan.c.distributor_id == row.distributor_id, plan.c.id == row.plan_id)
            .correlate_except(plan)
            .scalar_subquery()
        )
        return _converted(row[name], own)

    return of
