"""What vendors call subscriptions by: written, read in lists and found by key and value."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_panel import PAY, ordered

pytestmark = pytest.mark.feature("O-08")

SET = """mutation ($input: SetVendorDataInput!) {
  setVendorData(input: $input) {
    subscription { vendorAttributes { key value } resources { used } } errors { code message path }
  }
}"""
FIND = """query ($filter: SubscriptionFilter) {
  subscriptions(filter: $filter) { totalCount { value } nodes { number vendorAttributes { key value } } }
}"""


def attributes(**values: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def found(api: Api, **conditions: Any) -> list[str]:
    """Numbers of the subscriptions that a filter of attributes finds."""
    answer = api.data("distributor", FIND, filter={"vendorAttribute": conditions})["subscriptions"]
    assert answer["totalCount"]["value"] == len(answer["nodes"])
    return [node["number"] for node in answer["nodes"]]


def test_attributes_are_written_read_and_found(api: Api) -> None:
    # given
    made = ordered(api)
    api.do("distributor", PAY, input={"paymentId": made["order"]["payment"]["id"]})
    id = made["subscription"]["id"]
    # when
    used = [{"resourceKey": "seats", "quantity": "4"}]
    done = api.do(
        "distributor",
        SET,
        input={"subscriptionId": id, "attributes": attributes(tenant="4711", code="ABCD"), "used": used},
    )
    # then
    assert done["subscription"] == {
        "vendorAttributes": attributes(code="ABCD", tenant="4711"),
        "resources": [{"used": "4"}],
    }
    assert found(api, key={"eq": "tenant"}, value={"eq": "4711"}) == ["SU000001"]
    assert found(api, value={"startsWith": "AB"}) == ["SU000001"]
    assert found(api, **{"or": [{"key": {"eq": "no"}}, {"value": {"contains": "71"}}]}) == ["SU000001"]
    # and: both must hold of the same one
    assert found(api, key={"eq": "tenant"}, value={"eq": "ABCD"}) == []
    # when: they are replaced
    api.do("distributor", SET, input={"subscriptionId": id, "attributes": attributes(code="EFGH")})
    # then
    assert found(api, key={"eq": "tenant"}) == []
    assert found(api, value={"eq": "EFGH"}) == ["SU000001"]


def test_a_key_has_one_value(api: Api) -> None:
    # given
    id = ordered(api)["subscription"]["id"]
    twice = [*attributes(code="1"), *attributes(code="2")]
    # when
    refused = api.data("distributor", SET, input={"subscriptionId": id, "attributes": twice})["setVendorData"]
    # then
    assert refused["errors"] == [
        {
            "code": "INVALID_INPUT",
            "message": "The attribute code is named twice.",
            "path": ["attributes", "1", "key"],
        }
    ]
