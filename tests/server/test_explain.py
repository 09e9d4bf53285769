"""`./headwater explain`: a charge told and computed again."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, update

from db.engine import application_engine
from db.ids import encode, uuid7
from domain.billing.models import Charge
from server.cli.database import Database
from server.cli.explain import charge_id_of, lines_of, replayed
from server.cli.refusal import Refusal
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.conftest import Server, act_as, found_chain
from tests.domain.payments.selling import open_shop


@pytest.fixture
def engine(fresh_database: Server) -> Iterator[Engine]:
    engine = application_engine(fresh_database.app)
    with Sessions(engine).begin(PLATFORM) as session:
        shop = open_shop(session, found_chain(session))
        shop.order(5)
        act_as(session, PLATFORM)
    yield engine
    engine.dispose()


def test_a_charge_is_told_and_computed_again(engine: Engine, fresh_database: Server) -> None:
    # given
    found = Database(fresh_database.owner, fresh_database.app, switches_role=False)
    with Sessions(engine).begin(PLATFORM) as session:
        id = encode("chg", session.scalars(select(Charge.id)).one())
    # when
    told, replay = replayed(found, *charge_id_of(id), id)
    # then
    assert told == "CH000001  Business Basic, 5 licences, 20–31 Aug 2027  19.35 EUR  NEW"
    assert lines_of(replay) == [
        "Rule:       BY_DAYS",
        "Months:     12/31",
        "By days     5 × 10.00 a month × 12 of 31 days = 19.3548…, rounded to 19.35",
        "Unrounded:  19.3548387097",
        "Booked:     19.35",
        "Recomputed: 19.35  (agrees)",
    ]


def test_a_charge_that_was_tampered_with_does_not_agree(engine: Engine, fresh_database: Server) -> None:
    # given
    found = Database(fresh_database.owner, fresh_database.app, switches_role=False)
    with Sessions(engine).begin(PLATFORM) as session:
        id = session.scalars(update(Charge).values(amount="19.36").returning(Charge.id)).one()
    # when
    _, replay = replayed(found, "chg", id, "")
    # then
    assert not replay.agrees


def test_an_id_of_something_else_and_an_unknown_one_are_refused(engine: Engine, fresh_database: Server) -> None:
    found = Database(fresh_database.owner, fresh_database.app, switches_role=False)
    with pytest.raises(Refusal, match="no id of a charge"):
        charge_id_of(encode("sub", uuid7()))
    with pytest.raises(Refusal, match="there is no charge rch_1"):
        replayed(found, "rch", uuid7(), "rch_1")
