import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from server.mailbox import kept_mails
from server.processes import MAIL_SOCKET
from server.settings import ROOT


@pytest.fixture
def smtp_port(tmp_path: Path) -> Iterator[int]:
    """A mailbox running as `up` runs it, keeping mails in `tmp_path`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.mailbox"],
            cwd=ROOT,
            env={**os.environ, MAIL_SOCKET: str(listening.fileno()), "HEADWATER_DATA_DIR": str(tmp_path)},
            pass_fds=[listening.fileno()],
        )
        port: int = listening.getsockname()[1]
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def mail(subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Headwater <no-reply@headwater.invalid>"
    message["To"] = "Ágnes <agnes@delta.example>"
    message["Subject"] = subject
    message.set_content(text)
    return message


def test_a_mail_is_kept_whole_when_it_is_acknowledged(smtp_port: int, tmp_path: Path) -> None:
    # when
    with smtplib.SMTP("127.0.0.1", smtp_port, timeout=20) as connection:
        connection.send_message(mail("Abrechnung für März", "Fällig: 12,50 €"), to_addrs=["hidden@delta.example"])
        # then
        (kept,) = kept_mails(tmp_path)
    assert kept["Subject"] == "Abrechnung für März"
    assert kept["X-Envelope-To"] == "hidden@delta.example"
    body = kept.get_body()
    assert body is not None
    assert body.get_content().strip() == "Fällig: 12,50 €"


def test_mails_are_listed_in_the_order_they_came(smtp_port: int, tmp_path: Path) -> None:
    with smtplib.SMTP("127.0.0.1", smtp_port, timeout=20) as connection:
        for number in range(12):
            connection.send_message(mail(f"{number}", ""))
    assert [kept["Subject"] for kept in kept_mails(tmp_path)] == [str(number) for number in range(12)]


def test_the_command_lists_mails_and_shows_one(smtp_port: int, tmp_path: Path) -> None:
    # given
    with smtplib.SMTP("127.0.0.1", smtp_port, timeout=20) as connection:
        connection.send_message(mail("Billing day is coming", "Required: 100.00 EUR"))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server.cli", "mail", "--data-dir", str(tmp_path), *arguments]
        return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    # when
    listed, shown, missing = run(), run("show", "1"), run("show", "2")
    # then
    assert "agnes@delta.example" in listed.stdout
    assert "Billing day is coming" in listed.stdout
    assert "Required: 100.00 EUR" in shown.stdout
    assert missing.returncode == 1
    assert missing.stderr == "headwater: there is no mail 2; `./headwater mail` lists 1\n"
