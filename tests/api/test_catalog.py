"""The catalog over GraphQL: what a role may change in it."""

import pytest

from tenancy.people import create_manager
from tenancy.permissions import TENANT_PERMISSIONS, Role
from tenancy.sessions import Sessions
from tests.api.conftest import Api
from tests.conftest import scope_of

CREATE_TERM = """mutation ($input: CreateServiceTermInput!) {
  createServiceTerm(input: $input) { serviceTerm { id } errors { code path } }
}"""
CREATE_PLAN = """mutation ($input: CreatePlanInput!) {
  createPlan(input: $input) { plan { id version resources { name prices { recurringPerMonth } } } errors { code path } }
}"""
UPDATE_PLAN = """mutation ($input: UpdatePlanInput!) {
  updatePlan(input: $input) { plan { description version } errors { code message path } }
}"""


def make_plan(api: Api) -> str:
    term = api.do("child", CREATE_TERM, input={"name": "Monthly", "key": "monthly"})["serviceTerm"]["id"]
    plan = {
        "name": "Basic",
        "serviceTermId": term,
        "billingType": "CSP_MONTHLY",
        "periods": [{"unit": "ENDLESS"}],
        "resources": [{"key": "licence", "name": "Licence", "fees": {"recurringPerMonth": "10"}}],
    }
    return str(api.do("child", CREATE_PLAN, input=plan)["plan"]["id"])


@pytest.mark.feature("C-03")
def test_a_plan_tells_its_fees_the_kind_of_its_resources_and_the_tenants_own_attributes(api: Api) -> None:
    # given
    term = api.do("child", CREATE_TERM, input={"name": "Monthly", "key": "monthly"})["serviceTerm"]["id"]
    plan = {
        "name": "Basic",
        "serviceTermId": term,
        "billingType": "NEXT_DAY_MONTHLY",
        "attributes": [{"key": "shelf", "value": "B 12"}, {"key": "buyer", "value": "Ann"}],
        "periods": [{"unit": "ENDLESS", "fees": {"transfer": "4.50"}, "netCost": {"transfer": "3"}}],
        "resources": [{"key": "backup", "name": "Backup", "unitKind": "BOOLEAN", "fees": {"overuse": "2.5"}}],
    }
    id = api.do("child", CREATE_PLAN, input=plan)["plan"]["id"]
    # when
    shown = api.data(
        "child",
        """query ($id: ID!) { plan(id: $id) { attributes { key value }
          periods { prices { transfer overuse upstream { transfer overuse } } }
          resources { unitKind maximum prices { transfer overuse } } } }""",
        id=id,
    )["plan"]
    # then
    assert shown == {
        "attributes": [{"key": "shelf", "value": "B 12"}, {"key": "buyer", "value": "Ann"}],
        "periods": [
            {"prices": {"transfer": "4.5", "overuse": "0", "upstream": {"transfer": "3", "overuse": "0"}}},
        ],
        "resources": [{"unitKind": "BOOLEAN", "maximum": "1", "prices": {"transfer": "0", "overuse": "2.5"}}],
    }


@pytest.mark.feature("T-05")
def test_marketing_words_a_plan_but_does_not_price_it(api: Api) -> None:
    # given
    plan_id = make_plan(api)
    scope = scope_of(api.chain.child)
    with Sessions(api.engine).begin(scope) as session:
        _, api.tokens["marketing"] = create_manager(
            session,
            scope,
            name="Mia",
            email="mia@brook.example",
            role=Role.MARKETING,
            granting=TENANT_PERMISSIONS,
            clock=api.chain.clock,
        )
    # when
    words = api.do("marketing", UPDATE_PLAN, input={"planId": plan_id, "change": {"description": "Ours"}})
    change = {"resources": [{"key": "licence", "fees": {"recurringPerMonth": "1"}}]}
    refused = api.data("marketing", UPDATE_PLAN, input={"planId": plan_id, "change": change})["updatePlan"]
    # then
    assert words["plan"]["description"] == "Ours"
    (error,) = refused["errors"]
    assert error["code"] == "FORBIDDEN"
    assert "prices.write" in error["message"]
    assert api.data("child", "query ($id: ID!) { plan(id: $id) { version } }", id=plan_id)["plan"]["version"] == 2


@pytest.mark.feature("A-05")
def test_an_input_deep_inside_a_list_is_named_by_its_place(api: Api) -> None:
    term = api.do("child", CREATE_TERM, input={"name": "Monthly", "key": "monthly"})["serviceTerm"]["id"]
    plan = {
        "name": "Basic",
        "serviceTermId": term,
        "billingType": "CSP_MONTHLY",
        "periods": [{"unit": "ENDLESS"}],
        "resources": [
            {"key": "licence", "name": "Licence"},
            {"key": "disk", "name": "Disk", "fees": {"recurringPerMonth": "-1"}},
        ],
    }
    (error,) = api.data("child", CREATE_PLAN, input=plan)["createPlan"]["errors"]
    assert error == {"code": "INVALID_INPUT", "path": ["resources", "1", "fees", "recurringPerMonth"]}
