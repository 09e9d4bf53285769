"""The relay: `python -m jobs.relay`. Tells the message broker of BROKER_URL which jobs are due.

Of each queue it keeps a short row of messages there, and no more: what is urgent, or another distributor's turn, is
decided in the table up to the last moment. A job is marked as sent, that is committed, then its message is published
and confirmed; when that fails, or the message is lost afterwards, the job is announced again. Any number of relays may
run. While the message broker is away the jobs wait in the table.
"""

import argparse
import importlib
import logging
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from db.engine import application_engine
from jobs import claims
from jobs.broker import POLL, broker
from jobs.claims import Key
from jobs.messages import MessageBroker, MessageBrokerAway, announce, message_broker
from jobs.settings import Settings
from jobs.turns import BEFORE_ALL_IDS, last_served
from jobs.wake import Listener
from jobs.worker import ACTORS
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["WINDOW", "Relay", "main"]

WINDOW = 200
"""Messages of one queue that may wait at the message broker."""

BUSY_POLL = 0.05
"""Seconds between looks while there is more to announce than the window takes."""

AWAY_POLL = 1.0
"""Seconds between looks while database or message broker are away."""

_log = logging.getLogger(__name__)


class Relay:
    """Announces the due jobs of the queues in `limits` (queue: kind: claims allowed)."""

    def __init__(
        self,
        sessions: Sessions,
        messages: MessageBroker,
        limits: Mapping[str, Mapping[str, int]],
        *,
        again_after: timedelta,
        window: int = WINDOW,
    ) -> None:
        self._sessions = sessions
        self._messages = messages
        self._limits = limits
        self._again_after = again_after
        self._window = window
        self._worth_a_look = threading.Event()
        self._away = False
        self._after = dict.fromkeys(limits, BEFORE_ALL_IDS)
        """By queue, the distributor that was served last."""

    def wake(self) -> None:
        """Look now."""
        self._worth_a_look.set()

    def run(self, stop: threading.Event) -> None:
        """Announce until `stop` is set; notices that within a second."""
        while not stop.is_set():
            self._worth_a_look.clear()
            pause = self._look()
            if pause < POLL:
                stop.wait(pause)
            else:
                self._worth_a_look.wait(pause)

    def announce_due(self) -> bool:
        """Fill every queue's window; whether one of them was filled to the brim.

        Raises MessageBrokerAway, sqlalchemy.exc.SQLAlchemyError; nothing is lost then.
        """
        filled = [self._fill(queue) for queue in self._limits]
        return any(filled)

    def _look(self) -> float:
        """Announce what is due, whatever is away; seconds until the next look."""
        try:
            busy = self.announce_due()
        except MessageBrokerAway as away:
            if not self._away:
                _log.warning("the message broker is away, jobs wait: %s", away)
            self._away = True
            return AWAY_POLL
        except SQLAlchemyError as error:
            _log.warning("cannot look for jobs to announce: %s", str(error).strip())
            return AWAY_POLL
        if self._away:
            _log.info("the message broker is back")
        self._away = False
        return BUSY_POLL if busy else POLL

    def _fill(self, queue: str) -> bool:
        room = self._window - self._messages.length(queue)
        if room <= 0:
            return True
        with self._sessions.begin(PLATFORM) as session:
            jobs = claims.mark_sent(
                session,
                queue,
                self._limits[queue],
                count=room,
                again_after=self._again_after,
                after=self._after[queue],
            )
        self._after[queue] = last_served((distributor_id for distributor_id, _ in jobs), self._after[queue])
        self._publish(queue, jobs)
        return len(jobs) == room

    def _publish(self, queue: str, jobs: Sequence[Key]) -> None:
        for number, job in enumerate(jobs):
            try:
                self._messages.put(announce(queue, job))
            except MessageBrokerAway:
                with self._sessions.begin(PLATFORM) as session:
                    claims.mark_unsent(session, jobs[number:])
                raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the settings of the environment, until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m jobs.relay", description=__doc__)
    parser.parse_args(arguments)
    settings = Settings()
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    url = settings.app_database_url or settings.database_url
    if url is None:
        parser.error("DATABASE_URL is not set")
    if settings.broker_url is None:
        parser.error("BROKER_URL is not set: workers look into the table themselves, and there is nothing to relay")
    for module in ACTORS:
        importlib.import_module(module)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    engine = application_engine(url, pool_size=2, switch_role=settings.app_database_url is None)
    messages = message_broker(settings.broker_url)
    relay = Relay(Sessions(engine), messages, broker.limits, again_after=timedelta(seconds=settings.relay_again_after))
    listener = Listener(engine, relay.wake)
    listener.start()
    _log.info("the relay announces jobs of %s", ", ".join(sorted(broker.queues)))
    relay.run(stop)
    listener.stop()
    messages.close()
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
