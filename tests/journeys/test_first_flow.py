"""The first story, undisturbed and with the worker killed in the middle."""

from itertools import count

import pytest

from tests.journeys.conftest import OPERATOR, House
from tests.journeys.first_flow import Story


@pytest.mark.feature("B-02")
@pytest.mark.feature("B-05")
@pytest.mark.feature("C-06")
@pytest.mark.feature("N-02")
def test_the_whole_chain_earns_what_the_billing_rules_say(house: House) -> None:
    Story(house.url, OPERATOR, house.run, house.mails).play()


@pytest.mark.feature("B-10")
def test_the_story_ends_the_same_when_the_worker_is_killed_twice(house: House) -> None:
    calls = count(1)

    def kill_on_the_billing_days() -> None:
        if next(calls) in {3, 4}:  # 1 September and 1 October
            house.kill_worker()

    Story(house.url, OPERATOR, house.run, house.mails, kill_on_the_billing_days).play()
    assert next(calls) == 5
