"""What a tenant has set, what it inherits, and what is refused."""

from typing import Any

import pytest
from sqlalchemy import event, select

from domain.shared.numbers import FORMATS, number_for, numbers_for, written
from tenancy import settings
from tenancy.errors import InvalidInput, NotFound
from tenancy.hierarchy import Founded
from tenancy.models import TenantSetting
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession
from tenancy.settings import SettingKey
from tests.conftest import Chain, act_as, scope_of

pytestmark = pytest.mark.feature("T-13")


def put(session: ScopedSession, founded: Founded, chain: Chain, key: SettingKey, **value: Any) -> None:
    """Set something as the tenant's administrator."""
    settings.set_setting(session, act_as(session, scope_of(founded)), key=key, clock=chain.clock, **value)


def seen(session: ScopedSession, founded: Founded, setting: settings.Setting[Any]) -> Any:
    """What is in force, read as the tenant itself."""
    act_as(session, scope_of(founded))
    settings.reading.forget(session)
    return settings.of(session, founded.tenant, setting)


def test_the_nearest_tenant_that_has_set_it_counts(session: ScopedSession, chain: Chain) -> None:
    assert seen(session, chain.child, settings.LOCALE) == "en"
    put(session, chain.distributor, chain, SettingKey.LOCALE, text="de")
    assert [seen(session, each, settings.LOCALE) for each in (chain.distributor, chain.reseller, chain.child)] == [
        "de",
        "de",
        "de",
    ]
    put(session, chain.reseller, chain, SettingKey.LOCALE, text="pt-br")
    assert seen(session, chain.child, settings.LOCALE) == "pt-BR"
    assert seen(session, chain.cousin, settings.LOCALE) == "de"
    settings.reset_setting(session, act_as(session, scope_of(chain.reseller)), key=SettingKey.LOCALE)
    assert seen(session, chain.child, settings.LOCALE) == "de"


def test_what_is_not_inherited_is_neither_in_force_nor_seen_below(session: ScopedSession, chain: Chain) -> None:
    put(session, chain.distributor, chain, SettingKey.TERMS_URL, text="https://delta.example/terms")
    put(session, chain.distributor, chain, SettingKey.LOCALE, text="de")
    assert seen(session, chain.distributor, settings.TERMS_URL) == "https://delta.example/terms"
    assert seen(session, chain.reseller, settings.TERMS_URL) is None
    assert session.scalars(select(TenantSetting.key)).all() == ["LOCALE"]


def test_a_tenant_below_reads_what_is_set_above_and_cannot_change_it(session: ScopedSession, chain: Chain) -> None:
    put(session, chain.distributor, chain, SettingKey.LOCALE, text="de")
    settings.reset_setting(session, act_as(session, scope_of(chain.child)), key=SettingKey.LOCALE)
    assert seen(session, chain.child, settings.LOCALE) == "de"


def test_a_transaction_asks_once_for_a_tenant_and_again_after_a_change(session: ScopedSession, chain: Chain) -> None:
    asked: list[str] = []
    act_as(session, scope_of(chain.child))
    connection = session.connection()

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM settings" in statement and "value" in statement:
            asked.append(statement)

    event.listen(connection, "before_cursor_execute", listen)
    for _ in range(3):
        assert settings.of(session, chain.child.tenant, settings.LOCALE) == "en"
        assert settings.of(session, chain.child.tenant, settings.ORDER_NUMBERS_EDITABLE) is True
    assert len(asked) == 1
    put(session, chain.child, chain, SettingKey.ORDER_NUMBERS_EDITABLE, boolean=False)
    assert settings.of(session, chain.child.tenant, settings.ORDER_NUMBERS_EDITABLE) is False
    event.remove(connection, "before_cursor_execute", listen)


def test_a_change_that_is_undone_is_forgotten(session: ScopedSession, chain: Chain) -> None:
    savepoint = session.begin_nested()
    put(session, chain.child, chain, SettingKey.ORDER_NUMBERS_EDITABLE, boolean=False)
    assert settings.of(session, chain.child.tenant, settings.ORDER_NUMBERS_EDITABLE) is False
    savepoint.rollback()
    assert settings.of(session, chain.child.tenant, settings.ORDER_NUMBERS_EDITABLE) is True


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        (SettingKey.ORDER_NUMBERS, {"text": "B-{0000}/x"}, "B-{0000}/x"),
        (SettingKey.TERMS_URL, {"text": " https://münchen.example/a?b=c "}, "https://münchen.example/a?b=c"),
        (SettingKey.LOCALE, {"text": "zh-hant-tw"}, "zh-Hant-TW"),
        (SettingKey.INVOICES_MADE_BY, {"text": "EXTERNAL"}, "EXTERNAL"),
        (SettingKey.ORDER_NUMBERS_EDITABLE, {"boolean": False}, False),
        (SettingKey.COMPANY_NAME_CHARACTERS, {"texts": ["#", "*", "#"]}, ["#", "*"]),
        (SettingKey.COMPANY_NAME_DOMAINS, {"texts": []}, []),
    ],
)
def test_a_value_is_kept_as_it_is_meant(
    session: ScopedSession, chain: Chain, key: SettingKey, value: dict[str, Any], kept: Any
) -> None:
    put(session, chain.distributor, chain, key, **value)
    assert seen(session, chain.distributor, settings.SETTINGS[key]) == kept


@pytest.mark.parametrize(
    ("key", "value", "field", "words"),
    [
        (SettingKey.ORDER_NUMBERS, {"text": "SO1{00}"}, "text", "no digits"),
        (SettingKey.ORDER_NUMBERS, {"text": "SO"}, "text", "one group of 1 to 12 zeros"),
        (SettingKey.ORDER_NUMBERS, {"text": "{0}{0}"}, "text", "no digits and nothing else"),
        (SettingKey.ORDER_NUMBERS, {"text": "{" + "0" * 13 + "}"}, "text", "1 to 12 zeros"),
        (SettingKey.ORDER_NUMBERS, {"text": "x" * 41}, "text", "ORDER_NUMBERS has 41 characters; at most 40"),
        (SettingKey.ORDER_NUMBERS, {"boolean": True}, "text", "takes its value in text"),
        (SettingKey.ORDER_NUMBERS, {"text": "{0}", "number": 1}, "number", "in text, not in number"),
        (SettingKey.TERMS_URL, {"text": "http://delta.example"}, "text", "https://example.com/terms"),
        (SettingKey.TERMS_URL, {"text": "https://a.example/<b>"}, "text", "must be an address"),
        (SettingKey.TERMS_URL, {"text": "https://[::1"}, "text", "must be an address"),
        (SettingKey.LOCALE, {"text": "klingon"}, "text", "must be a language"),
        (SettingKey.LOCALE, {"text": "../../etc"}, "text", "must be a language"),
        (SettingKey.FIRST_DAY_OF_WEEK, {"text": "FRYDAY"}, "text", "one of MONDAY, TUESDAY"),
        (SettingKey.ORDER_NUMBERS_EDITABLE, {}, "boolean", "in boolean, which is missing"),
        (SettingKey.COMPANY_NAME_CHARACTERS, {"texts": ["##"]}, "texts", "has 2 characters; at most 1"),
        (SettingKey.COMPANY_NAME_DOMAINS, {"texts": ["."] * 201}, "texts", "has 201 texts in texts; at most 200"),
    ],
)
def test_a_refusal_names_the_setting_and_the_limit(
    session: ScopedSession, chain: Chain, key: SettingKey, value: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        put(session, chain.distributor, chain, key, **value)
    assert refused.value.path[0] == field
    assert key in refused.value.message
    assert session.scalars(select(TenantSetting)).all() == []


def test_what_the_distributor_decides_nobody_below_sets(session: ScopedSession, chain: Chain) -> None:
    for act in (
        lambda: put(session, chain.reseller, chain, SettingKey.COMPANY_NAME_DOMAINS, texts=[]),
        lambda: settings.reset_setting(
            session, act_as(session, scope_of(chain.reseller)), key=SettingKey.COMPANY_NAME_DOMAINS
        ),
    ):
        with pytest.raises(InvalidInput, match="set by the distributor"):
            act()


def test_the_platform_has_no_settings(session: ScopedSession, chain: Chain) -> None:
    with pytest.raises(NotFound):
        settings.set_setting(session, PLATFORM, key=SettingKey.LOCALE, text="de", clock=chain.clock)


@pytest.mark.feature("O-01")
def test_numbers_are_written_in_the_tenants_format_and_rise_over_its_changes(
    session: ScopedSession, chain: Chain
) -> None:
    child = chain.child.tenant
    act_as(session, scope_of(chain.child))
    assert number_for(session, child, "orders") == "SO000001"
    put(session, chain.distributor, chain, SettingKey.ORDER_NUMBERS, text="D-{0000}")
    act_as(session, scope_of(chain.child))
    assert numbers_for(session, child, "orders", 2) == ["D-0002", "D-0003"]
    put(session, chain.child, chain, SettingKey.ORDER_NUMBERS, text="{0}/AB")
    assert number_for(session, child, "orders") == "4/AB"
    assert number_for(session, child, "payments") == "PM000001"


def test_a_number_may_outgrow_its_zeros() -> None:
    assert [written(value, "S{00}x") for value in (7, 99, 100)] == ["S07x", "S99x", "S100x"]


def test_every_series_has_a_setting_and_every_setting_a_good_default() -> None:
    assert {each.key for each in FORMATS.values()} < set(SettingKey)
    assert set(settings.SETTINGS) == set(SettingKey)
    for key, setting in settings.SETTINGS.items():
        if setting.default is not None:
            assert setting.kind.checked(setting.default, key) == setting.default
