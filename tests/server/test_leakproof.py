"""The embedded server marks what lists compare by, so that row-level security lets indexes be used."""

import psycopg
import pytest

from tests.conftest import Server


@pytest.mark.parametrize(
    "function", ["ts_match_vq", "numeric_eq", "numeric_lt", "numeric_le", "numeric_gt", "numeric_ge"]
)
def test_comparisons_of_lists_are_marked_in_every_new_database(database: Server, function: str) -> None:
    with psycopg.connect(database.app) as connection:
        marked = connection.execute("SELECT bool_and(proleakproof) FROM pg_proc WHERE proname = %s", [function])
        assert marked.fetchone() == (True,)
