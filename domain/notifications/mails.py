"""Mails: written down once with what causes them, sent later by a job, and kept as the log of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.customers.models import Account
from domain.notifications.templates import rendered
from domain.shared import outbox
from domain.shared.errors import NotFound
from domain.shared.models import Mail, MailState
from tenancy.clock import Clock
from tenancy.models import TenantName
from tenancy.scope import Scope

__all__ = ["Outgoing", "outgoing", "record_refused", "record_sent", "write_mail"]


def write_mail(
    session: Session, *, account: Account, kind: str, key: str, values: Mapping[str, object], clock: Clock
) -> UUID | None:
    """Write a mail to an account, with the job that sends it. Returns its id; None when there is one with this key.

    `values` are what the kind's templates use; `account` and `seller` are added. Writes rows of the account's tenant.
    """
    seller = session.scalar(
        select(TenantName.name).where(
            TenantName.distributor_id == account.distributor_id, TenantName.id == account.tenant_id
        )
    )
    subject, body = rendered(kind, {**values, "account": {"name": account.name}, "seller": seller or ""})
    mail_id = session.scalar(
        insert(Mail)
        .values(
            id=uuid7(),
            distributor_id=account.distributor_id,
            tenant_id=account.tenant_id,
            tenant_path=account.tenant_path,
            kind=kind,
            key=key,
            account_id=account.id,
            recipient=account.email,
            subject=subject,
            body=body,
            state=MailState.WAITING,
            created_at=clock.now,
            updated_at=clock.now,
        )
        .on_conflict_do_nothing(index_elements=["distributor_id", "tenant_id", "kind", "key"])
        .returning(Mail.id)
    )
    if mail_id is not None:
        outbox.enqueue(
            session, account, "notifications.send_mail", queue="notifications", arguments={"mail_id": mail_id.hex}
        )
    return mail_id


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that has not left."""

    id: UUID
    recipient: str
    subject: str
    body: str


def outgoing(session: Session, scope: Scope, *, mail_id: UUID) -> Outgoing | None:
    """What is to be sent; None when it was sent or refused already. Raises NotFound."""
    mail = session.scalar(_of(scope, mail_id))
    if mail is None:
        raise NotFound("mail_id")
    if mail.state is not MailState.WAITING:
        return None
    return Outgoing(id=mail.id, recipient=mail.recipient, subject=mail.subject, body=mail.body)


def record_sent(session: Session, scope: Scope, *, mail_id: UUID, clock: Clock) -> None:
    """The SMTP server has taken the mail. Announces `notification.sent` of the account."""
    mail = _waiting(session, scope, mail_id)
    if mail is not None:
        mail.state = MailState.SENT
        mail.sent_at = session.scalar(select(func.clock_timestamp()))
        _announce(session, scope, mail, "notification.sent", clock.now)


def record_refused(session: Session, scope: Scope, *, mail_id: UUID, error: str, clock: Clock) -> None:
    """The SMTP server will never take the mail. Announces `notification.refused` of the account."""
    mail = _waiting(session, scope, mail_id)
    if mail is not None:
        mail.state = MailState.REFUSED
        mail.error = error
        _announce(session, scope, mail, "notification.refused", clock.now)


def _waiting(session: Session, scope: Scope, mail_id: UUID) -> Mail | None:
    mail = session.scalars(_of(scope, mail_id).with_for_update()).one()
    return mail if mail.state is MailState.WAITING else None


def _of(scope: Scope, mail_id: UUID) -> Select[Mail]:
    return select(Mail).where(Mail.distributor_id == scope.distributor_id, Mail.id == mail_id)


def _announce(session: Session, scope: Scope, mail: Mail, type: str, at: datetime) -> None:
    mail.updated_at = at
    account = session.scalars(
        select(Account).where(Account.distributor_id == mail.distributor_id, Account.id == mail.account_id)
    ).one()
    outbox.announce(session, scope, type, subject=account, prefix="acc", at=at)
