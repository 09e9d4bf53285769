"""Refusals that every area uses; an area's own stand in its `errors.py`."""

from decimal import Decimal

from domain.shared.money import Money
from tenancy.errors import (
    ActAsRequired,
    ErrorCode,
    ErrorKind,
    Forbidden,
    InvalidInput,
    InvalidState,
    KeyTaken,
    NotFound,
    OnlyForSellers,
    Refusal,
    SignInRefused,
    TooMany,
)

__all__ = [
    "ActAsRequired",
    "CurrencyMismatch",
    "ErrorCode",
    "ErrorKind",
    "Forbidden",
    "InsufficientBalance",
    "InvalidInput",
    "InvalidState",
    "KeyTaken",
    "NoExchangeRate",
    "NotFound",
    "OnlyForSellers",
    "PriceChanged",
    "ReadOnlyDelegated",
    "Refusal",
    "RefusedByBillingType",
    "SignInRefused",
    "Stale",
    "TooMany",
]


class ReadOnlyDelegated(Refusal):
    """The field comes from the tenant above and cannot be changed here."""

    kind = ErrorKind.DENIED
    code = ErrorCode.READ_ONLY_DELEGATED


class RefusedByBillingType(Refusal):
    """The plan's billing type does not allow the operation."""

    kind = ErrorKind.DENIED
    code = ErrorCode.REFUSED_BY_BILLING_TYPE


class Stale(Refusal):
    """The row has changed since the client read it (`ifVersion`)."""

    kind = ErrorKind.CONFLICT
    code = ErrorCode.STALE


class PriceChanged(Refusal):
    """The total is not the one the client expected (`expectedTotal`)."""

    kind = ErrorKind.CONFLICT
    code = ErrorCode.PRICE_CHANGED


class CurrencyMismatch(Refusal):
    """An amount is in another currency than the row it is for."""

    kind = ErrorKind.FIX_INPUT
    code = ErrorCode.CURRENCY_MISMATCH


class NoExchangeRate(Refusal):
    """A price is in another currency than is billed in, and nobody has said what one is worth in the other."""

    kind = ErrorKind.CONFLICT
    code = ErrorCode.NO_EXCHANGE_RATE


class InsufficientBalance(Refusal):
    """The balance does not cover a payment."""

    kind = ErrorKind.CONFLICT
    code = ErrorCode.INSUFFICIENT_BALANCE

    def __init__(
        self, *, required: Decimal, available: Decimal, currency: str, path: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(
            "This needs {required}; the balance has {available}.",
            required=Money(required, currency).rounded(),
            available=Money(available, currency).rounded(),
            path=path,
        )
        self.required = required
        self.available = available
        self.currency = currency
