"""What people are told, and in which language."""

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from domain.shared.errors import InsufficientBalance, InvalidInput
from domain.subscriptions.states import Operation
from server.texts import Classes, NotInCatalog, renewed, used_in, used_texts
from tenancy import messages
from tenancy.errors import Refusal
from tenancy.messages import CATALOGS, Catalogs, Field, Message, places, preferred, speaking

GERMAN = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "{field} has {count} characters; at most {limit} are allowed."
msgstr "{field} ist mit {count} Zeichen zu lang; höchstens {limit} sind erlaubt."

msgid "Subscription {number} is {state}: its {operation} is not possible."
msgstr "Abonnement {number}: {operation} im Zustand {state} nicht möglich."

msgid "stop"
msgstr "Stopp"

msgid "{field} is empty."
msgstr "{feld} ist leer."

#, fuzzy
msgid "{field} is too large."
msgstr "{field} ist leer."
"""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "de.po").write_text(GERMAN)
    (tmp_path / "pt-BR.po").write_text(GERMAN)
    monkeypatch.setattr(messages, "CATALOGS", Catalogs(tmp_path))
    with speaking("de"):
        yield


@pytest.mark.feature("A-12")
def test_a_refusal_is_told_in_the_language_spoken(german: None) -> None:
    refusal = InvalidInput(
        "{field} has {count} characters; at most {limit} are allowed.", count=201, limit=200, path=("external_id",)
    )
    assert (
        refusal.told(lambda name: name.upper())
        == "EXTERNAL_ID ist mit 201 Zeichen zu lang; höchstens 200 sind erlaubt."
    )
    with speaking("en"):
        assert refusal.message == "external_id has 201 characters; at most 200 are allowed."
    assert (refusal.code, refusal.path) == ("INVALID_INPUT", ("external_id",))


@pytest.mark.feature("A-12")
def test_words_and_messages_inside_a_message_are_translated_too(german: None) -> None:
    text = "Subscription {number} is {state}: its {operation} is not possible."
    assert Message(text, number="SU1", state="STOPPED", operation=Operation.STOP).told() == (
        "Abonnement SU1: Stopp im Zustand STOPPED nicht möglich."
    )
    assert Message("{billing_type} needs {need}.", billing_type="X", need=Message("stop")).told() == "X needs Stopp."


@pytest.mark.feature("A-12")
@pytest.mark.parametrize("source", ["{field} is empty.", "{field} is too large.", "{field} holds control characters."])
def test_what_a_catalog_lacks_or_has_wrong_is_told_in_english(german: None, source: str) -> None:
    assert Message(source, field=Field("name")).told() == source.replace("{field}", "name")


@pytest.mark.feature("A-12")
@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("DE-at, en;q=0.5", "de"),
        ("fr, de;q=0.4, en;q=0.8", "en"),
        ("pt-br", "pt-BR"),
        ("en;q=0, de;q=0.1", "de"),
        ("de;q=0", "en"),
        ("*", "en"),
        ("../../etc/passwd, de;q=x", "de"),
        (";;;,,q=1", "en"),
    ],
)
def test_the_language_is_the_best_of_those_there_are(german: None, header: str | None, language: str) -> None:
    assert preferred(header) == language


def test_what_somebody_typed_is_told_as_it_is(german: None) -> None:
    assert Message("The resource {key} is named twice.", key="{limit} %s {0}").told() == (
        "The resource {limit} %s {0} is named twice."
    )


def test_money_is_told_with_its_digits_and_currency() -> None:
    refusal = InsufficientBalance(required=Decimal("12.5"), available=Decimal(0), currency="EUR")
    assert refusal.message == "This needs 12.50 EUR; the balance has 0.00 EUR."


# Catalogs


def test_every_text_for_people_is_a_literal_with_named_places() -> None:
    for use in used_texts():
        assert all(name.isidentifier() for name in places(use.source)), use


@pytest.mark.parametrize(
    "code",
    [
        'raise InvalidInput(f"{name} is wrong.", path=path)',
        'raise InvalidInput("{} is wrong.".format(name))',
        'raise InvalidInput("wrong: " + name)',
        'raise InvalidInput("%s is wrong." % name)',
        'Message(f"{name} is wrong.")',
        'class Own(InvalidInput):\n  def __init__(self, name):\n    super().__init__(f"{name} is wrong.")',
    ],
)
def test_a_text_made_on_the_spot_is_found(code: str) -> None:
    refusals = ast.parse("class InvalidInput(Refusal): pass")
    tree = ast.parse(code)
    with pytest.raises(NotInCatalog, match="makes its text itself"):
        list(used_in(tree, "some.py", Classes.of([refusals, tree])))


def test_the_tests_let_no_text_pass_that_catalogs_cannot_know() -> None:
    name = "Somebody"
    with pytest.raises(AssertionError, match="is in no catalog"):
        InvalidInput(f"{name} is wrong.")  # only at run time: a text in a variable would be found so too
    with pytest.raises(AssertionError, match="has no value for limit"):
        Message("{field} has {count} characters; at most {limit} are allowed.", field="name", count=3)


@pytest.mark.feature("A-12")
def test_every_catalog_is_complete() -> None:
    """The languages that come later come whole."""
    sources = {use.source for use in used_texts()}
    assert [language for language in CATALOGS.languages[1:] if sources - set(CATALOGS._of(language))] == []


@pytest.mark.feature("A-12")
def test_a_renewed_catalog_keeps_its_translations_and_asks_for_the_new_ones(tmp_path: Path) -> None:
    # given
    file = tmp_path / "de.po"
    sources = {use.source for use in used_texts()}
    assert renewed(file) == len(sources)
    with file.open("rb") as lines:
        assert {message.id for message in read_po(lines) if message.id} == sources
    file.write_text(
        file.read_text().replace('msgid "stop"\nmsgstr ""', 'msgid "stop"\nmsgstr "Stopp"')
        + '\nmsgid "gone"\nmsgstr "weg"\n'
    )
    # when
    waiting = renewed(file)
    # then
    assert waiting == len(sources) - 1
    assert Catalogs(tmp_path)._of("de") == {"stop": "Stopp"}


def test_a_refusal_of_another_place_stays_the_same() -> None:
    refusal: Refusal = InvalidInput("{field} is too large.", path=("fees", "setup")).at("resources", 0, "fees", "setup")
    assert (refusal.message, refusal.path) == ("setup is too large.", ("resources", 0, "fees", "setup"))
