"""Mail over SMTP."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime, parseaddr

from connectors.mail.transport import Letter, MailRefused, MailUnavailable

__all__ = ["SmtpTransport", "message_of"]

TIMEOUT = 20.0
"""Seconds for each answer of the server."""


@dataclass(frozen=True)
class SmtpTransport:
    """One connection a letter, closed when it is handed over."""

    host: str
    port: int
    sender: str
    """`Name <address>`."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: bool = False
    timeout: float = TIMEOUT

    def send(self, letter: Letter) -> None:
        """Hand one letter over. Raises MailRefused, MailUnavailable."""
        message = message_of(letter, sender=self.sender)
        with _translated(), smtplib.SMTP(self.host, self.port, timeout=self.timeout) as server:
            if self.starttls:
                server.starttls(context=ssl.create_default_context())
            if self.username is not None:
                server.login(self.username, self.password or "")
            server.send_message(message, to_addrs=[letter.recipient])


def message_of(letter: Letter, *, sender: str) -> EmailMessage:
    """The letter as a message. Its Message-ID is made of the letter's id and the sender's domain."""
    name, address = parseaddr(sender)
    message = EmailMessage()
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = letter.recipient
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{letter.id.hex}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message


@contextmanager
def _translated() -> Iterator[None]:
    """The server's answers in our words: only what concerns this very mail is a refusal."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as refused:
        code, reply = next(iter(refused.recipients.values()))
        raise _answer(code, reply) from refused
    except smtplib.SMTPDataError as refused:
        raise _answer(refused.smtp_code, refused.smtp_error) from refused
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused(f"the server cannot take the address: {error}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailable(f"{type(error).__name__}: {error}") from error


def _answer(code: int, reply: bytes | str) -> MailRefused | MailUnavailable:
    text = f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"
    return MailRefused(text) if code >= 500 else MailUnavailable(text)
