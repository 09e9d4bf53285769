"""Refusals: what an operation answers instead of a result. They are data for the client, not faults."""

from enum import StrEnum
from typing import ClassVar

__all__ = ["ActAsRequired", "ErrorCode", "ErrorKind", "Forbidden", "InvalidInput", "NotFound", "Refusal"]


class ErrorKind(StrEnum):
    """What a program does next."""

    FIX_INPUT = "FIX_INPUT"
    DENIED = "DENIED"
    CONFLICT = "CONFLICT"
    RETRY = "RETRY"
    UPSTREAM = "UPSTREAM"


class ErrorCode(StrEnum):
    """Why an operation was refused."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    INVALID_INPUT = "INVALID_INPUT"
    INVALID_STATE = "INVALID_STATE"
    READ_ONLY_DELEGATED = "READ_ONLY_DELEGATED"
    KEY_TAKEN = "KEY_TAKEN"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    VENDOR_REFUSED = "VENDOR_REFUSED"
    REFUSED_BY_BILLING_TYPE = "REFUSED_BY_BILLING_TYPE"
    STALE = "STALE"
    PRICE_CHANGED = "PRICE_CHANGED"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    ACT_AS_REQUIRED = "ACT_AS_REQUIRED"
    IN_PROGRESS = "IN_PROGRESS"


class Refusal(Exception):
    """An operation was refused; nothing of it is kept.

    `path` leads into the input, snake case, list positions as integers: `("quantities", 0, "quantity")`.
    """

    kind: ClassVar[ErrorKind]
    code: ClassVar[ErrorCode]

    def __init__(self, message: str, *, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


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


class Forbidden(Refusal):
    """The actor's role lacks a permission."""

    kind = ErrorKind.DENIED
    code = ErrorCode.FORBIDDEN

    def __init__(self, permission: str) -> None:
        super().__init__(f"This needs the permission {permission}.")
        self.permission = permission


class ActAsRequired(Refusal):
    """The row belongs to a visible tenant that is not the acting one."""

    kind = ErrorKind.DENIED
    code = ErrorCode.ACT_AS_REQUIRED

    def __init__(self, tenant_id: str, *, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(
            f"This belongs to {tenant_id}, a tenant below yours; to change it, send Headwater-Act-As: {tenant_id}.",
            path=path,
        )
