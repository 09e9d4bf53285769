"""What people started, and what they may do about it; the trace of a request goes with its jobs."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import select

from domain.shared.models import Job
from jobs import tracing
from jobs.claims import Claim
from tenancy.origin import traceparent
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import Api

ADVANCE = """mutation ($input: AdvanceClockInput!) {
  advanceClock(input: $input) { job { id state cancellable errorCode errorMessage } errors { code } }
}"""
CANCEL = "mutation ($id: ID!) { cancelJob(input: {jobId: $id}) { job { state finishedAt } errors { code message } } }"
RETRY = "mutation ($id: ID!) { retryJob(input: {jobId: $id}) { job { state finishedAt } errors { code message } } }"
JOBS = "{ jobs { nodes { id kind state done total } } }"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE}-00f067aa0ba902b7-01"


def advance(api: Api) -> str:
    """The id of a job that waits: nobody works here."""
    payload = api.do("distributor", ADVANCE, input={"to": "2027-08-22T09:00:00Z", "wait": 0})
    assert (payload["job"]["state"], payload["job"]["cancellable"]) == ("WAITING", True)
    return str(payload["job"]["id"])


def test_jobs_are_what_people_started_newest_first(api: Api) -> None:
    first, second = advance(api), advance(api)
    nodes = api.data("distributor", JOBS)["jobs"]["nodes"]
    assert [node["id"] for node in nodes] == [second, first]
    assert nodes[0] == {"id": second, "kind": "billing.advance_clock", "state": "WAITING", "done": 0, "total": None}
    assert api.data("reseller", JOBS)["jobs"]["nodes"] == []


def test_a_job_is_cancelled_and_retried_by_its_tenant(api: Api) -> None:
    job = advance(api)
    assert api.do("distributor", CANCEL, id=job)["job"]["state"] == "CANCELLED"
    (error,) = api.data("distributor", CANCEL, id=job)["cancelJob"]["errors"]
    assert error == {
        "code": "INVALID_STATE",
        "message": "The job is CANCELLED; only one that is WAITING or RUNNING can be cancelled.",
    }
    assert api.do("distributor", RETRY, id=job)["job"] == {"state": "WAITING", "finishedAt": None}


def test_a_job_of_the_tenant_above_is_not_there_for_those_below(api: Api) -> None:
    job = advance(api)
    assert api.data("reseller", CANCEL, id=job)["cancelJob"]["errors"][0]["code"] == "NOT_FOUND"
    assert api.data("distributor", JOBS)["jobs"]["nodes"][0]["state"] == "WAITING"


def kept(api: Api) -> str | None:
    with Sessions(api.engine).begin(PLATFORM) as session:
        return session.scalars(select(Job.traceparent)).one()


@pytest.mark.parametrize(
    ("given", "found"),
    [(GIVEN, GIVEN), ("nonsense", None), (f"00-{'0' * 32}-00f067aa0ba902b7-01", None)],
)
def test_the_trace_of_the_request_is_kept_with_its_job(api: Api, given: str, found: str | None) -> None:
    api.ask("distributor", ADVANCE, {"traceparent": given}, input={"to": "2027-08-22T09:00:00Z", "wait": 0})
    assert kept(api) == found


def test_request_and_job_are_spans_of_one_trace(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(tracing, "_active", [])
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider.get_tracer("test"))
    # when
    api.ask("distributor", ADVANCE, {"traceparent": GIVEN}, input={"to": "2027-08-22T09:00:00Z", "wait": 0})
    with Sessions(api.engine).begin(PLATFORM) as session:
        job = session.scalars(select(Job)).one()
    claim = Claim(
        job.distributor_id, job.id, job.tenant_path, job.kind, job.queue, {}, None, 1, 5, traceparent=job.traceparent
    )
    with tracing.following_trace(claim):
        follow_up = traceparent()
    # then
    request, work = exporter.get_finished_spans()
    assert (request.name, work.name) == ("mutation", "billing.advance_clock")
    assert {f"{span.context.trace_id:032x}" for span in (request, work)} == {TRACE}
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert work.parent is not None
    assert work.parent.span_id == request.context.span_id
    assert follow_up == f"00-{TRACE}-{work.context.span_id:016x}-01"
