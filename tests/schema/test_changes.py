"""What clients rely on is not taken from them unannounced."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schema.build import sdl
from schema.changes import refused_changes, refused_deprecations

RELEASED = (Path(__file__).parents[2] / "schema" / "released.graphql").read_text()
NOW = date(2027, 3, 1)
SMALL = """
directive @open on ENUM
directive @requires(permission: String!) on FIELD_DEFINITION
type Query {
  plan(id: ID!, old: Boolean): Plan
  offer: Offer @deprecated(reason: "Removed after 2027-01-01. Use plan.")
  node(id: ID!, by: Key): Node
}
interface Node { id: ID! }
type Plan implements Node { id: ID!  name: String! state: State kind: Kind price: String @requires(permission: "a.b") }
type Offer implements Node { id: ID!  parent: Offer filter(by: By): String  colour: Colour }
enum State { ON  OFF }
enum Kind @open { ONE }
enum Colour { RED }
enum Key { SIZE }
input By { name: String  limit: Int! = 5 }
"""


def today() -> date:
    """As of the test run."""
    return datetime.now(UTC).date()


@pytest.mark.feature("A-08")
def test_nothing_released_is_taken_away_unannounced() -> None:
    assert refused_changes(RELEASED, sdl(), today()) == []


@pytest.mark.feature("A-08")
def test_every_deprecation_is_dated_and_leaves_clients_a_year() -> None:
    assert refused_deprecations(RELEASED, sdl(), today()) == []


@pytest.mark.parametrize(
    ("piece", "instead", "told"),
    [
        ("  name: String! state", " state", "Field Plan.name was removed."),
        ("name: String!", "name: String", "Field Plan.name changed type from String! to String."),
        ("id: ID!, old: Boolean", "id: ID!", "Argument Query.plan(old:) was removed."),
        ("old: Boolean", "old: Boolean!", "Argument Query.plan(old:) has changed type from Boolean to Boolean!."),
        ("old: Boolean", "old: Boolean, new: ID!", "A required argument Query.plan(new:) was added."),
        ("ON  OFF", "ON", "Enum value State.OFF was removed."),
        ("ON  OFF", "ON  OFF  HALF", "Enum value State.HALF was added to a closed enum."),
        ("enum State", "enum State @open", "Enum State was closed and is open."),
        ("limit: Int! = 5", "limit: Int! = 6", "By.limit has changed defaultValue from 5 to 6."),
        ("input By {", "input By { must: ID!", "A required field By.must was added."),
        ("Plan implements Node", "Plan", "Plan no longer implements interface Node."),
        ("state: State", 'state: State @requires(permission: "a")', "Field Plan.state needs another permission"),
        ('permission: "a.b"', 'permission: "c"', "Field Plan.price needs another permission"),
    ],
)
def test_a_change_that_breaks_a_client_is_refused(piece: str, instead: str, told: str) -> None:
    # given
    assert SMALL.count(piece) == 1
    kept = SMALL.replace("offer: Offer @deprecated", "offer: Offer #")
    # when
    found = refused_changes(kept, kept.replace(piece, instead), NOW)
    # then
    assert len(found) == 1
    assert found[0].startswith(told)


@pytest.mark.parametrize(
    ("piece", "instead"),
    [
        ("old: Boolean", "old: Boolean, new: Int"),
        ("name: String!", "name: String! more: String"),
        ("{ ONE }", "{ ONE  TWO }"),
        ("{ SIZE }", "{ SIZE  AGE }"),
        ("enum Kind @open", "enum Kind"),
        ("state: State", "state: State!"),
        (' @requires(permission: "a.b")', ""),
        ("input By {", "input By { may: ID"),
    ],
)
def test_a_change_that_clients_were_told_to_expect_is_free(piece: str, instead: str) -> None:
    assert refused_changes(SMALL, SMALL.replace(piece, instead), NOW) == []


WITHOUT_OFFER = "\n".join(
    line for line in SMALL.splitlines() if not line.startswith(("  offer", "type Offer", "enum Colour", "input By"))
)


def test_an_announced_removal_takes_along_the_types_that_only_it_led_to() -> None:
    assert refused_changes(SMALL, WITHOUT_OFFER, NOW) == []


def test_an_announced_removal_waits_for_its_day_to_pass() -> None:
    assert "Field Query.offer was removed." in refused_changes(SMALL, WITHOUT_OFFER, date(2027, 1, 1))
    assert refused_changes(SMALL, WITHOUT_OFFER, date(2027, 1, 2)) == []


def test_a_type_that_something_else_leads_to_stays() -> None:
    # given
    shared = SMALL.replace("kind: Kind", "kind: Kind colour: Colour")
    # when
    found = refused_changes(shared, WITHOUT_OFFER, NOW)
    # then
    assert sorted(found) == ["Colour was removed.", "Field Plan.colour was removed."]


@pytest.mark.parametrize("reason", ["Use plan.", "Removed after 2028-01-01.", "Removed after January. Use plan.", ""])
def test_a_deprecation_without_day_or_advice_is_refused(reason: str) -> None:
    # given
    wrong = SMALL.replace("Removed after 2027-01-01. Use plan.", reason)
    # then
    (told,) = refused_deprecations(SMALL, wrong, NOW)
    assert told.startswith("Query.offer: ")
    assert "is not of the form 'Removed after <day>. <What to use instead>.'" in told


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2028-03-15", "2028-03-15 is neither 1 January nor 1 July"),
        ("2028-01-01", "2028-01-01 is less than twelve months ahead"),
        ("2028-07-01", None),
    ],
)
def test_a_new_deprecation_names_a_removal_day_a_year_ahead(day: str, told: str | None) -> None:
    # given
    current = SMALL.replace("state: State", f'state: State @deprecated(reason: "Removed after {day}. Use kind.")')
    # then
    assert refused_deprecations(SMALL, current, NOW) == ([] if told is None else [f"Plan.state: {told}"])


def test_an_announced_day_may_move_on_but_not_closer() -> None:
    # given
    later = SMALL.replace("2027-01-01", "2027-07-01")
    # then
    assert refused_deprecations(SMALL, later, NOW) == []
    assert refused_deprecations(later, SMALL, NOW) == ["Query.offer: 2027-01-01 is less than twelve months ahead"]


def test_arguments_input_fields_and_values_are_dated_too() -> None:
    # given
    undated = "@deprecated"
    current = (
        SMALL.replace("old: Boolean", f"old: Boolean {undated}")
        .replace("ON  OFF", f"ON  OFF {undated}")
        .replace("name: String  limit", f"name: String {undated}  limit")
    )
    # then
    found = [told.partition(": ")[0] for told in refused_deprecations(SMALL, current, NOW)]
    assert sorted(found) == ["By.name", "Query.plan(old:)", "State.OFF"]
