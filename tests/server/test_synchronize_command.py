"""`./headwater synchronize`: what it repairs and what it says."""

import pytest
from sqlalchemy import delete, select, update

from db.ids import encode, uuid7
from domain.catalog.models import Plan, PlanResource
from server.cli.refusal import Refusal
from server.cli.synchronize import command
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.conftest import act_as, distributor_scope, found_chain
from tests.domain.catalog.making import delegate, make_plan
from tests.server.conftest import printed

pytestmark = pytest.mark.feature("C-07")


def run(*arguments: str) -> list[str]:
    return printed(command, *arguments).splitlines()


def test_what_has_drifted_is_told_first_then_repaired_once(sessions: Sessions) -> None:
    # given: two copies that differ, and a distributor whose copies do not
    with sessions.begin(PLATFORM) as session:
        chain, sound = found_chain(session), found_chain(session)
        own = make_plan(session, chain.distributor)
        copy = delegate(session, own, chain.distributor, chain.reseller)
        below = delegate(session, copy, chain.reseller, chain.child)
        delegate(session, make_plan(session, sound.distributor), sound.distributor, sound.reseller)
        act_as(session, distributor_scope(chain.distributor))
        session.execute(update(Plan).where(Plan.id == below.id).values(name="Typo"))
        session.execute(delete(PlanResource).where(PlanResource.plan_id.in_([copy.id, below.id])))
        ids = [copy.id, below.id]

    def named() -> list[str]:
        with sessions.begin(PLATFORM) as session:
            return list(session.scalars(select(Plan.name).where(Plan.id.in_(ids)).order_by(Plan.tenant_path)))

    plan = "  PL000001 Mail, of Delta: 2 copies: name (1), resources.licence (2)"
    # when
    dry = run("--all", "--dry-run")
    # then
    assert dry == [
        "Nothing is changed; this is what a synchronization would do.",
        "Delta: plans whose copies differed: 1",
        plan,
        "Delta: every copy shows what its origin does",
        "Copies that differed from their origins: 2",
    ]
    assert named() == ["Mail", "Typo"]
    # when
    done = run("--distributor", encode("dst", chain.distributor.tenant.id))
    # then
    assert done == ["Delta: plans whose copies differed: 1", plan, "Copies that differed from their origins: 2"]
    assert named() == ["Mail", "Mail"]
    assert run("--all")[-1] == "Copies that differed from their origins: 0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say --all"),
        (["--all", "--distributor", "dst_1"], "say --all"),
        (["--distributor", "dst_1"], "no id of a distributor"),
        (["--distributor", encode("dst", uuid7())], "there is no distributor dst_"),
    ],
)
def test_whose_plans_has_to_be_said(sessions: Sessions, arguments: list[str], message: str) -> None:
    with pytest.raises(Refusal, match=message):
        run(*arguments)
