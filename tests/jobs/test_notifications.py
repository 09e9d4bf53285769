"""Mails from their row to a real SMTP server, by a real worker."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.customers.actions import create_account
from domain.customers.models import Account
from domain.notifications.mails import MailDraft, write_mails
from domain.notifications.templates import SUBSCRIPTIONS_STOPPED
from domain.shared.models import Event, Job, JobState, Mail, MailState
from tenancy.scope import PLATFORM
from tests.conftest import act_as, scope_of
from tests.connectors.mailbox import Mailbox, opened_mailbox
from tests.jobs.conftest import House

VALUES = {"day": "1 September 2027", "lines": [{"name": "Office", "number": "7"}]}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with opened_mailbox() as mailbox:
        yield mailbox


def written(house: House, key: str = "1") -> UUID:
    """A committed mail to a customer of the child reseller."""
    with house.sessions.begin(PLATFORM) as session:
        account = session.scalars(select(Account)).one_or_none()
        scope = act_as(session, scope_of(house.chain.child))
        if account is None:
            account = create_account(session, scope, name="Acme", email="buyer@acme.example", clock=house.chain.clock)
        draft = MailDraft(account=account, kind=SUBSCRIPTIONS_STOPPED, key=key, values=VALUES)
        assert write_mails(session, [draft], clock=house.chain.clock) == 1
        return session.scalars(select(Mail.id).where(Mail.key == key)).one()


def mail(house: House, mail_id: UUID) -> Mail:
    with house.sessions.begin(PLATFORM) as session:
        return session.scalars(select(Mail).where(Mail.id == mail_id)).one()


def job(house: House) -> Job:
    with house.sessions.begin(PLATFORM) as session:
        return session.scalars(select(Job)).one()


def told(house: House) -> list[tuple[str, str, UUID]]:
    with house.sessions.begin(PLATFORM) as session:
        return [
            (event.type, event.subject_kind, event.tenant_id)
            for event in session.scalars(select(Event).where(Event.type.startswith("notification.")))
        ]


def start(house: House, mailbox: Mailbox) -> None:
    house.start_worker(
        HEADWATER_SMTP_HOST="127.0.0.1",
        HEADWATER_SMTP_PORT=str(mailbox.port),
        HEADWATER_SMTP_FROM="Delta <billing@delta.example>",
    )


def test_a_mail_is_sent_once_and_its_sending_is_written_down(house: House, mailbox: Mailbox) -> None:
    # given
    mail_id = written(house)
    # when
    start(house, mailbox)
    # then
    assert house.ended(job(house).id).state is JobState.DONE
    (message,) = mailbox.got
    assert message["To"] == "buyer@acme.example"
    assert message["Subject"] == "Stopped for lack of funds: Office"
    assert message["Message-ID"] == f"<{mail_id.hex}@delta.example>"
    assert message.get_content() == mail(house, mail_id).body
    assert mail(house, mail_id).state is MailState.SENT
    assert mail(house, mail_id).sent_at is not None
    assert told(house) == [("notification.sent", "acc", house.chain.child.tenant.id)]


def test_a_mail_that_is_refused_for_good_is_kept_with_the_reason(house: House, mailbox: Mailbox) -> None:
    # given
    mail_id = written(house)
    mailbox.answers = ["550 no such person"]
    # when
    start(house, mailbox)
    # then
    assert house.ended(job(house).id).state is JobState.DONE
    assert (mail(house, mail_id).state, mail(house, mail_id).error) == (MailState.REFUSED, "550 no such person")
    assert told(house) == [("notification.refused", "acc", house.chain.child.tenant.id)]


def test_a_mail_that_is_not_taken_now_is_sent_later(house: House, mailbox: Mailbox) -> None:
    # given
    mail_id = written(house)
    mailbox.answers = ["451 greylisted"]
    # when
    start(house, mailbox)
    # then
    assert house.ended(job(house).id).attempt == 2
    assert mail(house, mail_id).state is MailState.SENT
    assert len(mailbox.got) == 1


def test_a_mail_with_the_same_key_is_written_once(house: House) -> None:
    # given
    written(house, key="2027-09-01")
    # when
    with pytest.raises(AssertionError):
        written(house, key="2027-09-01")
    # then
    assert house.states()[JobState.WAITING] == 1
