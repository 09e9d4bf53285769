from decimal import Decimal

import pytest

from domain.customers.actions import create_account
from domain.customers.models import PaymentModel
from domain.shared.errors import InvalidInput, NotFound
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, scope_of


def test_an_account_belongs_to_the_acting_tenant_and_pays_in_its_currency(session: ScopedSession, chain: Chain) -> None:
    # given
    scope = act_as(session, scope_of(chain.child))
    # when
    first = create_account(session, scope, name=" Harbour ", email="IT@Harbour.example", clock=chain.clock)
    second = create_account(
        session,
        scope,
        name="Quay",
        email="it@quay.example",
        payment_model=PaymentModel.POSTPAY,
        external_id="Q-1",
        clock=chain.clock,
    )
    # then
    assert (first.tenant_id, first.currency, first.funds, first.blocked) == (
        chain.child.tenant.id,
        "EUR",
        Decimal(0),
        Decimal(0),
    )
    assert (first.number, second.number) == ("AC000001", "AC000002")
    assert (first.name, first.email) == ("Harbour", "it@harbour.example")
    assert (second.payment_model, second.external_id) == (PaymentModel.POSTPAY, "Q-1")
    assert first.created_at == chain.clock.now


@pytest.mark.parametrize(
    ("field", "given"),
    [("name", {"name": "  "}), ("email", {"email": "nobody"}), ("external_id", {"external_id": ""})],
)
def test_a_field_that_breaks_a_rule_is_named(
    session: ScopedSession, chain: Chain, field: str, given: dict[str, str]
) -> None:
    scope = act_as(session, scope_of(chain.child))
    values = {"name": "Harbour", "email": "it@harbour.example", **given}
    with pytest.raises(InvalidInput) as refused:
        create_account(session, scope, clock=chain.clock, **values)  # type: ignore[arg-type]
    assert refused.value.path == (field,)


def test_the_platform_has_no_customers(session: ScopedSession, chain: Chain) -> None:
    with pytest.raises(NotFound):
        create_account(session, PLATFORM, name="Harbour", email="it@harbour.example", clock=chain.clock)
