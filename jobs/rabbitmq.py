"""RabbitMQ as the message broker."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pika.exceptions
from dramatiq import Broker, Message
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.errors import BrokerConnectionError

from jobs.messages import MessageBrokerAway, wire_name

__all__ = ["RabbitMQ"]

logging.getLogger("pika").setLevel(logging.CRITICAL)
"""What it says of a connection that breaks, in a dozen lines, those who use it say in one."""


class RabbitMQ:
    """Durable queues of the vhost that the URL names; every message is confirmed. One connection a thread."""

    def __init__(self, url: str) -> None:
        self._broker = RabbitmqBroker(url=url, confirm_delivery=True, middleware=[])

    @property
    def dramatiq(self) -> Broker:
        return self._broker

    def put(self, message: Message[None]) -> None:
        """Returns at RabbitMQ's confirmation."""
        with self._reached():
            self._broker.enqueue(message)

    def length(self, queue: str) -> int:
        """Messages that no worker has fetched."""
        with self._reached():
            self._broker.declare_queue(wire_name(queue), ensure=True)
            return int(self._broker.channel.queue_declare(wire_name(queue), passive=True).method.message_count)

    def reach(self) -> None:
        """Opens a connection, with its login, and closes it."""
        with self._reached():
            pika.BlockingConnection(self._broker.parameters).close()

    def close(self) -> None:
        self._broker.close()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (pika.exceptions.AMQPError, BrokerConnectionError, OSError) as error:
            del self._broker.connection
            raise MessageBrokerAway(f"RabbitMQ: {str(error) or type(error).__name__}") from error
