"""Settings over HTTP: who sees what of whom."""

from typing import Any

import pytest

from db import ids
from tests.api.conftest import Api

pytestmark = pytest.mark.feature("T-13")

SET = """mutation ($input: SetSettingInput!) { setSetting(input: $input) { errors { code path message }
  tenant { settings { key origin value { text } } } } }"""
ALL = """{ viewer { tenant { settings {
  key type options origin inheritedBelow settable setAt
  value { text boolean number texts } default { text boolean number texts }
  source { name } setBy { ... on Manager { email } } } } } }"""


def one(api: Api, who: str, key: str) -> dict[str, Any]:
    """A setting as somebody sees it at its own tenant."""
    return of_key(api.data(who, ALL)["viewer"]["tenant"]["settings"], key)


def of_key(settings: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """The one setting with this key."""
    (found,) = [each for each in settings if each["key"] == key]
    return found


def test_a_default_is_shown_with_its_type(api: Api) -> None:
    nothing = {"text": None, "boolean": None, "number": None, "texts": None}
    assert one(api, "child", "ORDER_NUMBERS_EDITABLE") == {
        "key": "ORDER_NUMBERS_EDITABLE",
        "type": "BOOLEAN",
        "options": [],
        "origin": "DEFAULT",
        "inheritedBelow": True,
        "settable": True,
        "setAt": None,
        "value": {**nothing, "boolean": True},
        "default": {**nothing, "boolean": True},
        "source": None,
        "setBy": None,
    }
    assert one(api, "child", "TERMS_URL")["value"] is None
    assert one(api, "child", "INVOICES_MADE_BY")["options"] == ["PLATFORM", "EXTERNAL"]
    lists = one(api, "child", "COMPANY_NAME_DOMAINS")
    assert (lists["value"]["texts"], lists["settable"]) == ([], False)
    assert one(api, "distributor", "COMPANY_NAME_DOMAINS")["settable"] is True


@pytest.mark.feature("T-03")
def test_what_is_set_above_is_in_force_below_without_a_word_of_who_did_it(api: Api) -> None:
    api.do("distributor", SET, input={"key": "ORDER_NUMBERS", "text": "D-{0000}"})
    own = one(api, "distributor", "ORDER_NUMBERS")
    assert (own["origin"], own["source"], own["setBy"], own["setAt"]) == (
        "OWN",
        {"name": "Delta"},
        {"email": "admin@delta.example"},
        "2027-08-20T09:00:00+00:00",
    )
    below = one(api, "child", "ORDER_NUMBERS")
    assert (below["origin"], below["value"]["text"]) == ("INHERITED", "D-{0000}")
    assert (below["source"], below["setBy"], below["setAt"]) == (None, None, None)
    assert below["default"]["text"] == "SO{000000}"


def test_somebody_above_sees_what_a_tenant_below_lives_by_and_who_set_it(api: Api) -> None:
    done = api.do("reseller", SET, input={"key": "ORDER_NUMBERS", "text": "R-{00}"})
    assert of_key(done["tenant"]["settings"], "ORDER_NUMBERS") == {
        "key": "ORDER_NUMBERS",
        "origin": "OWN",
        "value": {"text": "R-{00}"},
    }
    child = ids.encode("rsl", api.chain.child.tenant.id)
    found = api.data(
        "distributor",
        """query ($id: ID!) { tenant(id: $id) { settings {
          key origin value { text } source { name } setBy { ... on Manager { email } } } } }""",
        id=child,
    )["tenant"]["settings"]
    assert len(found) == 20
    assert [each["key"] for each in found] == sorted(each["key"] for each in found)
    assert of_key(found, "ORDER_NUMBERS") == {
        "key": "ORDER_NUMBERS",
        "origin": "INHERITED",
        "value": {"text": "R-{00}"},
        "source": {"name": "Ripple"},
        "setBy": {"email": "admin@ripple.example"},
    }


def test_a_refusal_leads_to_the_field(api: Api) -> None:
    answer = api.data("reseller", SET, input={"key": "COMPANY_NAME_DOMAINS", "texts": [".com"]})["setSetting"]
    assert answer["errors"] == [
        {
            "code": "INVALID_INPUT",
            "path": ["key"],
            "message": "COMPANY_NAME_DOMAINS is set by the distributor for everybody below.",
        }
    ]
    answer = api.data("reseller", SET, input={"key": "LOCALE", "boolean": True})["setSetting"]
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [("INVALID_INPUT", ["text"])]


def test_a_salesperson_reads_settings_and_does_not_set_them(api: Api) -> None:
    assert one(api, "sales", "LOCALE")["value"]["text"] == "en"
    answer = api.ask("sales", SET, input={"key": "LOCALE", "text": "de"})
    assert [error["code"] for error in answer["data"]["setSetting"]["errors"]] == ["FORBIDDEN"]


def test_resetting_goes_back_to_what_is_inherited(api: Api) -> None:
    api.do("distributor", SET, input={"key": "LOCALE", "text": "de"})
    api.do("child", SET, input={"key": "LOCALE", "text": "fr"})
    assert one(api, "child", "LOCALE")["value"]["text"] == "fr"
    api.do(
        "child",
        "mutation ($input: ResetSettingInput!) { resetSetting(input: $input) { errors { code } } }",
        input={"key": "LOCALE"},
    )
    found = one(api, "child", "LOCALE")
    assert (found["origin"], found["value"]["text"]) == ("INHERITED", "de")
