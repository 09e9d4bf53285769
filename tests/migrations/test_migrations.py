"""The migrations make what the models say, and can be taken back one by one."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from db.engine import psycopg_url
from migrations.run import configuration
from tests.conftest import Server


@pytest.mark.filterwarnings("error")
def test_the_models_are_what_the_migrations_make(fresh_database: Server) -> None:
    engine = create_engine(psycopg_url(fresh_database.owner), poolclass=NullPool)
    with engine.connect() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.check(config)


def test_the_indexes_of_lists_can_be_taken_back_and_made_again(fresh_database: Server) -> None:
    engine = create_engine(psycopg_url(fresh_database.owner), poolclass=NullPool)
    with engine.connect() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        head = ScriptDirectory.from_config(config).get_current_head()
        assert head is not None
        command.downgrade(config, "0002")
        command.upgrade(config, head)
        command.check(config)
