"""Who is behind a token."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from tenancy.models import ApiToken, Manager, Tenant, TenantState
from tenancy.permissions import PLATFORM_PERMISSIONS, Permission, Role, permissions_of
from tenancy.scope import NOWHERE, PLATFORM
from tenancy.sessions import ScopedSession
from tenancy.tokens import authenticate, hash_of, issue_token, new_token, set_operator_token
from tests.conftest import Chain, act_as, scope_of

pytestmark = pytest.mark.feature("T-05")


def test_a_token_opens_its_managers_tenant_from_any_scope_and_leaves_the_scope_as_it_was(
    session: ScopedSession, chain: Chain
) -> None:
    act_as(session, NOWHERE)
    identity = authenticate(session, chain.child.token)
    assert identity is not None
    assert (identity.kind, identity.actor_id) == ("manager", chain.child.manager.id)
    assert identity.scope == scope_of(chain.child)
    assert identity.permissions == permissions_of(Role.SYSTEM_ADMINISTRATOR)
    assert session.execute(text("SELECT current_setting('app.lo'), current_setting('app.hi')")).one() == ("~", "")
    assert session.scalars(select(Tenant)).all() == []


def test_the_operators_token_opens_the_platform_and_a_new_one_replaces_it(session: ScopedSession) -> None:
    old, new = new_token(), new_token()
    set_operator_token(session, old)
    identity = authenticate(session, old)
    assert identity is not None
    assert (identity.kind, identity.scope, identity.permissions) == ("platform", PLATFORM, PLATFORM_PERMISSIONS)
    set_operator_token(session, new)
    assert authenticate(session, old) is None
    assert authenticate(session, new) is not None


def test_what_is_kept_of_a_token_does_not_open_anything(session: ScopedSession, chain: Chain) -> None:
    kept = session.scalars(select(ApiToken.token_hash)).all()
    assert chain.child.token.encode() not in kept
    assert hash_of(chain.child.token) in kept
    assert authenticate(session, kept[0].hex()) is None
    assert authenticate(session, "") is None


def test_an_expired_a_revoked_and_a_suspended_one_open_nothing(session: ScopedSession, chain: Chain) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    act_as(session, scope_of(chain.child))
    expired = issue_token(session, chain.child.manager, expires_at=past)
    assert authenticate(session, expired) is None
    session.execute(update(ApiToken).values(revoked_at=past))
    assert authenticate(session, chain.child.token) is None
    act_as(session, PLATFORM)
    session.execute(update(Tenant).where(Tenant.id == chain.reseller.tenant.id).values(state=TenantState.SUSPENDED))
    assert authenticate(session, chain.reseller.token) is None
    session.execute(update(Manager).where(Manager.id == chain.sibling.manager.id).values(active=False))
    assert authenticate(session, chain.sibling.token) is None
    assert authenticate(session, chain.cousin.token) is not None


def test_only_the_platform_founds_distributors_and_only_some_see_what_things_cost() -> None:
    may_found = {role for role in Role if Permission.DISTRIBUTORS_WRITE in permissions_of(role)}
    see_costs = {role for role in Role if Permission.PRICES_UPSTREAM_READ in permissions_of(role)}
    assert may_found == set()
    assert see_costs == {Role.SYSTEM_ADMINISTRATOR, Role.PRODUCT_OWNER}
