"""What a charge is for, and what has happened to its money: words that calculations and tables share."""

from enum import StrEnum

__all__ = ["ChargeKind", "ChargeState"]


class ChargeKind(StrEnum):
    """What a charge is for."""

    SETUP = "SETUP"
    """Once, at the start."""
    RECURRING = "RECURRING"
    """For time and quantity."""
    RENEWAL = "RENEWAL"
    """Once, at a renewal."""
    TRANSFER = "TRANSFER"
    """Once, for a transfer."""
    CONSUMPTION = "CONSUMPTION"
    """For what was consumed."""


class ChargeState(StrEnum):
    """What has happened to a charge's money."""

    NEW = "NEW"
    """With its order; nothing reserved."""
    OPENED = "OPENED"
    """For a later period; nothing reserved."""
    BLOCKED = "BLOCKED"
    """Reserved on the balance."""
    WAITING_FOR_REFUND = "WAITING_FOR_REFUND"
    """It will be returned when its order completes."""
    WAITING_APPROVAL = "WAITING_APPROVAL"
    """A manager has to agree first."""
    CLOSED = "CLOSED"
    """Written off."""
    REFUNDED = "REFUNDED"
    """Returned to the balance."""
    DELETED = "DELETED"
    """Replaced by others, or of an order that was never paid."""
