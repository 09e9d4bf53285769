"""The billing run's first step: prices that hold from this date on, before anything is charged."""

from datetime import date

from sqlalchemy.orm import Session

from domain.payments.run_batches import in_batches, on_day
from domain.pricing.taking import take_planned_prices
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["take_prices"]


@in_batches
def take_prices(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Set prices and markups that were planned for the day."""
    return take_planned_prices(session, scope, day=day, clock=on_day(clock, day))
