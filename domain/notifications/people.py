"""Mail to people who sign in."""

from urllib.parse import quote

from sqlalchemy.orm import Session

from domain.customers.models import AccountName, Invitation
from domain.notifications.mails import write_letter
from domain.notifications.templates import INVITATION, PASSWORD_RESET
from tenancy.clock import Clock
from tenancy.models import Tenant, TenantName
from tenancy.signing_in.models import PersonKind
from tenancy.signing_in.resets import RESET_LASTS, make_reset

__all__ = ["send_invitation", "send_password_reset"]


def send_password_reset(
    session: Session, tenant: Tenant, *, kind: PersonKind, email: str, page: str | None, clock: Clock
) -> None:
    """Mail a key for a new password to the tenant's person with this address, if there is one who may work.

    `page`: where passwords are set, with `{token}` in it; None: the mail holds the key alone.
    """
    made = make_reset(session, tenant, kind=kind, email=email)
    if made is None:
        return
    write_letter(
        session,
        tenant,
        kind=PASSWORD_RESET,
        key=made.reset.id.hex,
        recipient=made.email,
        values={
            "name": made.name,
            "seller": tenant.name,
            "tenant": tenant.number,
            "token": made.token,
            "link": None if page is None else page.replace("{token}", quote(made.token)),
            "minutes": int(RESET_LASTS.total_seconds() // 60),
        },
        clock=clock,
    )


def send_invitation(session: Session, invitation: Invitation, *, token: str, clock: Clock) -> None:
    """Mail an invitation's token to whom it is for."""
    account = session.get_one(AccountName, (invitation.distributor_id, invitation.account_id))
    seller = session.get_one(TenantName, (invitation.distributor_id, invitation.tenant_id))
    write_letter(
        session,
        invitation,
        kind=INVITATION,
        key=f"{invitation.id.hex} {invitation.sent}",
        recipient=invitation.email,
        values={
            "seller": seller.name,
            "account": account.name,
            "level": invitation.level.value,
            "token": token,
            "until": f"{invitation.expires_at:%Y-%m-%d}",
        },
        clock=clock,
    )
