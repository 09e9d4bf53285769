"""Whether the message broker answers, for `/readyz`."""

import asyncio
import time

from jobs.messages import MessageBroker, MessageBrokerAway

__all__ = ["BrokerHealth"]


class BrokerHealth:
    """Asks at most every `FRESH` seconds, and never keeps a probe waiting for longer than `PATIENCE`."""

    FRESH = 5.0
    PATIENCE = 1.0

    def __init__(self, messages: MessageBroker) -> None:
        self._messages = messages
        self._asked_at = 0.0
        self._answer: asyncio.Task[bool] | None = None

    async def is_there(self) -> bool:
        """Whether it answered last time; an answer that is not there in time is a no."""
        now = time.monotonic()
        if self._answer is None or (self._answer.done() and now - self._asked_at > self.FRESH):
            self._asked_at = now
            self._answer = asyncio.create_task(asyncio.to_thread(self._ask))
        done, _ = await asyncio.wait([self._answer], timeout=self.PATIENCE)
        return bool(done) and self._answer.result()

    def _ask(self) -> bool:
        try:
            self._messages.reach()
        except MessageBrokerAway:
            return False
        return True
