"""RabbitMQ or Redis between the job table and the workers, where an operator wants one.

What travels is the key of a job and nothing else. Messages may be lost, late, doubled or about jobs that ended long
ago: whoever gets one claims the job in the table, and finds out there. Dramatiq carries them, without any of its
middleware; delays, retries and dead letters are the table's.
"""

from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from dramatiq import Broker, Message

from jobs.claims import Key

__all__ = ["MessageBroker", "MessageBrokerAway", "announce", "key_of", "message_broker", "wire_name"]

_RABBITMQ_LIMITS = {"socket_timeout": "3", "stack_timeout": "5", "blocked_connection_timeout": "10", "heartbeat": "20"}
_REDIS_LIMITS = {"socket_connect_timeout": "3", "socket_timeout": "5"}
"""Seconds after which a silent server counts as away, unless the URL says otherwise."""

_ABANDONED = 30_000
"""Milliseconds without a sign of life after which Redis hands a worker's messages to another."""


class MessageBrokerAway(Exception):
    """The message broker does not answer, or not as it should."""


class MessageBroker(Protocol):
    """What the relay and the health check need of a message broker besides Dramatiq's `Broker`."""

    @property
    def dramatiq(self) -> Broker:
        """To declare actors on, and to hand to a worker."""

    def put(self, message: Message[None]) -> None:
        """Hand a message over; returning means that the other side answers for it. Raises MessageBrokerAway."""

    def length(self, queue: str) -> int:
        """How many messages wait for a worker. Raises MessageBrokerAway."""

    def reach(self) -> None:
        """Return if the other side answers. Raises MessageBrokerAway."""

    def close(self) -> None: ...


def message_broker(url: str) -> MessageBroker:
    """The message broker of `amqp://…` or `redis://…`, not connected yet. Raises ValueError for any other URL."""
    scheme = urlsplit(url).scheme
    if scheme in {"amqp", "amqps"}:
        from jobs.rabbitmq import RabbitMQ  # noqa: PLC0415 - only who wants it pays for its client

        return RabbitMQ(_limited(url, _RABBITMQ_LIMITS))
    if scheme in {"redis", "rediss"}:
        from jobs.redis import Redis  # noqa: PLC0415 - the same

        return Redis(_limited(url, _REDIS_LIMITS), abandoned=_ABANDONED)
    raise ValueError(f"no message broker speaks {scheme or 'nothing'}")


def _limited(url: str, limits: dict[str, str]) -> str:
    """The URL with what it does not say about time itself."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode(limits | dict(parse_qsl(parts.query)))))


def wire_name(queue: str) -> str:
    """What the queue is called at the message broker; its one actor there has the same name."""
    return f"headwater.{queue}"


def announce(queue: str, job: Key) -> Message[None]:
    """The message that this job is due."""
    name = wire_name(queue)
    return Message(queue_name=name, actor_name=name, args=tuple(part.hex for part in job), kwargs={}, options={})


def key_of(distributor_id: str, job_id: str) -> Key:
    """The job that a message is about. Raises ValueError for anything else."""
    return UUID(distributor_id), UUID(job_id)
