"""What a company's name may be made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.company_names import NameRules, check_company_name, remainder
from domain.shared.errors import InvalidInput

RULES = NameRules(characters=("#", "@"), abbreviations=("GmbH", "LLC"), domains=(".com", "de"))
WORDS = st.text("abcdefghijklmnopqrstuvwxyzäöü", min_size=5, max_size=12)


def refusal(name: str, rules: NameRules = RULES) -> str | None:
    """What is said against a name; None: nothing."""
    try:
        check_company_name(name, rules, "name")
    except InvalidInput as refused:
        return refused.message
    return None


@pytest.mark.feature("T-09")
@pytest.mark.parametrize("name", ["Meadow Bakery", "Gmbhof", "Dotcom Traders", "Made", "Comet & Sons"])
def test_a_name_without_anything_forbidden_is_taken(name: str) -> None:
    assert refusal(name) is None


@pytest.mark.feature("T-09")
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("Meadow # Bakery", "#"),
        ("Meadow Bakery gmbh", "GmbH"),
        ("Meadow Bakery G.m.b.H.", "GmbH"),
        ("Meadow, LLC", "LLC"),
        ("meadow.com", ".com"),
        ("Bakery Meadow.DE!", "de"),
    ],
)
def test_a_name_that_holds_something_forbidden_is_refused_with_what_it_is(name: str, what: str) -> None:
    assert refusal(name) == f"A company's name may not hold {what}."


@pytest.mark.feature("T-09")
@pytest.mark.parametrize("name", ["GmbH", "LLC GmbH", "@ # @", ".com", "G.m.b.H. .de", "llc.com"])
def test_a_name_made_only_of_what_is_forbidden_is_refused(name: str) -> None:
    assert refusal(name) == f"{name} is made only of what a company's name may not hold."


@pytest.mark.feature("T-09")
@given(st.text(max_size=60))
def test_without_rules_every_name_is_taken(name: str) -> None:
    assert refusal(name, NameRules()) is None


@pytest.mark.feature("T-09")
@given(st.lists(st.sampled_from(["GmbH", "llc", "#", "@@", ".com", "L.L.C."]), min_size=1, max_size=6))
def test_whatever_forbidden_parts_are_put_together_nothing_is_left(parts: list[str]) -> None:
    name = " ".join(parts)
    assert remainder(name, RULES) == ""
    assert refusal(name) is not None


@pytest.mark.feature("T-09")
@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from(["GmbH", "#", "@"]), st.integers(0, 4))
def test_a_good_name_is_refused_as_soon_as_something_forbidden_stands_anywhere_in_it(
    words: list[str], forbidden: str, at: int
) -> None:
    assert refusal(" ".join(words)) is None
    spoilt = [*words[:at], forbidden, *words[at:]]
    assert refusal(" ".join(spoilt)) == f"A company's name may not hold {forbidden}."


@pytest.mark.feature("T-09")
@given(st.text(max_size=60))
def test_what_is_left_of_a_name_is_never_refused_for_a_character_or_a_word(name: str) -> None:
    left = remainder(name, RULES)
    assert not set("#@") & set(left)
    assert left == " ".join(left.split())
