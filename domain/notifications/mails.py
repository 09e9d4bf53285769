"""Mails: written down once with what causes them, sent later by a job, and kept as the log of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.customers.models import Account
from domain.notifications.templates import SECRET, rendered
from domain.shared import outbox
from domain.shared.errors import NotFound
from domain.shared.models import Mail, MailState
from tenancy.clock import Clock
from tenancy.models import TenantName
from tenancy.rows import TenantRow
from tenancy.scope import Scope

__all__ = ["MailDraft", "Outgoing", "outgoing", "record_refused", "record_sent", "write_letter", "write_mails"]

BATCH = 500
"""Rows a statement."""


@dataclass(frozen=True, slots=True)
class MailDraft:
    """What is to be said to an account."""

    account: Account
    kind: str
    key: str
    """One mail is written for a kind and a key, however often it is asked for."""
    values: Mapping[str, object]
    """What the kind's templates use; `account` and `seller` are added."""


def write_mails(session: Session, drafts: Sequence[MailDraft], *, clock: Clock) -> int:
    """Write mails to accounts of one distributor, with the jobs that send them; returns how many are new.

    Writes rows of the accounts' tenants.
    """
    written = 0
    for start in range(0, len(drafts), BATCH):
        written += _write(session, drafts[start : start + BATCH], clock)
    return written


def _write(session: Session, drafts: Sequence[MailDraft], clock: Clock) -> int:
    sellers = _sellers(session, drafts)
    accounts = {draft.account.id: draft.account for draft in drafts}
    rows = session.execute(
        insert(Mail)
        .values([_row(draft, sellers.get(draft.account.tenant_id, ""), clock) for draft in drafts])
        .on_conflict_do_nothing(index_elements=["distributor_id", "tenant_id", "kind", "key"])
        .returning(Mail.id, Mail.account_id)
    ).all()
    outbox.enqueue_each(
        session,
        [(accounts[row.account_id], {"mail_id": row.id.hex}) for row in rows],
        "notifications.send_mail",
        queue="notifications",
    )
    return len(rows)


def _sellers(session: Session, drafts: Sequence[MailDraft]) -> dict[UUID, str]:
    return {
        row.id: row.name
        for row in session.execute(
            select(TenantName.id, TenantName.name).where(
                TenantName.distributor_id == drafts[0].account.distributor_id,
                TenantName.id.in_({draft.account.tenant_id for draft in drafts}),
            )
        )
    }


def _row(draft: MailDraft, seller: str, clock: Clock) -> dict[str, object]:
    account = draft.account
    subject, body = rendered(draft.kind, {**draft.values, "account": {"name": account.name}, "seller": seller})
    return {
        "id": uuid7(),
        "distributor_id": account.distributor_id,
        "tenant_id": account.tenant_id,
        "tenant_path": account.tenant_path,
        "kind": draft.kind,
        "key": draft.key,
        "account_id": account.id,
        "recipient": account.email,
        "subject": subject,
        "body": body,
        "state": MailState.WAITING,
        "created_at": clock.now,
        "updated_at": clock.now,
    }


def write_letter(
    session: Session,
    owner: TenantRow,
    *,
    kind: str,
    key: str,
    recipient: str,
    values: Mapping[str, object],
    clock: Clock,
) -> None:
    """Write one mail to a person who signs in, with the job that sends it. It belongs to the tenant of `owner`."""
    subject, body = rendered(kind, values)
    mail = Mail(
        distributor_id=owner.distributor_id,
        tenant_id=owner.tenant_id,
        tenant_path=owner.tenant_path,
        kind=kind,
        key=key,
        account_id=None,
        recipient=recipient,
        subject=subject,
        body=body,
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(mail)
    session.flush()
    outbox.enqueue(session, owner, "notifications.send_mail", queue="notifications", arguments={"mail_id": mail.id.hex})


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
    if mail.kind in SECRET:
        mail.body = ""
    if mail.account_id is None:
        return
    account = session.scalars(
        select(Account).where(Account.distributor_id == mail.distributor_id, Account.id == mail.account_id)
    ).one()
    outbox.announce(session, scope, type, subject=account, prefix="acc", at=at)
