"""Price sheets over the API: asked for, foretold, refused."""

from typing import Any

import pytest
from sqlalchemy import select

from domain.shared.job_errors import RowError, keep_errors
from domain.shared.models import Job
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import Api
from tests.domain.catalog.sheets import offers, sheet

pytestmark = pytest.mark.feature("C-11")

A = offers("A", ("57.6", "72.00"), ("5.76", "7.20"))
IMPORT = """mutation ($input: ImportPriceSheetInput!, $dry: Boolean! = false) {
  importPriceSheet(input: $input, dryRun: $dry) {
    job { id kind state cancellable }
    impact { fileName applied difference {
      rows products { created updated unchanged } plans { created updated unchanged gone } copies inexactYears
      serviceTermKeys changes { kind line sku name number currency netCostBefore netCost priceBefore price } } }
    query { plans { totalCount { value } } }
    errors { code message path }
} }"""


def sent(api: Api, who: str, content: bytes) -> str:
    """The id of a file."""
    headers = {"Authorization": f"Bearer {api.tokens[who]}", "Content-Type": "text/csv"}
    return str(api.client.put("/files?name=p.csv", content=content, headers=headers).json()["id"])


def asked(api: Api, who: str, content: bytes, *, dry: bool = False, **more: Any) -> dict[str, Any]:
    """The payload for a sheet that the distributor has sent."""
    input = {"fileId": sent(api, "distributor", content), **more}
    return dict(api.data(who, IMPORT, input=input, dry=dry)["importPriceSheet"])


def test_a_dry_run_foretells_the_difference_and_keeps_nothing(api: Api) -> None:
    # when
    foretold = asked(api, "distributor", sheet(*A), dry=True)
    # then
    assert foretold["errors"] == []
    impact = foretold["impact"]
    assert (impact["fileName"], impact["applied"]) == ("p.csv", False)
    difference = impact["difference"]
    assert difference["plans"] == {"created": 3, "updated": 0, "unchanged": 0, "gone": 0}
    assert difference["products"] == {"created": 1, "updated": 0, "unchanged": 0}
    assert difference["serviceTermKeys"] == ["brine_annual", "brine_monthly"]
    assert difference["changes"][0] == {
        "kind": "NEW_PRODUCT",
        "line": 2,
        "sku": "A:0001",
        "name": "Brine A",
        "number": None,
        "currency": None,
        "netCostBefore": None,
        "netCost": None,
        "priceBefore": None,
        "price": None,
    }
    assert [change["netCost"] for change in difference["changes"]] == [None, "4.8", "4.8", "5.76"]
    assert foretold["query"]["plans"]["totalCount"]["value"] == 0
    assert [api.count(table) for table in ("plans", "products", "jobs", "price_sheet_reports")] == [0, 0, 0, 0]


def test_an_import_is_a_job_that_can_be_cancelled(api: Api) -> None:
    done = asked(api, "distributor", sheet(*A))
    assert done["impact"] is None
    kind = "imports.import_price_sheet"
    assert done["job"] == {"id": done["job"]["id"], "kind": kind, "state": "WAITING", "cancellable": True}


def test_a_job_tells_its_refused_rows_with_their_errors(api: Api) -> None:
    # given
    job_id = asked(api, "distributor", sheet(*A))["job"]["id"]
    with Sessions(api.engine).begin(PLATFORM) as session:
        job = session.scalars(select(Job)).one()
        keep_errors(session, job, [RowError(3, "It is empty.", ("UnitPrice",)), RowError(2, "It is not a number.", ())])
    # when
    of_job = """query ($id: ID!) { node(id: $id) { ... on Job {
      errors { nodes { row error { __typename kind code message path } } totalCount { value } } } } }"""
    errors = api.data("distributor", of_job, id=job_id)["node"]["errors"]
    # then
    assert errors["totalCount"] == {"value": 2}
    told = {"__typename": "GenericError", "kind": "FIX_INPUT", "code": "INVALID_INPUT"}
    assert errors["nodes"] == [
        {"row": 2, "error": {**told, "message": "It is not a number.", "path": []}},
        {"row": 3, "error": {**told, "message": "It is empty.", "path": ["UnitPrice"]}},
    ]


def test_bad_cells_are_told_by_a_dry_run_too(api: Api) -> None:
    refused = asked(api, "distributor", sheet({"UnitPrice": "?"}), dry=True)
    (error,) = refused["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["fileId"])
    assert error["message"] == "line 2, UnitPrice: '?' is not a number such as 1234.50"


def test_a_dry_run_of_a_long_sheet_is_refused_with_its_limit(api: Api) -> None:
    refused = asked(api, "distributor", sheet(*[{}] * 3001), dry=True)
    (error,) = refused["errors"]
    assert error["code"] == "LIMIT_EXCEEDED"
    assert error["message"].startswith("A dry run looks at 3000 lines; this file has 3002.")


def test_a_sheet_of_another_tenant_is_not_there(api: Api) -> None:
    assert [error["code"] for error in asked(api, "reseller", sheet(*A))["errors"]] == ["NOT_FOUND"]
    assert api.count("jobs") == 0
