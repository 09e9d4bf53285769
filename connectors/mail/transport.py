"""What sends mail: one protocol, whatever is behind it."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

__all__ = ["Letter", "MailRefused", "MailTransport", "MailUnavailable"]


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, as text."""

    id: UUID
    """Makes the Message-ID: a letter sent twice, because nobody knows whether the first left, carries the same one."""
    recipient: str
    subject: str
    body: str


class MailRefused(Exception):
    """It will never be taken: the recipient does not exist, the content is not wanted. The text is the server's."""


class MailUnavailable(Exception):
    """It was not taken now, or nobody knows whether it was: to be sent again, as the same letter."""


class MailTransport(Protocol):
    """Where mails are handed over."""

    def send(self, letter: Letter) -> None:
        """Hand one letter over; returning means that the other side answers for it.

        Raises MailRefused, MailUnavailable.
        """
        ...
