"""Who may do what at a tenant, and who may say so."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tenancy import people, roles, tokens_of_people
from tenancy.errors import ActAsRequired, Forbidden, InvalidInput, InvalidState, KeyTaken, NotFound
from tenancy.hierarchy import Founded
from tenancy.models import CustomRole, Manager
from tenancy.people import ManagerChange
from tenancy.permissions import TENANT_PERMISSIONS, Permission, Role, permissions_of
from tenancy.roles import CustomRoleChange
from tenancy.sessions import ScopedSession
from tenancy.tokens import authenticate
from tests.conftest import Chain, act_as, scope_of

pytestmark = pytest.mark.feature("T-05")

P = Permission
FEW = frozenset({P.MANAGERS_WRITE, P.ACCOUNTS_READ})


class Desk:
    """Somebody of a tenant at work on its people."""

    def __init__(self, session: ScopedSession, chain: Chain, at: Founded, granting: Iterable[Permission]) -> None:
        self.session = session
        self.scope = act_as(session, scope_of(at))
        self.common = {"granting": granting, "clock": chain.clock}

    def add(self, name: str, role: Role = Role.MARKETING, custom: CustomRole | None = None) -> Manager:
        manager, _ = people.create_manager(
            self.session,
            self.scope,
            name=name,
            email=f"{name.lower()}@ripple.example",
            role=role,
            custom_role_id=None if custom is None else custom.id,
            **self.common,  # type: ignore[arg-type]
        )
        return manager

    def role(self, name: str, *permissions: str) -> CustomRole:
        return roles.create_custom_role(
            self.session,
            self.scope,
            name=name,
            permissions=permissions,
            **self.common,  # type: ignore[arg-type]
        )

    def change(self, manager: Manager, **change: Any) -> Manager:
        return people.update_manager(
            self.session,
            self.scope,
            manager_id=manager.id,
            change=ManagerChange(**change),
            **self.common,  # type: ignore[arg-type]
        )

    def deactivate(self, manager: Manager) -> Manager:
        return people.deactivate_manager(
            self.session,
            self.scope,
            manager_id=manager.id,
            **self.common,  # type: ignore[arg-type]
        )


@pytest.fixture
def desk(session: ScopedSession, chain: Chain) -> Desk:
    """The reseller's administrator's."""
    return Desk(session, chain, chain.reseller, TENANT_PERMISSIONS)


@pytest.fixture
def clerk(session: ScopedSession, chain: Chain) -> Desk:
    """Of somebody at the reseller who may manage people and see customers, and nothing else."""
    return Desk(session, chain, chain.reseller, FEW)


def permissions(session: Session, token: str) -> frozenset[Permission]:
    identity = authenticate(session, token)
    assert identity is not None
    return identity.permissions


def test_an_address_belongs_to_one_person_of_a_tenant(session: ScopedSession, chain: Chain, desk: Desk) -> None:
    desk.add("Eve")
    with pytest.raises(InvalidInput, match=r"eve@ripple\.example"):
        desk.add("EVE")
    elsewhere = Desk(session, chain, chain.sibling, TENANT_PERMISSIONS)
    assert elsewhere.add("Eve").email == "eve@ripple.example"


def test_a_custom_role_gives_what_it_says_and_nothing_else(session: ScopedSession, desk: Desk) -> None:
    role = desk.role("Clerk", "charges.read", "accounts.read")
    manager = desk.add("Eve", Role.CUSTOM, role)
    _, token = tokens_of_people.create_token(
        session, desk.scope, manager_id=manager.id, name="Till", granting=TENANT_PERMISSIONS
    )
    assert role.permissions == ["accounts.read", "charges.read"]
    assert permissions(session, token) == {P.ACCOUNTS_READ, P.CHARGES_READ}


def test_a_changed_custom_role_counts_for_all_who_have_it(session: ScopedSession, desk: Desk) -> None:
    # given
    role = desk.role("Clerk", "charges.read")
    manager = desk.add("Eve", Role.CUSTOM, role)
    _, token = tokens_of_people.create_token(
        session, desk.scope, manager_id=manager.id, name="Till", granting=TENANT_PERMISSIONS
    )
    # when
    roles.update_custom_role(
        session,
        desk.scope,
        custom_role_id=role.id,
        change=CustomRoleChange(permissions=["catalog.read"]),
        **desk.common,  # type: ignore[arg-type]
    )
    # then
    assert permissions(session, token) == {P.CATALOG_READ}


def test_a_name_in_a_custom_role_that_is_no_permission_any_more_gives_nothing(
    session: ScopedSession, desk: Desk
) -> None:
    role = desk.role("Clerk", "charges.read")
    role.permissions = ["charges.read", "distributors.write", "faxes.send"]
    assert people.permissions_held(session, desk.add("Eve", Role.CUSTOM, role)) == {P.CHARGES_READ}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["distributors.write"], r"distributors\.write is no permission that a tenant can have"),
        (["accounts.read", "all"], "all is no permission"),
        ([], "at least one permission"),
    ],
)
def test_a_custom_role_gives_only_what_a_tenant_can_have(desk: Desk, given: list[str], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        desk.role("Clerk", *given)


def test_two_custom_roles_of_a_tenant_have_two_names(session: ScopedSession, chain: Chain, desk: Desk) -> None:
    desk.role("Clerk", "accounts.read")
    with pytest.raises(KeyTaken):
        desk.role("CLERK", "accounts.read")
    assert Desk(session, chain, chain.sibling, TENANT_PERMISSIONS).role("Clerk", "accounts.read").name == "Clerk"


def test_a_custom_role_that_somebody_has_is_not_deleted(session: ScopedSession, desk: Desk) -> None:
    # given
    role = desk.role("Clerk", "accounts.read")
    eve = desk.add("Eve", Role.CUSTOM, role)
    delete = {"custom_role_id": role.id, "granting": TENANT_PERMISSIONS}
    # when
    with pytest.raises(InvalidState, match="1 managers have this role"):
        roles.delete_custom_role(session, desk.scope, **delete)  # type: ignore[arg-type]
    desk.change(eve, role=Role.MARKETING)
    roles.delete_custom_role(session, desk.scope, **delete)  # type: ignore[arg-type]
    # then
    assert (eve.role, eve.custom_role_id) == (Role.MARKETING, None)
    assert session.get(CustomRole, (role.distributor_id, role.id)) is None


def test_a_custom_role_is_named_with_custom_and_with_nothing_else(desk: Desk) -> None:
    role = desk.role("Clerk", "accounts.read")
    for wrong in ((Role.CUSTOM, None), (Role.MARKETING, role)):
        with pytest.raises(InvalidInput, match="goes with the role CUSTOM"):
            desk.add("Eve", *wrong)


def test_another_tenants_custom_role_is_not_there_or_not_ones_own(
    session: ScopedSession, chain: Chain, desk: Desk
) -> None:
    role = desk.role("Clerk", "accounts.read")
    with pytest.raises(NotFound):
        Desk(session, chain, chain.sibling, TENANT_PERMISSIONS).add("Eve", Role.CUSTOM, role)
    with pytest.raises(ActAsRequired):
        Desk(session, chain, chain.distributor, TENANT_PERMISSIONS).add("Eve", Role.CUSTOM, role)


def test_nobody_gives_what_he_has_not(clerk: Desk) -> None:
    with pytest.raises(Forbidden, match=r"catalog\.read"):
        clerk.add("Eve", Role.MARKETING)
    with pytest.raises(Forbidden, match=r"charges\.read"):
        clerk.role("Clerk", "accounts.read", "charges.read")
    role = clerk.role("Clerk", "accounts.read")
    assert clerk.add("Eve", Role.CUSTOM, role).custom_role_id == role.id


def test_who_may_do_more_is_out_of_reach(session: ScopedSession, chain: Chain, clerk: Desk) -> None:
    admin = chain.reseller.manager
    tries: list[Callable[[], object]] = [
        lambda: clerk.change(admin, email="mine@ripple.example"),
        lambda: clerk.deactivate(admin),
        lambda: tokens_of_people.create_token(session, clerk.scope, manager_id=admin.id, name="Mine", granting=FEW),
    ]
    for attempt in tries:
        with pytest.raises(Forbidden):
            attempt()
    assert (admin.email, admin.active) == ("admin@ripple.example", True)


def test_a_role_that_gives_more_than_one_has_is_out_of_reach(session: ScopedSession, chain: Chain, desk: Desk) -> None:
    role = desk.role("Clerk", "accounts.read", "charges.read")
    clerk = Desk(session, chain, chain.reseller, FEW)
    with pytest.raises(Forbidden, match=r"charges\.read"):
        roles.update_custom_role(
            session,
            clerk.scope,
            custom_role_id=role.id,
            change=CustomRoleChange(name="Mine"),
            **clerk.common,  # type: ignore[arg-type]
        )
    with pytest.raises(Forbidden, match=r"charges\.read"):
        roles.delete_custom_role(session, clerk.scope, custom_role_id=role.id, granting=FEW)


def test_the_last_active_administrator_stays(session: ScopedSession, chain: Chain, desk: Desk) -> None:
    admin = chain.reseller.manager
    with pytest.raises(InvalidState, match="last active system administrator"):
        desk.deactivate(admin)
    with pytest.raises(InvalidState, match="last active system administrator"):
        desk.change(admin, role=Role.MARKETING)
    second = desk.add("Zoe", Role.SYSTEM_ADMINISTRATOR)
    assert desk.deactivate(admin).active is False
    with pytest.raises(InvalidState):
        desk.change(second, role=Role.SALES_PERSON)


def test_who_is_shut_out_has_no_open_token_and_has_it_again_when_let_in(
    session: ScopedSession, chain: Chain, desk: Desk
) -> None:
    # given
    eve = desk.add("Eve")
    _, token = tokens_of_people.create_token(
        session, desk.scope, manager_id=eve.id, name="Till", granting=TENANT_PERMISSIONS
    )
    # when
    desk.deactivate(eve)
    # then
    assert authenticate(session, token) is None
    with pytest.raises(InvalidState, match="inactive"):
        tokens_of_people.create_token(
            session, desk.scope, manager_id=eve.id, name="Another", granting=TENANT_PERMISSIONS
        )
    people.reactivate_manager(
        session,
        desk.scope,
        manager_id=eve.id,
        **desk.common,  # type: ignore[arg-type]
    )
    assert permissions(session, token) == permissions_of(Role.MARKETING)


def test_a_change_leaves_what_it_does_not_name(desk: Desk) -> None:
    eve = desk.change(desk.add("Eve"), name="Eva")
    assert (eve.name, eve.email, eve.role) == ("Eva", "eve@ripple.example", Role.MARKETING)
    with pytest.raises(InvalidInput, match="name is empty"):
        desk.change(eve, name=None)
    with pytest.raises(InvalidInput, match=r"admin@ripple\.example"):
        desk.change(eve, email="admin@ripple.example")


def test_a_revoked_token_opens_nothing_and_others_go_on(session: ScopedSession, chain: Chain, desk: Desk) -> None:
    row, token = tokens_of_people.create_token(session, desk.scope, name="Till", granting=TENANT_PERMISSIONS)
    assert (row.manager_id, row.name) == (chain.reseller.manager.id, "Till")
    assert authenticate(session, token) is not None
    tokens_of_people.revoke_token(session, desk.scope, token_id=row.id, granting=TENANT_PERMISSIONS)
    assert authenticate(session, token) is None
    assert authenticate(session, chain.reseller.token) is not None


def test_a_token_cannot_have_expired_when_it_is_made(session: ScopedSession, desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="in the future, in real time"):
        tokens_of_people.create_token(
            session,
            desk.scope,
            name="Till",
            expires_at=datetime.now(UTC) - timedelta(seconds=1),
            granting=TENANT_PERMISSIONS,
        )
