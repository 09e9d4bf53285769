"""Real web processes: one is killed between commit and answer, one is asked the same fifty times at once."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.changing.conftest import Prepared
from tests.changing.documents import KEYED, document_of
from tests.changing.samples import SAMPLES
from tests.changing.serving import serving
from tests.changing.world import digest
from tests.conftest import Server

CALLS = 50
USES_ITS_TOKEN_UP = {"acceptInvitation", "signOut"}
"""What is done once because it cannot be asked again: whoever accepted signs in."""
IN_EVERY_RUN = {"createManager", "orderSubscription", "topUp"}
"""Mutations that this is tried with in every run; with the others it is in slow ones."""
every_keyed_mutation = pytest.mark.parametrize(
    "mutation",
    [pytest.param(each, marks=[] if each in IN_EVERY_RUN else pytest.mark.slow) for each in KEYED],
)


@every_keyed_mutation
@pytest.mark.feature("A-07")
def test_a_kill_between_commit_and_answer_does_it_once(
    prepared_database: Server, prepared: Prepared, tmp_path: Path, mutation: str
) -> None:
    # given
    sample = SAMPLES[mutation]
    token = prepared.tokens[sample.who]
    variables = {"input": sample.make(prepared.ids), "key": "k-1"}
    before = digest(prepared_database.superuser)
    with serving(prepared_database, tmp_path) as site:
        site.start(dies_after_commits=1)
        # when
        with pytest.raises(httpx2.TransportError):
            site.post(token, document_of(mutation), variables)
        assert site.exit_code() == -signal.SIGKILL
        done = digest(prepared_database.superuser)
        site.start()
        answer = site.post(token, document_of(mutation), variables)
    # then
    assert done != before
    assert digest(prepared_database.superuser) == done
    if mutation in USES_ITS_TOKEN_UP:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
    else:
        payload = answer["data"]["done"]
        assert (payload["errors"], payload["replayed"]) == ([], True)


@every_keyed_mutation
@pytest.mark.feature("A-07")
def test_fifty_at_once_do_it_once_and_all_get_the_answer(
    prepared_database: Server, prepared: Prepared, tmp_path: Path, mutation: str
) -> None:
    # given
    sample = SAMPLES[mutation]
    token = prepared.tokens[sample.who]
    variables = {"input": sample.make(prepared.ids), "key": "k-1"}
    with serving(prepared_database, tmp_path, connections=8) as site:
        site.start()
        # when
        with ThreadPoolExecutor(CALLS) as threads:
            answers = list(
                threads.map(lambda _: site.post(token, document_of(mutation), variables)["data"]["done"], range(CALLS))
            )
    # then
    assert [answer["errors"] for answer in answers] == [[]] * CALLS
    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * (CALLS - 1)
    secrets = {name for name, value in answers[0].items() if name == "token"}
    alike = {str({name: each[name] for name in each if name not in {"replayed", *secrets}}) for each in answers}
    assert len(alike) == 1
