"""Thousands of jobs in a house whose processes die all the time.

By hand, as long as you like: `./headwater test -- tests/chaos -s --minutes 10`.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from db.engine import application_engine
from domain.customers.models import Account
from domain.shared import outbox
from domain.shared.models import Event, Job, JobState
from jobs.wake import wake
from migrations.run import upgrade
from tenancy.clock import clock_of
from tenancy.hierarchy import create_distributor
from tenancy.models import Tenant
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.chaos.clients import StubbornClient
from tests.chaos.house import LEASE, ChaosHouse, opened_house
from tests.conftest import AUGUST_20, found_chain
from tests.message_brokers import MessageServer

__all__ = ["Outcome", "endure"]

READY_LIMIT = 120
"""Seconds for the house to come up."""

RECOVERY_LIMIT = 180
"""Seconds after the last misfortune until everything has to be done."""

FROZEN_FOR = 2 * LEASE + 1
"""Seconds."""

OURS = Job.kind.like("chaos%") | (Job.kind == "billing.advance_clock")
"""The jobs that are counted: the house has some of its own."""

BETWEEN_FREEZES = 3
"""Seconds."""

BATCH = 100
"""Jobs enqueued in one transaction."""


@dataclass
class Outcome:
    """What came of it."""

    effects: Counter[tuple[int, str]]
    """By the number of a job and the way that it took, how often it had its effect."""
    states: Counter[JobState]
    """Of all jobs, those of the client's clock included."""
    attempts: int
    """Claims in all."""
    fenced: int
    """How often a worker wanted to commit what somebody else had by then."""
    done_to: Counter[str]
    """How often each process was killed or frozen."""
    accounts: Counter[str]
    """By their external id, accounts that the client has asked for."""
    client: StubbornClient
    hours: float
    """How far the client's clock has moved."""
    seconds: float


def endure(
    folder: Path,
    servers: dict[str, MessageServer],
    *,
    jobs: int,
    seconds: float,
    seed: int,
    say: Callable[[str], None],
) -> Outcome:
    """Have `jobs` enqueued over `seconds`, in turn for every way, while everything is killed at random.

    The killing goes on while there are jobs, for another half of the time at most. Raises AssertionError when they are
    not done in time.
    """
    chance = random.Random(seed)  # noqa: S311 - the same misfortunes again
    said: list[str] = []
    began_at = time.monotonic()
    with opened_house(folder, servers, chance=chance, said=said) as house:
        upgrade(house.postgres.owner_url())
        engine = application_engine(house.postgres.app_url())
        sessions = Sessions(engine)
        with sessions.begin(PLATFORM) as session:
            chain = found_chain(session)
            owners = [chain.distributor.tenant, _founded(session, "epsilon"), _founded(session, "zeta")]
        house.start_programs()
        house.supervisor.wait(lambda: _is_ready(house), limit=READY_LIMIT)
        say(f"the house is up after {time.monotonic() - began_at:.0f} s")
        client = StubbornClient(
            house.url, reseller=chain.reseller.token, distributor=chain.distributor.token, clock=AUGUST_20
        )
        client.start()
        trial = _Trial(house, sessions, owners, jobs, seconds, client, say)
        house.supervisor.wait(trial.is_over)
        with sessions.begin(PLATFORM) as session:
            clock = clock_of(session, chain.distributor.tenant.id)
        outcome = trial.outcome(hours=(clock.now - AUGUST_20).total_seconds() / 3600)
        engine.dispose()
    return outcome


def _founded(session: Session, name: str) -> Tenant:
    email = f"admin@{name}.example"
    return create_distributor(
        session, PLATFORM, name=name, currency="EUR", admin_email=email, sandbox=True, clock=AUGUST_20
    ).tenant


def _is_ready(house: ChaosHouse) -> bool:
    try:
        return httpx2.get(f"{house.url}/readyz", timeout=2).status_code == 200
    except httpx2.TransportError:
        return False


@dataclass
class _Trial:
    """What happens between two looks of the supervisor at its children."""

    house: ChaosHouse
    sessions: Sessions
    owners: list[Tenant]
    jobs: int
    seconds: float
    client: StubbornClient
    say: Callable[[str], None]
    enqueued: int = 0
    began_at: float = field(default_factory=time.monotonic)
    next_hurt_at: float = 0.0
    next_freeze_at: float = 2.0
    thaw_at: float = 0.0
    next_look_at: float = 0.0
    is_work_left: bool = True
    plan: set[str] = field(default_factory=set)
    """What is still to be done for the first time."""

    def __post_init__(self) -> None:
        kinds = ["worker", "web", "postgres", "backend", *self.house.servers]
        if self.house.servers:
            kinds.append("relay")
        self.kinds = kinds
        self.plan = set(kinds)

    def is_over(self) -> bool:
        """Go on; whether everything has ended."""
        elapsed = time.monotonic() - self.began_at
        self._enqueue(min(self.jobs, int(self.jobs * elapsed / self.seconds) + BATCH))
        if elapsed < self.seconds or (self.is_work_left and elapsed < 1.5 * self.seconds):
            self._hurt(elapsed)
            return False
        self.house.thaw()
        if elapsed > self.seconds + RECOVERY_LIMIT:
            raise AssertionError(f"not done in time: {self._look()}, {self.house.done_to}")
        if elapsed < self.next_look_at:
            return False
        self.next_look_at = elapsed + 0.5
        states = self._look()
        self.say(f"{elapsed:5.0f} s  {_told(states)}")
        if self.enqueued < self.jobs or set(states) - {JobState.DONE, JobState.FAILED}:
            return False
        self.client.end()
        return not self.client.is_alive()

    def _hurt(self, elapsed: float) -> None:
        frozen = self.house.frozen is not None
        if frozen and elapsed > self.thaw_at:
            self.house.thaw()
            self.next_freeze_at = elapsed + BETWEEN_FREEZES
        elif not frozen and elapsed > self.next_freeze_at and (busy := self._busy_ways()):
            self.house.freeze(self.house.chance.choice(busy))
            self.thaw_at = elapsed + FROZEN_FOR
        if elapsed < self.next_hurt_at:
            return
        # What has lost its connection cannot commit, and would not have to be fenced off.
        kinds = [kind for kind in self.kinds if not (frozen and kind in {"postgres", "backend"})]
        chance = self.house.chance
        kind = chance.choice([kind for kind in kinds if kind in self.plan] or kinds)
        self.plan.discard(kind)
        self.house.hurt(kind)
        self.next_hurt_at = elapsed + chance.uniform(0.5, 2.5)
        states = self._look()
        self.is_work_left = self.enqueued < self.jobs or bool(states[JobState.WAITING])
        self.say(f"{elapsed:5.0f} s  {_told(states)}  {kind}")

    def _enqueue(self, up_to: int) -> None:
        """Enqueue jobs up to this number, unless the database is away. A commit that nobody answered is looked for."""
        numbers = range(self.enqueued, min(up_to, self.enqueued + BATCH))
        if not numbers:
            return
        chance, ways = self.house.chance, self.house.ways
        try:
            with self.sessions.begin(PLATFORM) as session:
                there = set(session.scalars(select(_number).where(Job.kind.like("chaos%"), _number.in_(numbers))))
                for way in ways:
                    missing: list[tuple[Tenant, dict[str, Any]]] = [
                        (chance.choice(self.owners), {"number": number, "seconds": round(chance.uniform(0, 0.04), 3)})
                        for number in numbers
                        if number not in there and ways[number % len(ways)] == way
                    ]
                    outbox.enqueue_each(session, missing, f"chaos_{way}.act", queue=f"chaos_{way}")
        except SQLAlchemyError:
            return
        self.enqueued = numbers.stop
        wake(self.sessions.engine)

    def _busy_ways(self) -> list[str]:
        try:
            with self.sessions.begin(PLATFORM) as session:
                kinds = session.scalars(select(Job.kind).where(Job.state == JobState.RUNNING, Job.kind.like("chaos%")))
                return sorted({kind.removeprefix("chaos_").removesuffix(".act") for kind in kinds})
        except SQLAlchemyError:
            return []

    def _look(self) -> Counter[JobState]:
        try:
            with self.sessions.begin(PLATFORM) as session:
                return Counter(session.scalars(select(Job.state).where(OURS)))
        except SQLAlchemyError:
            return Counter({JobState.WAITING: -1})

    def outcome(self, *, hours: float) -> Outcome:
        """What the database says now."""
        with self.sessions.begin(PLATFORM) as session:
            effects = Counter(session.scalars(select(Event.type).where(Event.type.startswith("chaos."))))
            return Outcome(
                effects=Counter({_of(type): count for type, count in effects.items()}),
                states=self._look(),
                attempts=session.scalar(select(func.sum(Job.attempt)).where(OURS)) or 0,
                fenced=self.house.fenced(),
                done_to=self.house.done_to,
                accounts=Counter(session.scalars(select(Account.external_id).where(Account.external_id.is_not(None)))),
                client=self.client,
                hours=hours,
                seconds=time.monotonic() - self.began_at,
            )


def _of(type: str) -> tuple[int, str]:
    number, way = type.removeprefix("chaos.").split()
    return int(number), way


def _told(states: Counter[JobState]) -> str:
    return ", ".join(f"{count} {state.value}" for state, count in sorted(states.items()))


_number = Job.arguments["number"].as_integer()
