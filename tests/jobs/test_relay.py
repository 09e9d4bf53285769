"""What the relay tells a message broker, and what becomes of jobs when the message broker dies or forgets."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from dramatiq import Message
from sqlalchemy import func, select

from domain.shared.models import Job, JobState
from jobs.messages import MessageBroker, announce, message_broker, wire_name
from jobs.relay import Relay
from jobs.settings import Settings
from tenancy.scope import PLATFORM
from tests.jobs.conftest import House
from tests.message_brokers import BROKERS

BETWEEN = [name for name in BROKERS if name != "table"]
TRIAL = {"trial": {"trial.note": 50}}

pytestmark = pytest.mark.parametrize("broker", BETWEEN, indirect=True)


@pytest.fixture
def messages(house: House) -> Iterator[MessageBroker]:
    """The message broker, for looking into it. The fixture's own relay is gone."""
    assert house.broker is not None
    house.workers[0].kill()
    messages = message_broker(house.broker.url)
    messages.dramatiq.declare_queue(wire_name("trial"))
    if messages.length("trial"):
        messages.dramatiq.flush(wire_name("trial"))
    yield messages
    messages.close()


def relay(house: House, messages: MessageBroker, *, window: int, again_after: float = 60) -> Relay:
    return Relay(house.sessions, messages, TRIAL, again_after=timedelta(seconds=again_after), window=window)


def sent(house: House) -> int:
    """How many jobs are marked as sent."""
    with house.sessions.begin(PLATFORM) as session:
        return session.scalar(select(func.count()).where(Job.sent_at.is_not(None))) or 0


def test_no_more_is_announced_than_the_window_holds(house: House, messages: MessageBroker) -> None:
    # given
    for _ in range(7):
        house.enqueue("note")
    # when
    busy = [relay(house, messages, window=5).announce_due() for _ in range(2)]
    # then
    assert busy == [True, True]
    assert (messages.length("trial"), sent(house)) == (5, 5)


def test_a_job_is_announced_again_when_it_is_not_claimed_in_time(house: House, messages: MessageBroker) -> None:
    # given
    house.enqueue("note")
    impatient = relay(house, messages, window=5, again_after=0.2)
    # when
    impatient.announce_due()
    impatient.announce_due()
    # then
    assert messages.length("trial") == 1
    # and when
    time.sleep(0.2)
    impatient.announce_due()
    # then
    assert messages.length("trial") == 2


def test_a_job_of_later_is_not_announced(house: House, messages: MessageBroker) -> None:
    # given
    with house.sessions.begin(PLATFORM) as session:
        later = session.scalar(select(func.now() + timedelta(hours=1)))
    house.enqueue("note", run_at=later)
    # when
    relay(house, messages, window=5).announce_due()
    # then
    assert (messages.length("trial"), sent(house)) == (0, 0)


def test_a_message_says_which_job_and_nothing_of_it(house: House) -> None:
    # given
    job_id = house.enqueue("note", arguments={"seconds": 0})
    # when
    message = announce("trial", (house.distributor.id, job_id))
    # then
    said = json.loads(message.encode())
    assert said["args"] == [house.distributor.id.hex, job_id.hex]
    assert (said["queue_name"], said["actor_name"]) == ("headwater.trial", "headwater.trial")
    assert (said["kwargs"], said["options"]) == ({}, {})


def test_a_job_that_is_announced_ten_times_is_done_once(house: House, messages: MessageBroker) -> None:
    # given
    jobs = [house.enqueue("note", arguments={"seconds": 0.02}) for _ in range(10)]
    for _ in range(10):
        for job_id in jobs:
            messages.put(announce("trial", (house.distributor.id, job_id)))
    # when
    house.start_worker()
    house.start_worker()
    # then
    house.until(lambda: messages.length("trial") == 0)
    house.until(lambda: house.states() == Counter({JobState.DONE: 10}))
    assert house.effects() == ["trial.noted"] * 10


def test_messages_about_nothing_harm_nobody(house: House, messages: MessageBroker) -> None:
    # given
    name = wire_name("trial")
    stranger = announce("trial", (house.distributor.id, house.distributor.id))
    broken: Message[None] = Message(queue_name=name, actor_name=name, args=("x", "y"), kwargs={}, options={})
    for message in (stranger, broken):
        messages.put(message)
    # when
    house.start_worker()
    house.start_relay()
    # then
    assert house.ended(house.enqueue("note")).state is JobState.DONE


def test_messages_that_a_dead_broker_forgot_are_announced_again(house: House) -> None:
    # given
    assert house.broker is not None
    for _ in range(20):
        house.enqueue("note")
    house.until(lambda: sent(house) == 20)
    # when
    house.broker.kill()
    house.broker.start()
    house.start_worker()
    # then
    house.until(lambda: house.states() == Counter({JobState.DONE: 20}))
    assert house.effects() == ["trial.noted"] * 20


def test_jobs_wait_in_the_table_while_the_broker_is_away(house: House) -> None:
    # given
    assert house.broker is not None
    house.start_worker()
    house.ended(house.enqueue("note"))
    # when
    house.broker.kill()
    jobs = [house.enqueue("note") for _ in range(20)]
    house.until(lambda: "the message broker is away, jobs wait" in house.log.read_text())
    # then
    assert {house.job(job_id).state for job_id in jobs} == {JobState.WAITING}
    # and when
    house.broker.start()
    # then
    assert {house.ended(job_id).state for job_id in jobs} == {JobState.DONE}
    assert house.effects() == ["trial.noted"] * 21


def test_two_relays_announce_a_job_once(house: House, messages: MessageBroker) -> None:
    # given
    for _ in range(40):
        house.enqueue("note")
    # when
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: relay(house, messages, window=100).announce_due(), range(2)))
    # then
    assert (messages.length("trial"), sent(house)) == (40, 40)


def test_an_url_of_another_kind_is_refused(house: House) -> None:
    with pytest.raises(ValueError, match=r"begins with one of amqp://, amqps://, redis://, rediss://"):
        Settings(broker_url="kafka://127.0.0.1")
