"""Adding customers."""

from sqlalchemy.orm import Session

from domain.customers.members import write_name
from domain.customers.models import Account, PaymentModel
from domain.shared.numbers import number_for
from domain.shared.outbox import announce
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.scope import Scope
from tenancy.texts import clean_email, clean_text

__all__ = ["create_account"]


def create_account(
    session: Session,
    scope: Scope,
    *,
    name: str,
    email: str,
    payment_model: PaymentModel = PaymentModel.PREPAY,
    external_id: str | None = None,
    clock: Clock,
) -> Account:
    """Add a customer to the acting tenant, with an empty balance in the tenant's currency.

    Raises NotFound when nobody acts for a tenant, InvalidInput.
    """
    tenant = tenant_by_id(session, scope.tenant_id)
    account = Account(
        distributor_id=tenant.distributor_id,
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        number="",
        name=clean_text(name, "name"),
        email=clean_email(email, "email"),
        payment_model=payment_model,
        currency=tenant.currency,
        external_id=None if external_id is None else clean_text(external_id, "external_id"),
        created_at=clock.now,
        updated_at=clock.now,
    )
    account.number = number_for(session, tenant, "accounts")
    session.add(account)
    session.flush()
    write_name(session, account)
    announce(session, scope, "account.created", subject=account, prefix="acc", at=clock.now)
    session.flush()
    return account
