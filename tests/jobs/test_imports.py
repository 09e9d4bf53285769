"""Price sheets by a job: all rows or none, once, whatever happens to the worker."""

import csv
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain.catalog.actions import create_service_term
from domain.catalog.models import Plan, PlanResource
from domain.pricing.models import PriceSheetReport
from domain.pricing.sheet_requests import request_import
from domain.shared.errors import ActAsRequired, InvalidInput, NotFound
from domain.shared.files import content_of, keep_file
from domain.shared.job_errors import ERRORS_KEPT
from domain.shared.models import File, Job, JobError, JobState
from jobs.wake import wake
from tenancy.hierarchy import Founded
from tenancy.scope import PLATFORM
from tests.domain.catalog.making import acting
from tests.domain.catalog.sheets import offers, sheet
from tests.jobs.conftest import House

pytestmark = pytest.mark.feature("C-11")

A = offers("A", ("57.6", "72.00"), ("5.76", "7.20"))
DEARER = offers("A", ("57.6", "72.00"), ("6.00", "8.00"))


def sent(house: House, content: bytes, *, by: Founded | None = None) -> UUID:
    """A file that somebody has sent."""
    with house.sessions.begin(PLATFORM) as session:
        owner = (by or house.chain.distributor).tenant
        return keep_file(session, owner, name="p.csv", media_type="text/csv", content=io.BytesIO(content)).id


def asked(house: House, file_id: UUID, *, by: Founded | None = None, **more: Any) -> UUID:
    """The job of an import that somebody has asked for."""
    given = {"currency": None, "coefficient": Decimal(1), "preview": False} | more
    with house.sessions.begin(PLATFORM) as session:
        job = request_import(session, acting(session, by or house.chain.distributor), file_id=file_id, **given)
    wake(house.sessions.engine)
    return job.id


def imported(house: House, *rows: Mapping[str, str], **more: Any) -> Job:
    """The job that has imported these rows."""
    return house.ended(asked(house, sent(house, sheet(*rows)), **more))


def written(house: House, job: Job) -> list[list[str]]:
    """The lines of the job's file."""
    with house.sessions.begin(PLATFORM) as session:
        file = session.scalars(select(File).where(File.job_id == job.id)).one()
        return list(csv.reader(io.StringIO(b"".join(content_of(session, file)).decode(), newline="")))


def report_of(house: House, job: Job) -> PriceSheetReport:
    with house.sessions.begin(PLATFORM) as session:
        return session.scalars(select(PriceSheetReport).where(PriceSheetReport.job_id == job.id)).one()


def prices(house: House) -> list[tuple[str, Decimal, Decimal]]:
    with house.sessions.begin(PLATFORM) as session:
        rows = session.execute(
            select(Plan.name, PlanResource.net_recurring_per_month, PlanResource.recurring_per_month)
            .join(PlanResource, PlanResource.plan_id == Plan.id)
            .order_by(Plan.number)
        )
        return [(name, net, price) for name, net, price in rows]


def test_a_sheet_is_imported_with_a_report_and_a_list_of_its_changes(house: House) -> None:
    # given
    house.start_worker()
    imported(house, *A)
    # when
    job = imported(house, *DEARER)
    # then
    assert (job.state, job.done, job.total) == (JobState.DONE, 3, 3)
    assert prices(house)[2] == ("Brine A (monthly)", Decimal(6), Decimal(8))
    report = report_of(house, job)
    assert (report.applied, report.file_name) == (True, "p.csv")
    assert report.report["plans"] == {"created": 0, "updated": 1, "unchanged": 2, "gone": 0}
    (change,) = report.report["changes"]
    assert (change["kind"], change["net_cost_before"], change["net_cost"]) == ("NEW_PRICE", "5.76", "6")
    assert written(house, job)[1] == [
        *("NEW_PRICE", "A:0001", "Brine A (monthly)", "4", "PL000003", "EUR", "5.76", "6", "7.2", "8")
    ]


def test_a_preview_tells_the_same_and_keeps_nothing(house: House) -> None:
    # given
    house.start_worker()
    imported(house, *A)
    before = prices(house)
    # when
    foretold = imported(house, *DEARER, preview=True)
    # then
    assert prices(house) == before
    assert foretold.state is JobState.DONE
    assert not report_of(house, foretold).applied
    done = imported(house, *DEARER)
    assert report_of(house, foretold).report == report_of(house, done).report
    assert written(house, foretold) == written(house, done)


def test_bad_rows_fail_the_job_and_are_told_one_by_one(house: House) -> None:
    # given
    house.start_worker()
    bad = [{"SkuId": str(number), "UnitPrice": "?"} for number in range(ERRORS_KEPT + 5)]
    # when
    job = imported(house, *A, *bad)
    # then
    assert (job.state, job.error_code) == (JobState.FAILED, "INVALID_INPUT")
    assert job.error_message == (
        "Nothing of the file is imported: 1005 of its cells or lines are refused, the first on line 5."
    )
    assert prices(house) == []
    with house.sessions.begin(PLATFORM) as session:
        errors = session.scalars(select(JobError).order_by(JobError.id)).all()
    assert len(errors) == ERRORS_KEPT
    assert (errors[0].line, errors[0].path, errors[0].code) == (5, ["UnitPrice"], "INVALID_INPUT")
    assert errors[0].message == "'?' is not a number such as 1234.50"
    lines = written(house, job)
    assert (len(lines), lines[:2]) == (
        ERRORS_KEPT + 6,
        [["line", "column", "reason"], ["5", "UnitPrice", "'?' is not a number such as 1234.50"]],
    )


def test_a_row_in_another_currency_than_its_plan_is_found_late_and_undoes_all(house: House) -> None:
    # given
    house.start_worker()
    imported(house, *A)
    before = prices(house)
    # when
    new = offers("B", ("12", "24"), ("1", "2"))
    job = imported(house, *new, *offers("A", ("57.6", "72.00"), ("6.00", "8.00"), Currency="USD"))
    # then
    assert job.state is JobState.FAILED
    assert prices(house) == before
    assert [line[:2] for line in written(house, job)[1:]] == [[str(line), "Currency"] for line in (5, 6, 7)]


def test_a_key_that_a_tenant_below_has_fails_the_job(house: House) -> None:
    # given
    house.start_worker()
    with house.sessions.begin(PLATFORM) as session:
        scope = acting(session, house.chain.child)
        create_service_term(session, scope, name="Own", key="brine_annual", billing_day=1, clock=house.chain.clock)
    # when
    job = imported(house, *A)
    # then
    assert (job.state, job.error_code) == (JobState.FAILED, "KEY_TAKEN")
    assert prices(house) == []


def test_two_imports_at_once_make_every_plan_once(house: House) -> None:
    # given
    file_id = sent(house, sheet(*A))
    jobs = [asked(house, file_id) for _ in range(3)]
    # when
    for _ in range(2):
        house.start_worker()
    ended = [house.ended(job) for job in jobs]
    # then
    assert [job.state for job in ended] == [JobState.DONE] * 3
    assert len(prices(house)) == 3
    assert [report_of(house, job).report["plans"]["created"] for job in ended] == [3, 0, 0]


@pytest.mark.slow
def test_a_worker_that_is_killed_in_the_middle_leaves_nothing_and_another_imports_all(house: House) -> None:
    # given: enough rows for several batches
    rows = [row for number in range(1000) for row in offers(f"P{number}", ("12", "24"), ("1", "2"))]
    worker = house.start_worker()
    job_id = asked(house, sent(house, sheet(*rows)))
    # when
    house.until(lambda: house.job(job_id).done >= 1000)
    worker.kill()
    assert prices(house) == []
    house.start_worker()
    job = house.ended(job_id)
    # then
    assert (job.state, job.done, job.attempt) == (JobState.DONE, 3000, 2)
    with house.sessions.begin(PLATFORM) as session:
        assert session.scalar(select(func.count()).select_from(Plan)) == 3000
        assert session.scalar(select(func.count()).select_from(PriceSheetReport)) == 1


def test_who_may_ask_and_for_what(house: House) -> None:
    chain = house.chain
    file_id = sent(house, sheet(*A), by=chain.child)
    for by, refusal in ((chain.distributor, ActAsRequired), (chain.sibling, NotFound)):
        with pytest.raises(refusal) as refused:
            asked(house, file_id, by=by)
        assert refused.value.path == ("file_id",)
    for wrong, path in (({"coefficient": Decimal(0)}, "coefficient"), ({"currency": "EURO"}, "currency")):
        with pytest.raises(InvalidInput) as broken:
            asked(house, file_id, by=chain.child, **wrong)
        assert broken.value.path == (path,)


def test_a_reseller_imports_a_sheet_of_its_own(house: House) -> None:
    # given
    house.start_worker()
    by = house.chain.child
    # when
    job = house.ended(asked(house, sent(house, sheet(*A), by=by), by=by))
    # then
    assert job.state is JobState.DONE
    with house.sessions.begin(PLATFORM) as session:
        assert set(session.scalars(select(Plan.tenant_id))) == {by.tenant.id}
