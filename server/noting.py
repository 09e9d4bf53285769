"""What a web process notes in memory is written down again and again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

__all__ = ["written_down"]


@asynccontextmanager
async def written_down(write: Callable[[], Awaitable[None]], *, pause: float) -> AsyncIterator[None]:
    """Write every `pause` seconds for as long as the block runs, and once more at its end."""

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(pause)
            await write()

    writing = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await write()
