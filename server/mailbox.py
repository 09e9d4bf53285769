"""A mailbox for the demo: takes every mail over SMTP and keeps it, delivering nothing.

Run as a process by `up`, which opens the port and hands it over, so that it stays the same when this starts again.
"""

import asyncio
import mailbox
import os
import re
import signal
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from server.processes import MAIL_SOCKET
from server.settings import settings

__all__ = ["Kept", "catch", "kept_mails", "maildir"]

SIZE_LIMIT = 20_000_000
"""Bytes of one mail."""


def maildir(data_dir: Path) -> mailbox.Maildir:
    """The mails of a data directory."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return mailbox.Maildir(data_dir / "mail", create=True)


def kept_mails(data_dir: Path) -> list[EmailMessage]:
    """All mails caught, oldest first."""
    folder = maildir(data_dir)
    keys = sorted(folder.keys(), key=_arrival)
    return [message_from_bytes(folder.get_bytes(key), policy=policy.default) for key in keys]


def _arrival(key: str) -> tuple[int, ...]:
    """Seconds, microseconds, process and counter out of the name that the folder gave: `1700000000.M52P7Q1.host`."""
    return tuple(int(number) for number in re.findall(r"\d+", key)[:4])


class Kept:
    """The SMTP handler: a mail is in the folder, whole and on disk, before it is acknowledged."""

    def __init__(self, folder: mailbox.Maildir) -> None:
        self._folder = folder

    async def handle_DATA(  # noqa: N802 - aiosmtpd finds handlers by this name
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        """Keep the mail with the addresses of its envelope, since those of its head may name others."""
        content = envelope.content
        assert isinstance(content, bytes)
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        await asyncio.to_thread(self._folder.add, head.encode() + content)
        return "250 OK"


async def catch(listening: socket.socket, data_dir: Path) -> None:
    """Take mails until cancelled or told to end."""
    handler = Kept(maildir(data_dir))
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(handler, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, hostname="localhost", loop=loop)

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with await loop.create_server(protocol, sock=listening):
        await ended.wait()


def main() -> None:
    descriptor = os.environ[MAIL_SOCKET]
    with socket.socket(fileno=int(descriptor)) as listening:
        asyncio.run(catch(listening, settings().data_dir))


if __name__ == "__main__":
    main()
