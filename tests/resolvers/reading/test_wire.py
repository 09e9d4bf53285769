"""Statements in one pipeline: whatever goes wrong with one, the connection stays what it was, or is not used again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import pytest

from resolvers.reading import reading_pool, wire
from resolvers.reading.wire import Statement, pipelined, sent
from tests.conftest import Server

T = TypeVar("T")
ECHO = Statement("SELECT $1::text")
FAULT = Statement("SELECT 1 / $1::integer")
MISSPELLED = Statement("SELEKT 1")


def on_a_connection(database: Server, use: Callable[[psycopg.AsyncConnection[Any]], Awaitable[T]]) -> T:
    async def run() -> T:
        async with await psycopg.AsyncConnection.connect(database.app, autocommit=True) as connection:
            return await use(connection)

    return asyncio.run(run())


async def echoed(connection: psycopg.AsyncConnection[Any], text: str) -> Any:
    (result,) = await pipelined(connection, (ECHO, sent([text])))
    return result.get_value(0, 0)


def test_results_come_in_the_order_of_the_statements(database: Server) -> None:
    async def use(connection: psycopg.AsyncConnection[Any]) -> list[Any]:
        results = await pipelined(connection, (ECHO, [b"a"]), (ECHO, [None]), (ECHO, ["b€".encode()]))
        return [result.get_value(0, 0) for result in results]

    assert on_a_connection(database, use) == [b"a", None, "b€".encode()]


def test_a_pipeline_is_one_transaction(database: Server) -> None:
    setting = Statement("SELECT set_config('app.lo', $1, true)")
    seen = Statement("SELECT current_setting('app.lo', true)")

    async def use(connection: psycopg.AsyncConnection[Any]) -> list[Any]:
        inside = (await pipelined(connection, (setting, [b"000001"]), (seen, [])))[1]
        (after,) = await pipelined(connection, (seen, []))
        return [inside.get_value(0, 0), after.get_value(0, 0)]

    assert on_a_connection(database, use) == [b"000001", b""]


@pytest.mark.parametrize("wrong", [(FAULT, [b"0"]), (FAULT, [b"none"]), (MISSPELLED, [])])
def test_after_a_statement_that_failed_the_connection_goes_on(database: Server, wrong: Any) -> None:
    async def use(connection: psycopg.AsyncConnection[Any]) -> Any:
        for _ in range(2):
            with pytest.raises(psycopg.Error) as failed:
                await pipelined(connection, (ECHO, [b"before"]), wrong, (Statement("SELECT 'never'"), []))
            assert failed.value.sqlstate is not None
            assert await echoed(connection, "after") == b"after"
        return await (await connection.execute("SELECT 'psycopg'")).fetchone()

    assert on_a_connection(database, use) == ("psycopg",)


def test_after_a_transaction_that_failed_what_was_prepared_is_still_there(database: Server) -> None:
    async def run() -> list[Any]:
        async with reading_pool(database.app, size=1) as pool, pool.connection() as connection:
            found = [await echoed(connection, "before")]
            await connection.execute("SELECT 'psycopg'")
            with pytest.raises(psycopg.Error):
                async with connection.transaction():
                    await connection.execute("SELECT 1 / %s", [0])
            return [*found, await echoed(connection, "after")]

    assert asyncio.run(run()) == [b"before", b"after"]


def test_a_cancelled_pipeline_takes_its_connection_with_it(database: Server) -> None:
    async def use(connection: psycopg.AsyncConnection[Any]) -> bool:
        waiting = asyncio.create_task(pipelined(connection, (Statement("SELECT pg_sleep(30)::text"), [])))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return connection.closed

    assert on_a_connection(database, use)


def test_a_connection_that_ends_meanwhile_is_an_error(database: Server) -> None:
    async def use(connection: psycopg.AsyncConnection[Any]) -> bool:
        with pytest.raises(psycopg.OperationalError):
            await pipelined(connection, (Statement("SELECT pg_terminate_backend(pg_backend_pid())"), []))
        return connection.closed

    assert on_a_connection(database, use)


def test_the_oldest_statement_is_closed_when_there_are_too_many(
    database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(wire, "MOST_PREPARED", 3)

    async def use(connection: psycopg.AsyncConnection[Any]) -> Any:
        # when
        for number in (1, 2, 3, 4, 1, 5, 4, 1):
            (result,) = await pipelined(connection, (Statement(f"SELECT {number}"), []))
            assert result.get_value(0, 0) == str(number).encode()
        # then
        held = await connection.execute("SELECT statement FROM pg_prepared_statements ORDER BY 1")
        return [text for (text,) in await held.fetchall()]

    assert on_a_connection(database, use) == ["SELECT 1", "SELECT 4", "SELECT 5"]


def test_more_than_a_socket_takes_at_once_arrives_whole(database: Server) -> None:
    text = "x" * 5_000_000
    assert on_a_connection(database, lambda connection: echoed(connection, text)) == text.encode()


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_is_no_text_is_refused_before_it_is_sent(text: str) -> None:
    with pytest.raises(psycopg.errors.CharacterNotInRepertoire):
        sent(["fine", None, text])
