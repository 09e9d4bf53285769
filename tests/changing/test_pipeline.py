"""What the pipeline does about races, faults and those who look over its shoulder."""

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from db import ids
from resolvers.changing import idempotency
from resolvers.changing.audit import Audit, Audited
from resolvers.changing.pipeline import ATTEMPTS
from tenancy.sessions import ScopedSession
from tests.changing.samples import SAMPLES
from tests.changing.world import Row, World, open_world


class Hook(Audit):
    """Does something in a change's transaction, and remembers what it was told."""

    def __init__(self, act: Callable[[ScopedSession, Audited], None] = lambda _session, _done: None) -> None:
        self.act = act
        self.recorded: list[Audited] = []
        self.told: list[Audited] = []

    def record(self, session: ScopedSession, done: Audited) -> None:
        self.recorded.append(done)
        self.act(session, done)

    def tell(self, done: Audited) -> None:
        self.told.append(done)


def top_up(world: World, account: str = "account", **more: Any) -> Row:
    input = {"accountId": world.ids[account], "amount": {"amount": "10.00", "currency": "EUR"}}
    return world.call("child", "topUp", input, **more)


def raising(sqlstate: str, times: int) -> Callable[[ScopedSession, Audited], None]:
    """PostgreSQL ends the first so many attempts with this code."""
    left = times

    def act(session: ScopedSession, _done: Audited) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$"))

    return act


# Races


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "23505"])
def test_an_attempt_that_lost_a_race_is_made_again(world: World, sqlstate: str) -> None:
    before = top_up(world, dry=True)
    world.pipeline._audit = hook = Hook(raising(sqlstate, ATTEMPTS - 1))
    payload = top_up(world, key="k-1")
    assert (payload["errors"], payload["replayed"]) == ([], False)
    assert payload["account"]["balance"] == before["account"]["balance"]
    assert (len(hook.recorded), len(hook.told)) == (ATTEMPTS, 1)


def test_two_that_lock_crosswise_are_both_done(world: World) -> None:
    # given: the second has locked its account and waits for the first, which then wants the second's
    poor = ids.decode(world.ids["poor account"])[1]
    other = open_world(world.database, world.tokens, world.ids)
    answers: list[Row] = []
    second = threading.Thread(target=lambda: answers.append(top_up(other, "poor account")))

    def cross(session: ScopedSession, _done: Audited) -> None:
        if not second.ident:
            second.start()
            wait_until_somebody_waits(session)
        session.execute(text("SELECT 1 FROM accounts WHERE id = :id FOR UPDATE"), {"id": poor})

    world.pipeline._audit = Hook(cross)
    # when
    first = top_up(world)
    second.join(30)
    other.close()
    # then
    assert (first["errors"], answers[0]["errors"]) == ([], [])
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with psycopg.connect(world.database.superuser, autocommit=True) as connection:
        until = time.monotonic() + 10
        while connection.execute(deadlocks).fetchone() != (1,):
            assert time.monotonic() < until, "there was no deadlock"
            time.sleep(0.1)


def wait_until_somebody_waits(session: ScopedSession) -> None:
    """Return once another connection to this database stands in front of a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(500):
        session.execute(text("SELECT pg_sleep(0.01)"))
        # A transaction sees the activity as it first looked at it.
        session.execute(text("SELECT pg_stat_clear_snapshot()"))
        if session.scalar(text(waiting)):
            return


def test_who_comes_second_with_the_same_address_is_refused_in_plain_words(world: World) -> None:
    # given
    sample = SAMPLES["createManager"]
    other = open_world(world.database, world.tokens, world.ids)
    answers: list[Row] = []
    second = threading.Thread(
        target=lambda: answers.append(other.call(sample.who, "createManager", sample.input(world)))
    )

    def let_the_second_come(session: ScopedSession, _done: Audited) -> None:
        second.start()
        wait_until_somebody_waits(session)

    world.pipeline._audit = Hook(let_the_second_come)
    # when
    first = world.call(sample.who, "createManager", sample.input(world))
    second.join(30)
    other.close()
    # then
    assert first["errors"] == []
    assert [(error["code"], error["path"]) for error in answers[0]["errors"]] == [("INVALID_INPUT", ["email"])]


@pytest.mark.feature("A-07")
def test_a_key_that_is_in_use_for_long_is_in_progress(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(idempotency, "PATIENCE", 1)
    other = open_world(world.database, world.tokens, world.ids)
    answers: list[Row] = []
    world.pipeline._audit = Hook(lambda _session, _done: answers.append(top_up(other, key="k-1")))
    # when
    first = top_up(world, key="k-1")
    after = top_up(other, key="k-1")
    other.close()
    # then
    assert [(error["kind"], error["code"]) for error in answers[0]["errors"]] == [("RETRY", "IN_PROGRESS")]
    assert (first["errors"], after["errors"], after["replayed"]) == ([], [], True)


# Faults


def test_a_fault_is_masked_logged_and_leaves_the_others_answers(world: World, caplog: pytest.LogCaptureFixture) -> None:
    # given
    world.pipeline._audit = hook = Hook(raising("40001", ATTEMPTS))
    document = """mutation ($a: TopUpInput!, $b: TopUpInput!) {
      a: topUp(input: $a) { errors { code } } root: __typename b: topUp(input: $b) { errors { code } }
    }"""
    input = {"accountId": world.ids["account"], "amount": {"amount": "10.00", "currency": "EUR"}}
    variables = {"a": input, "b": input}
    # when
    with caplog.at_level(logging.ERROR):
        answer = world.runner.run(
            world.pipeline.execute(world.who("child"), document, variables, request_id="request-1")
        )
    # then
    assert json.loads(answer.body) == {
        "data": {"a": None, "root": "Mutation", "b": {"errors": []}},
        "errors": [
            {
                "message": "Internal error",
                "path": ["a"],
                "extensions": {"code": "INTERNAL", "requestId": "request-1"},
            }
        ],
    }
    assert "request-1" in caplog.text
    assert [done.outcome is None for done in hook.told] == [True, False]


@pytest.mark.parametrize(
    "asked",
    ['accounts(filter: {name: {eq: "a\\u0000b"}})', 'accounts(after: "nothing")', "accounts(first: 201)"],
)
def test_a_wrong_argument_below_query_is_told_and_nothing_is_kept(world: World, asked: str) -> None:
    document = f"""mutation ($input: TopUpInput!) {{
      done: topUp(input: $input) {{ query {{ {asked} {{ nodes {{ name }} }} }} errors {{ code }} }}
    }}"""
    input = {"accountId": world.ids["account"], "amount": {"amount": "10.00", "currency": "EUR"}}
    before = world.digest()
    answer = world.ask("child", document, input=input)
    assert "Internal error" not in str(answer)
    assert len(answer["errors"]) == 1
    assert world.digest() == before


def test_a_hole_in_the_payload_is_a_fault_after_a_second_careful_look(world: World) -> None:
    # given
    with psycopg.connect(world.database.superuser, autocommit=True) as connection:
        connection.execute("UPDATE charges SET explanation = explanation - 'rule'")
    world.pipeline._audit = hook = Hook()
    document = """mutation ($input: TopUpInput!, $id: ID!) {
      done: topUp(input: $input) { query { subscription(id: $id) { charges { nodes { explanation { rule } } } } } }
    }"""
    input = {"accountId": world.ids["account"], "amount": {"amount": "10.00", "currency": "EUR"}}
    before = world.digest()
    # when
    answer = world.ask("child", document, input=input, id=world.ids["running"])
    # then
    assert [error["message"] for error in answer["errors"]] == ["Internal error"]
    assert (len(hook.recorded), len(hook.told)) == (2, 1)
    assert world.digest() == before


def test_workers_that_cannot_be_woken_undo_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError

    world.pipeline._on_enqueued = fail
    sample = SAMPLES["advanceClock"]
    assert world.call(sample.who, "advanceClock", sample.input(world))["errors"] == []
    assert "workers could not be woken" in caplog.text


# Onlookers


def test_an_audit_hears_of_every_call_and_records_only_what_is_kept(world: World) -> None:
    # given
    world.pipeline._audit = hook = Hook()
    sample = SAMPLES["topUp"]
    # when
    top_up(world, dry=True)
    top_up(world, key="k-1")
    top_up(world, key="k-1")
    world.call(sample.who, "topUp", {**sample.input(world), **sample.refused})
    # then
    assert [(done.dry_run, done.key) for done in hook.recorded] == [(False, "k-1")]
    told = [(done.dry_run, done.outcome and (done.outcome.replayed, bool(done.outcome.refusal))) for done in hook.told]
    assert told == [(True, (False, False)), (False, (False, False)), (False, (True, False)), (False, (False, True))]


def test_what_an_audit_cannot_record_is_undone(world: World) -> None:
    def fail(_session: ScopedSession, _done: Audited) -> None:
        raise RuntimeError

    before = world.digest()
    world.pipeline._audit = Hook(fail)
    with pytest.raises(AssertionError, match="Internal error"):
        top_up(world)
    assert world.digest() == before


# Texts


@pytest.mark.feature("A-05")
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Cafe\u0301 ", "Caf\u00e9"),
        ("\u200f\u0645\u0642\u0647\u0649\u200f", "\u200f\u0645\u0642\u0647\u0649\u200f"),
        ("\u05d1\u05d9\u05ea \u200eA1\u200e", "\u05d1\u05d9\u05ea \u200eA1\u200e"),
        ("\U0001f468\u200d\U0001f373", "\U0001f468\u200d\U0001f373"),
    ],
)
def test_names_are_normalized_and_keep_their_direction_marks(unchanged_world: World, given: str, kept: str) -> None:
    input = {"name": given, "email": "till@hill.example"}
    assert unchanged_world.call("child", "createAccount", input, dry=True)["account"]["name"] == kept


@pytest.mark.feature("A-05")
@pytest.mark.parametrize("given", ["a\u0000b", "a\u0007", "line\nline", "\u0085x\u0085x"])
def test_names_with_control_characters_are_refused(unchanged_world: World, given: str) -> None:
    payload = unchanged_world.call("child", "createAccount", {"name": given, "email": "a@b.example"}, dry=True)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("INVALID_INPUT", ["name"])]


@pytest.mark.feature("A-05")
def test_a_message_calls_a_field_what_the_schema_calls_it(unchanged_world: World) -> None:
    sample = SAMPLES["setMarkup"]
    input = {**sample.input(unchanged_world), **sample.refused}
    (error,) = unchanged_world.call(sample.who, "setMarkup", input, dry=True)["errors"]
    assert error["message"] == "markupPercent must be above -100 and at most 1000, got -100."
