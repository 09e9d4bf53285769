"""Keys for a new password, asked for by anybody and mailed to nobody but the person."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from tenancy.models import Tenant, TenantState
from tenancy.signing_in.models import PasswordReset, PersonKind
from tenancy.signing_in.persons import person_by_email
from tenancy.signing_in.sessions import real_time
from tenancy.tokens import hash_of, new_token

__all__ = ["RESET_LASTS", "MadeReset", "make_reset"]

RESET_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MadeReset:
    """What is to be mailed."""

    reset: PasswordReset
    name: str
    email: str
    token: str
    """Kept as its hash only."""


def make_reset(session: Session, tenant: Tenant, *, kind: PersonKind, email: str) -> MadeReset | None:
    """A key for the tenant's person with this address; None: there is nobody who could use it.

    The scope must write the tenant's rows.
    """
    person = person_by_email(session, tenant, kind, email)
    shut_out = tenant.state is not TenantState.ACTIVE or tenant.suspended_above
    if person is None or not person.active or shut_out:
        return None
    token = new_token()
    reset = PasswordReset(
        distributor_id=person.distributor_id,
        tenant_id=person.tenant_id,
        tenant_path=person.tenant_path,
        person_kind=kind,
        person_id=person.id,
        token_hash=hash_of(token),
        expires_at=real_time(session) + RESET_LASTS,
    )
    session.add(reset)
    session.flush()
    return MadeReset(reset, person.name, person.email, token)
