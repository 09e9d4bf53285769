"""Refusals: what an operation answers instead of a result. They are data for the client, not faults."""

from enum import StrEnum
from typing import ClassVar, Self

from tenancy.messages import Field, Message, Tellable

__all__ = [
    "ActAsRequired",
    "ErrorCode",
    "ErrorKind",
    "Forbidden",
    "InvalidInput",
    "InvalidState",
    "KeyTaken",
    "NotFound",
    "OnlyForSellers",
    "Refusal",
    "SignInRefused",
    "TooMany",
]


class ErrorKind(StrEnum):
    """What a program does next."""

    FIX_INPUT = "FIX_INPUT"
    """Correct what `path` names and send again."""
    DENIED = "DENIED"
    """Not allowed to this token; do not repeat."""
    CONFLICT = "CONFLICT"
    """The world is not as assumed: read again, then decide."""
    RETRY = "RETRY"
    """The same again, a little later."""
    UPSTREAM = "UPSTREAM"
    """Somebody outside refused or did not answer."""


class ErrorCode(StrEnum):
    """Why an operation was refused."""

    NOT_FOUND = "NOT_FOUND"
    """There is nothing with this id, or it is not visible: the two cannot be told apart."""
    FORBIDDEN = "FORBIDDEN"
    """The token lacks a permission, which the message names."""
    INVALID_INPUT = "INVALID_INPUT"
    """A value breaks a rule; the message names it and its limit."""
    INVALID_STATE = "INVALID_STATE"
    """Not possible in the present state; the message names both."""
    READ_ONLY_DELEGATED = "READ_ONLY_DELEGATED"
    """The field comes from upstream and cannot be changed here."""
    KEY_TAKEN = "KEY_TAKEN"
    """A key that must be unique exists already."""
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    """The balance does not cover a payment."""
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    """The idempotencyKey was used with another input."""
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    """More than is allowed at once; the message names the limit."""
    VENDOR_REFUSED = "VENDOR_REFUSED"
    """The vendor of the service said no."""
    REFUSED_BY_BILLING_TYPE = "REFUSED_BY_BILLING_TYPE"
    """The plan's billing type does not allow it."""
    STALE = "STALE"
    """The row has another version than ifVersion."""
    PRICE_CHANGED = "PRICE_CHANGED"
    """The total is not expectedTotal."""
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    """An amount is in another currency than needed."""
    NO_EXCHANGE_RATE = "NO_EXCHANGE_RATE"
    """A price is in another currency than the account's, and there is no exchange rate; the message names both."""
    ACT_AS_REQUIRED = "ACT_AS_REQUIRED"
    """The row belongs to a tenant below; send Headwater-Act-As with its id."""
    AGREEMENT_REQUIRED = "AGREEMENT_REQUIRED"
    """The user has not accepted a legal agreement in force, which the message names."""
    IN_PROGRESS = "IN_PROGRESS"
    """A call with the same idempotencyKey is still running."""
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED"
    """What was given to prove who one is (a password, a refresh token, a reset key) does not; why is not told."""


class Refusal(Exception):
    """An operation was refused; nothing of it is kept.

    `source` is English with named places for the keywords; a catalog may have it in other languages (`Message`). The
    place `{field}` is filled from the path. `path` leads into the input, snake case, list positions as integers:
    `("quantities", 0, "quantity")`.
    """

    kind: ClassVar[ErrorKind]
    code: ClassVar[ErrorCode]

    def __init__(self, source: str | Tellable, /, *, path: tuple[str | int, ...] = (), **arguments: object) -> None:
        if isinstance(source, str):
            source = Message(source, **{"field": _field_at(path), **arguments})
        super().__init__(source)
        self.told = source.told
        self.path = path

    @property
    def message(self) -> str:
        """What it says, calling fields by their names in Python."""
        return self.told()

    def at(self, *path: str | int) -> Self:
        """The same refusal of another place in the input."""
        (text,) = self.args
        if isinstance(text, Message) and text.arguments.get("field") == _field_at(self.path):
            text = Message(text.source, **{**text.arguments, "field": _field_at(path)})
            self.args, self.told = (text,), text.told
        self.path = path
        return self


def _field_at(path: tuple[str | int, ...]) -> Field:
    """The field of the input that a path leads to."""
    return Field(next((step for step in reversed(path) if isinstance(step, str)), "input"))


class NotFound(Refusal):
    """There is no such row, or it is not visible: the two are told in the same words."""

    kind = ErrorKind.FIX_INPUT
    code = ErrorCode.NOT_FOUND

    def __init__(self, *path: str | int) -> None:
        super().__init__("There is nothing with this id that you can see.", path=path)


class InvalidInput(Refusal):
    """A value breaks a rule that the message names, with its limit."""

    kind = ErrorKind.FIX_INPUT
    code = ErrorCode.INVALID_INPUT


class InvalidState(Refusal):
    """The operation is not allowed in the present state; the message names both."""

    kind = ErrorKind.CONFLICT
    code = ErrorCode.INVALID_STATE


class KeyTaken(Refusal):
    """A key or name that must be unique exists already."""

    kind = ErrorKind.FIX_INPUT
    code = ErrorCode.KEY_TAKEN


class SignInRefused(Refusal):
    """The proof of who somebody is does not hold. Unknown people and wrong passwords are told in the same words."""

    kind = ErrorKind.DENIED
    code = ErrorCode.SIGN_IN_REFUSED


class TooMany(Refusal):
    """More tries than are allowed in a while; the message names the limit, and when to try again."""

    kind = ErrorKind.RETRY
    code = ErrorCode.LIMIT_EXCEEDED


class Forbidden(Refusal):
    """The actor's role lacks a permission."""

    kind = ErrorKind.DENIED
    code = ErrorCode.FORBIDDEN

    def __init__(self, permission: str) -> None:
        super().__init__("This needs the permission {permission}.", permission=permission)
        self.permission = permission


class OnlyForSellers(Refusal):
    """A customer's user asks for what only its seller's managers do."""

    kind = ErrorKind.DENIED
    code = ErrorCode.FORBIDDEN

    def __init__(self, *path: str | int) -> None:
        super().__init__("Only the seller's managers may do this.", path=path)


class ActAsRequired(Refusal):
    """The row belongs to a visible tenant that is not the acting one."""

    kind = ErrorKind.DENIED
    code = ErrorCode.ACT_AS_REQUIRED

    def __init__(self, tenant_id: str, *, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(
            "This belongs to {tenant_id}, a tenant below yours; to change it, send Headwater-Act-As: {tenant_id}.",
            tenant_id=tenant_id,
            path=path,
        )
