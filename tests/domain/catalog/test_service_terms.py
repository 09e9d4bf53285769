"""Service terms: keys along the chain, limits of the days."""

from typing import Any

import pytest
from sqlalchemy import select

from domain.catalog.errors import ServiceTermKeyTaken
from domain.catalog.models import ServiceTerm
from domain.shared.errors import InvalidInput
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, scope_of
from tests.domain.catalog.making import make_term


@pytest.mark.feature("C-02")
def test_everybody_below_has_a_new_term_and_nobody_beside(session: ScopedSession, chain: Chain) -> None:
    make_term(session, chain.reseller, key="ripple_monthly", billing_day=31)
    for founded, keys in (
        (chain.distributor, ["ripple_monthly"]),
        (chain.reseller, ["ripple_monthly"]),
        (chain.child, ["ripple_monthly"]),
        (chain.sibling, []),
    ):
        act_as(session, scope_of(founded))
        assert session.scalars(select(ServiceTerm.key)).all() == keys


@pytest.mark.feature("C-02")
def test_a_key_used_below_is_refused_with_the_tenant_named(session: ScopedSession, chain: Chain) -> None:
    make_term(session, chain.child, key="monthly")
    with pytest.raises(ServiceTermKeyTaken, match="The key monthly is taken: Brook, below you,") as refusal:
        make_term(session, chain.distributor, key="monthly")
    assert refusal.value.path == ("key",)
    assert session.scalars(select(ServiceTerm.tenant_id)).all() == [chain.child.tenant.id]


@pytest.mark.feature("C-02")
def test_a_key_used_above_or_by_oneself_is_refused_too(session: ScopedSession, chain: Chain) -> None:
    make_term(session, chain.distributor, key="monthly")
    with pytest.raises(ServiceTermKeyTaken, match="Delta, above you,"):
        make_term(session, chain.child, key="monthly")
    with pytest.raises(ServiceTermKeyTaken, match="Delta has a service term"):
        make_term(session, chain.distributor, key="monthly")


def test_siblings_may_use_the_same_key(session: ScopedSession, chain: Chain) -> None:
    make_term(session, chain.reseller, key="monthly")
    assert make_term(session, chain.sibling, key="monthly").tenant_id == chain.sibling.tenant.id


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"key": "Monthly"}, "key", "a to z, 0 to 9 and the underscore"),
        ({"key": ""}, "key", "a to z"),
        ({"key": "monthly\n"}, "key", "a to z"),
        ({"key": "k" * 101}, "key", "at most 100"),
        ({"name": "  "}, "name", "empty"),
        ({"billing_day": 0}, "billing_day", "from 1 to 31, got 0"),
        ({"billing_day": 32}, "billing_day", "from 1 to 31, got 32"),
        ({"auto_renew_point_days": -1}, "auto_renew_point_days", "from 0 to 3650"),
        ({"manual_renew_point_days": -2}, "manual_renew_point_days", "from -1 to 3650"),
        ({"grace_period_days": -1}, "grace_period_days", "from 0"),
        ({"stop_period_days": 3651}, "stop_period_days", "to 3650, got 3651"),
        ({"deletion_window_days": -2}, "deletion_window_days", "from -1"),
        ({"auto_renew_point_days": 5, "manual_renew_point_days": 4}, "manual_renew_point_days", "which is 5; got 4"),
    ],
)
def test_a_refusal_names_the_field_and_its_limit(
    session: ScopedSession, chain: Chain, given: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message) as refusal:
        make_term(session, chain.distributor, **given)
    assert refusal.value.path == (field,)
    assert session.scalars(select(ServiceTerm)).all() == []
