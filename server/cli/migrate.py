"""`./headwater migrate`: bring the database's tables to this version."""

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from migrations.run import upgrade
from server.cli.database import database, first_line
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal

__all__ = ["command", "migrate"]


def migrate(owner_url: str) -> None:
    """Bring the tables to this version.

    Raises Refusal with what the database said.
    """
    try:
        upgrade(owner_url)
    except (DBAPIError, CommandError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise Refusal(f"the database cannot be migrated: {first_line(reason)}") from error


def command(data_dir: DataDir = None) -> None:
    """Bring the database to this version, as its owner."""
    with database(settings_with(data_dir=data_dir)) as found:
        migrate(found.owner_url)
