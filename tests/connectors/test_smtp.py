"""The SMTP transport against a real server."""

import socket
from collections.abc import Iterator
from uuid import UUID

import pytest

from connectors.mail.smtp import SmtpTransport
from connectors.mail.transport import Letter, MailRefused, MailUnavailable
from tests.connectors.mailbox import Mailbox, opened_mailbox

LETTER = Letter(
    id=UUID("0197fa00-0000-7000-8000-00000000abcd"),
    recipient="käufer@acme.example",
    subject="45.00 € are missing\r\nBcc: everybody@acme.example",
    body="Grüße,\n\n.a line that begins with a dot\n",
)
PLAIN = Letter(id=LETTER.id, recipient="buyer@acme.example", subject="Hello", body="Hello.\n")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with opened_mailbox() as mailbox:
        yield mailbox


def transport(port: int) -> SmtpTransport:
    return SmtpTransport(host="127.0.0.1", port=port, sender="Delta Übersee <billing@delta.example>", timeout=2)


def test_a_letter_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    # when
    transport(mailbox.port).send(PLAIN)
    # then
    (message,) = mailbox.got
    assert mailbox.recipients == ["buyer@acme.example"]
    assert message["From"] == "Delta Übersee <billing@delta.example>"
    assert message["To"] == "buyer@acme.example"
    assert message["Subject"] == "Hello"
    assert message.get_content() == "Hello.\n"


def test_letters_of_any_script_arrive_and_no_header_gets_in_by_the_subject(mailbox: Mailbox) -> None:
    # when
    transport(mailbox.port).send(LETTER)
    # then
    (message,) = mailbox.got
    assert mailbox.recipients == ["käufer@acme.example"]
    assert message["Subject"] == "45.00 € are missing Bcc: everybody@acme.example"
    assert message["Bcc"] is None
    assert message.get_content() == "Grüße,\n\n.a line that begins with a dot\n"


def test_a_letter_sent_twice_is_recognizably_the_same(mailbox: Mailbox) -> None:
    # when
    transport(mailbox.port).send(PLAIN)
    transport(mailbox.port).send(PLAIN)
    # then
    assert [message["Message-ID"] for message in mailbox.got] == [
        "<0197fa000000700080000000" + "0000abcd@delta.example>"
    ] * 2


def test_a_refusal_for_good_is_told_apart_from_one_for_now(mailbox: Mailbox) -> None:
    # given
    mailbox.answers = ["550 no such person", "451 greylisted"]
    # when
    with pytest.raises(MailRefused, match="550 no such person"):
        transport(mailbox.port).send(PLAIN)
    with pytest.raises(MailUnavailable, match="451 greylisted"):
        transport(mailbox.port).send(PLAIN)
    # then
    assert mailbox.got == []


def test_a_server_that_is_away_is_no_refusal() -> None:
    # given
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    # when
    with pytest.raises(MailUnavailable, match="ConnectionRefusedError"):
        transport(port).send(PLAIN)


def test_a_server_that_says_nothing_is_given_up_after_the_timeout() -> None:
    # given
    with socket.create_server(("127.0.0.1", 0)) as silent:
        quick = SmtpTransport(
            host="127.0.0.1", port=silent.getsockname()[1], sender="billing@delta.example", timeout=0.2
        )
        # when
        with pytest.raises(MailUnavailable, match="timed out"):
            quick.send(PLAIN)
