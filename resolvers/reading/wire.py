"""Prepared statements in one pipeline, straight to libpq.

psycopg's cursors do the same, but their every step is a turn of a generator: more work than all else that a request by
id costs. Left out here is what they offer besides: adapting values (parameters are texts or bytes), making rows (one
value is wanted), transactions (a pipeline up to its Sync is one).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import pq

__all__ = ["Statement", "pipelined", "sent"]

MOST_PREPARED = 200
"""Statements prepared on one connection, each with its plan; the one unused for the longest is closed."""

_SYNC = pq.ExecStatus.PIPELINE_SYNC
_FAILED = {pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED}
_prepared: WeakKeyDictionary[Any, OrderedDict[bytes, None]] = WeakKeyDictionary()
"""Names of each connection's statements, the one used last at the end."""


class Statement:
    """A text to prepare once on every connection."""

    __slots__ = ("name", "text")

    def __init__(self, text: str) -> None:
        self.text = text.encode()
        self.name = b"hw_" + sha256(self.text).hexdigest()[:32].encode()


def sent(parameters: Sequence[str | None]) -> list[bytes | None]:
    """Parameters as bytes. Raises psycopg.errors.CharacterNotInRepertoire for what is no text in PostgreSQL."""
    try:
        encoded = [None if text is None else text.encode() for text in parameters]
    except UnicodeEncodeError as error:
        raise psycopg.errors.CharacterNotInRepertoire(str(error)) from None
    for value in encoded:
        if value is not None and b"\0" in value:  # the text would end there
            raise psycopg.errors.CharacterNotInRepertoire("a text cannot contain NUL")
    return encoded


async def pipelined(
    connection: psycopg.AsyncConnection[Any], *steps: tuple[Statement, Sequence[bytes | None]]
) -> list[Any]:
    """Run statements in one round trip, all of them or none; their results (`psycopg.pq.PGresult`) in order.

    The connection is in autocommit. When this is cancelled the connection is closed, because the answers on their way
    would be taken for those of its next user; the pool puts another in its place.

    Raises psycopg.Error, that of the statement that failed.
    """
    pgconn: Any = connection.pgconn
    known = _prepared.get(pgconn)
    if known is None:
        known = _prepared[pgconn] = OrderedDict()
    unknown = []
    for statement, _ in steps:
        if statement.name in known:
            known.move_to_end(statement.name)
        else:
            unknown.append(statement)
    if unknown:
        await _prepare(pgconn, known, unknown)
    try:
        pgconn.enter_pipeline_mode()
        for statement, parameters in steps:
            pgconn.send_query_prepared(statement.name, parameters)
        return await _answers(pgconn)
    except BaseException:
        _leave(pgconn)
        raise


async def _prepare(pgconn: Any, known: OrderedDict[bytes, None], statements: list[Statement]) -> None:
    """Prepare statements, in a round trip of its own: an error later in the pipeline leaves no doubt what is there."""
    try:
        for statement in statements:
            if statement.name in known:
                continue
            pgconn.enter_pipeline_mode()
            if len(known) >= MOST_PREPARED:
                pgconn.send_close_prepared(known.popitem(last=False)[0])
            pgconn.send_prepare(statement.name, statement.text)
            await _answers(pgconn)
            known[statement.name] = None
    except BaseException:
        _leave(pgconn)
        raise


def _leave(pgconn: Any) -> None:
    """Close a connection on which answers are still to come."""
    if pgconn.pipeline_status != pq.PipelineStatus.OFF:
        pgconn.finish()


async def _answers(pgconn: Any) -> list[Any]:
    """Send what was queued, and its results up to the Sync; then the connection is out of pipeline mode."""
    pgconn.pipeline_sync()
    results: list[Any] = []
    loop = asyncio.get_running_loop()
    while pgconn.flush():
        await _ready(loop, pgconn, loop.add_writer, loop.remove_writer)
    while True:
        await _ready(loop, pgconn, loop.add_reader, loop.remove_reader)
        pgconn.consume_input()
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                continue
            if result.status == _SYNC:
                pgconn.exit_pipeline_mode()
                for each in results:
                    if each.status in _FAILED:
                        raise psycopg.errors.error_from_result(each)
                return results
            results.append(result)


async def _ready(loop: Any, pgconn: Any, add: Any, remove: Any) -> None:
    """Wait for the socket."""
    descriptor = pgconn.socket
    future = loop.create_future()
    add(descriptor, _done, future)
    try:
        await future
    finally:
        remove(descriptor)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
