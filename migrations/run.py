"""Migrations from Python: no ini file, the connection comes from the caller."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from db.engine import psycopg_url

__all__ = ["configuration", "upgrade"]


def configuration() -> Config:
    """Alembic's settings for this project."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Bring the database to `revision` as its owner. Does nothing when it is there already.

    Raises sqlalchemy.exc.OperationalError when the database cannot be reached or a lock is not had within 5 s.
    """
    engine = create_engine(psycopg_url(owner_url), poolclass=NullPool)
    with engine.connect() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
