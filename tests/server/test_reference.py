"""The reference for partners."""

import re

import pytest

from server.reference import FOLDER, written
from server.reference.markdown import anchor

PAGES = written()


@pytest.mark.feature("A-08")
def test_the_reference_is_what_the_schema_says() -> None:
    kept = {file.name: file.read_text() for file in FOLDER.glob("*.md")}
    assert kept == PAGES, "run ./headwater schema --reference"


def test_every_link_of_the_reference_leads_somewhere() -> None:
    # given
    headings = {
        name: {anchor(each) for each in re.findall(r"^#+ (.+)$", text, re.MULTILINE)} for name, text in PAGES.items()
    }
    # then
    broken = []
    for name, text in PAGES.items():
        places = re.findall(r"\]\(([\w-]+\.md)?#([^)]+)\)", text)
        broken += [f"{name}: {file}#{place}" for file, place in places if place not in headings[file or name]]
        files = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
        broken += [f"{name}: {file}" for file in files if not (FOLDER / file).exists()]
    assert broken == []


def test_every_type_is_told_of_once() -> None:
    headings = re.findall(r"^### (\w+)$", "\n".join(PAGES.values()), re.MULTILINE)
    assert sorted(headings) == sorted(set(headings))
    assert {"Account", "AccountFilter", "Money", "createPlan", "BillingType", "Decimal"} <= set(headings)


def test_a_mutation_is_told_with_permission_codes_input_and_payload() -> None:
    section = PAGES["catalog.md"].partition("### createPlan\n")[2].partition("\n### ")[0]
    assert "Needs [`catalog.write`](permissions.md#catalogwrite)." in section
    assert "[NOT_FOUND](errors.md#not_found)" in section
    assert "| `priceProtectionMonths = 0` | Int! |" in section
    assert "| `plan` | [Plan](#plan) | The new plan; null when refused. |" in section


def test_a_field_is_told_with_its_permission_and_page() -> None:
    (row,) = [line for line in PAGES["charges.md"].splitlines() if line.startswith("| `resellerCharges` |")]
    assert "Needs [`reseller_charges.read`](permissions.md#reseller_chargesread)." in row
    assert "has 50 rows unless asked otherwise" in row
    assert "`scope = OWN` [Scope](common.md#scope)!" in row


def test_the_tables_of_errors_and_permissions_are_complete() -> None:
    assert (
        "| `RETRY` | The same again, a little later. | [LIMIT_EXCEEDED](#limit_exceeded), [IN_PROGRESS](#in_progress) |"
        in PAGES["errors.md"]
    )
    assert "| [`payments.write`](#paymentswrite) | ✓ |  |  | ✓ | ✓ |" in PAGES["permissions.md"]
