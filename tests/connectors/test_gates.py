"""A host that fails is left alone for a while, and none is asked by too many at once."""

import time
from contextlib import ExitStack
from datetime import timedelta

import pytest

from connectors.errors import CallRefused, CallUnavailable
from connectors.gates import Gates


def fail(gates: Gates, times: int, host: str = "a") -> None:
    for _ in range(times):
        with pytest.raises(OSError, match="down"), gates.through(host):
            raise OSError("down")


def test_a_host_that_fails_too_often_in_a_row_is_left_alone() -> None:
    # given
    gates = Gates(patience=3, rest=60)
    fail(gates, 3)
    # when
    with pytest.raises(CallUnavailable, match="a has failed 3 times") as raised, gates.through("a"):
        raise AssertionError("let through")
    # then
    assert raised.value.after is not None
    assert timedelta(seconds=55) < raised.value.after <= timedelta(seconds=60)
    with gates.through("b"):
        pass


def test_a_success_between_failures_forgives_them() -> None:
    # given
    gates = Gates(patience=3, rest=60)
    fail(gates, 2)
    with gates.through("a"):
        pass
    # when
    fail(gates, 2)
    # then
    with gates.through("a"):
        pass


def test_a_refusal_is_an_answer_and_no_failure() -> None:
    # given
    gates = Gates(patience=1, rest=60)
    # when
    with pytest.raises(CallRefused), gates.through("a"):
        raise CallRefused("no")
    # then
    with gates.through("a"):
        pass


def test_after_the_rest_one_may_try_and_the_others_wait_for_it() -> None:
    # given
    gates = Gates(patience=1, rest=0.1)
    fail(gates, 1)
    time.sleep(0.11)
    # then
    with gates.through("a"), pytest.raises(CallUnavailable), gates.through("a"):
        raise AssertionError("let through")
    with gates.through("a"):
        pass


def test_the_rest_doubles_with_every_try_in_vain_up_to_the_longest() -> None:
    # given
    gates = Gates(patience=1, rest=0.05, longest_rest=0.15)
    # when
    rests = []
    for _ in range(3):
        fail(gates, 1)
        with pytest.raises(CallUnavailable) as raised, gates.through("a"):
            raise AssertionError("let through")
        assert raised.value.after is not None
        rests.append(raised.value.after.total_seconds())
        time.sleep(raised.value.after.total_seconds() + 0.005)
    # then
    assert rests == pytest.approx([0.05, 0.1, 0.15], abs=0.02)


def test_no_more_than_so_many_call_a_host_at_once() -> None:
    # given
    gates = Gates(at_once=2)
    with ExitStack() as within:
        within.enter_context(gates.through("a"))
        within.enter_context(gates.through("a"))
        # when
        with pytest.raises(CallUnavailable, match="2 calls to a are under way"), gates.through("a"):
            raise AssertionError("let through")
    # then
    with gates.through("a"):
        pass
