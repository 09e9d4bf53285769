"""Sends what the house has to say."""

from datetime import timedelta
from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.mail.smtp import SmtpTransport
from connectors.mail.transport import Letter, MailRefused, MailTransport, MailUnavailable
from domain.notifications import mails, people
from jobs.actors import actor, calling_actor
from jobs.settings import Settings
from jobs.tasks import Backoff, Task
from tenancy.clock import clock_of
from tenancy.models import Tenant
from tenancy.scope import Scope
from tenancy.signing_in.models import PersonKind


@calling_actor(
    queue="notifications",
    max_attempts=30,
    backoff=Backoff(first=timedelta(seconds=2), longest=timedelta(hours=1)),
)
def send_mail(task: Task, *, mail_id: UUID) -> None:
    """Hand a mail to the SMTP server, then put down what it said.

    The claim is committed before the call. Between the server's yes and our note of it a worker may die: the mail is
    sent again then, with the same Message-ID, by which its reader's program knows it for the same.
    """
    with task.transaction() as session:
        mail = mails.outgoing(session, task.scope, mail_id=mail_id)
    if mail is None:
        return
    refusal = None
    try:
        transport().send(Letter(id=mail.id, recipient=mail.recipient, subject=mail.subject, body=mail.body))
    except MailRefused as refused:
        refusal = str(refused)
    with task.last_transaction() as session:
        clock = clock_of(session, task.claim.distributor_id)
        if refusal is None:
            mails.record_sent(session, task.scope, mail_id=mail_id, clock=clock)
        else:
            mails.record_refused(session, task.scope, mail_id=mail_id, error=refusal, clock=clock)


@actor(queue="notifications")
def send_password_reset(session: Session, scope: Scope, *, tenant_id: UUID, kind: str, email: str) -> None:
    """Write the mail that lets a person set a new password, if there is such a person."""
    assert scope.distributor_id is not None
    tenant = session.get_one(Tenant, (scope.distributor_id, tenant_id))
    people.send_password_reset(
        session,
        tenant,
        kind=PersonKind(kind),
        email=email,
        page=Settings().password_page,
        clock=clock_of(session, scope.distributor_id),
    )


@cache
def transport() -> MailTransport:
    """The SMTP server of the environment. Raises MailUnavailable while none is set."""
    settings = Settings()
    if settings.smtp_host is None:
        raise MailUnavailable("HEADWATER_SMTP_HOST is not set")
    return SmtpTransport(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        starttls=settings.smtp_starttls,
    )
