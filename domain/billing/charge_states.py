"""What a charge is for, and what has happened to its money: words that calculations and tables share."""

from enum import StrEnum

__all__ = ["ChargeKind", "ChargeState"]


class ChargeKind(StrEnum):
    """What a charge is for."""

    SETUP = "SETUP"
    RECURRING = "RECURRING"
    RENEWAL = "RENEWAL"
    TRANSFER = "TRANSFER"
    CONSUMPTION = "CONSUMPTION"


class ChargeState(StrEnum):
    """What has happened to a charge's money."""

    NEW = "NEW"
    """With its order; nothing reserved."""
    OPENED = "OPENED"
    """For a later period; nothing reserved."""
    BLOCKED = "BLOCKED"
    """Reserved on the balance."""
    WAITING_FOR_REFUND = "WAITING_FOR_REFUND"
    WAITING_APPROVAL = "WAITING_APPROVAL"
    CLOSED = "CLOSED"
    """Written off."""
    REFUNDED = "REFUNDED"
    """Returned to the balance."""
    DELETED = "DELETED"
    """Replaced by others, or of an order that was never paid."""
