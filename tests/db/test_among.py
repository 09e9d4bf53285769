"""Rows by more ids than a statement has parameters."""

from sqlalchemy import select

from db.among import among
from db.ids import uuid7
from domain.catalog.models import Plan
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.catalog.making import acting, make_plan


def test_rows_are_found_by_any_number_of_ids(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    acting(session, chain.distributor)
    wanted = [plan.id, *(uuid7() for _ in range(70_000))]
    assert session.scalars(select(Plan.id).where(among(Plan.id, wanted))).all() == [plan.id]
    assert session.scalars(select(Plan.id).where(among(Plan.id, []))).all() == []
