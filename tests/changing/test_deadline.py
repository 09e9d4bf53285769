"""The time that a mutation may take."""

import time

import pytest
from sqlalchemy import Engine, text

from db.engine import application_engine
from resolvers.changing.deadline import TimeIsOver, keep_deadlines, within
from tests.conftest import Server


@pytest.fixture
def limited(database: Server) -> Engine:
    """An engine that keeps deadlines."""
    engine = application_engine(database.app, pool_size=1)
    keep_deadlines(engine)
    return engine


@pytest.mark.feature("A-06")
def test_no_statement_begins_after_the_time_of_its_work(limited: Engine) -> None:
    # given
    begun = []

    def work() -> None:
        with limited.begin() as connection:
            for number in range(3):
                begun.append(number)
                connection.execute(text("SELECT pg_sleep(0.1)"))

    # when
    with pytest.raises(TimeIsOver):
        within(0.05, work)
    # then
    assert begun == [0, 1]
    within(10, work)
    limited.dispose()


def test_work_without_a_limit_takes_its_time(limited: Engine) -> None:
    within(0.01, lambda: time.sleep(0.02))
    with limited.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    limited.dispose()
