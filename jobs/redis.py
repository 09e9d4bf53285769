"""Redis as the message broker."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from dramatiq import Broker, Message
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import NoBackoff
from redis.retry import Retry

from jobs.messages import MessageBrokerAway, wire_name

__all__ = ["Redis"]


class Redis:
    """Lists of the database that the URL names, under `dramatiq:headwater.…`."""

    def __init__(self, url: str, *, abandoned: int) -> None:
        # Once more at once, for a connection that broke while it was idle; more patience is the relay's.
        self._client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 1))
        self._broker = RedisBroker(  # type: ignore[no-untyped-call]
            client=self._client, heartbeat_timeout=abandoned, middleware=[]
        )

    @property
    def dramatiq(self) -> Broker:
        return self._broker

    def put(self, message: Message[None]) -> None:
        """Returns at Redis's answer."""
        with self._reached():
            self._broker.enqueue(message)

    def length(self, queue: str) -> int:
        """Messages that no worker has fetched."""
        with self._reached():
            return int(self._client.llen(f"{self._broker.namespace}:{wire_name(queue)}"))

    def reach(self) -> None:
        """Asks for a PONG."""
        with self._reached():
            self._client.ping()

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError) as error:
            raise MessageBrokerAway(f"Redis: {str(error) or type(error).__name__}") from error
