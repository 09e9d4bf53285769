"""The table of all settings: key, kind of value, default, whether those below inherit it, who may set it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from tenancy.settings.kinds import Choice, Kind, LanguageTag, NumberFormat, Switch, Texts, Url

__all__ = ["SETTINGS", "Setter", "Setting", "SettingKey"]

T = TypeVar("T")


class SettingKey(StrEnum):
    """What can be set."""

    ACCOUNT_NUMBERS = "ACCOUNT_NUMBERS"
    """How numbers of accounts are written."""
    CHARGE_NUMBERS = "CHARGE_NUMBERS"
    """How numbers of charges are written."""
    INVOICE_NUMBERS = "INVOICE_NUMBERS"
    """How numbers of invoices are written."""
    ORDER_NUMBERS = "ORDER_NUMBERS"
    """How numbers of orders are written."""
    PAYMENT_NUMBERS = "PAYMENT_NUMBERS"
    """How numbers of payments are written."""
    PLAN_NUMBERS = "PLAN_NUMBERS"
    """How numbers of plans are written."""
    SUBSCRIPTION_NUMBERS = "SUBSCRIPTION_NUMBERS"
    """How numbers of subscriptions are written."""
    ORDER_NUMBERS_EDITABLE = "ORDER_NUMBERS_EDITABLE"
    """Whether an order may be given another number by hand."""
    PAYMENT_NUMBERS_EDITABLE = "PAYMENT_NUMBERS_EDITABLE"
    """Whether a payment that is neither completed nor cancelled may be given another number by hand."""
    PRIVACY_POLICY_URL = "PRIVACY_POLICY_URL"
    """Where customers read the privacy policy."""
    TERMS_URL = "TERMS_URL"
    """Where customers read the terms and conditions."""
    INVOICES_MADE_BY = "INVOICES_MADE_BY"
    """Who makes invoices and numbers them: the PLATFORM, or an EXTERNAL system such as an ERP."""
    POSTPAY_PERMISSION = "POSTPAY_PERMISSION"
    """Whether an account that pays afterwards and was never verified orders by itself: AUTOMATIC, or MANUAL: its first
    commercial order waits until a manager approves it."""
    SUBSCRIPTION_STOP = "SUBSCRIPTION_STOP"
    """Whether stops that customers or the calendar want are done by themselves: AUTOMATIC, or MANUAL: each waits for a
    manager, as where the account class or the service term says so."""
    SUBSCRIPTION_DELETE = "SUBSCRIPTION_DELETE"
    """The same of deletions."""
    LOCALE = "LOCALE"
    """The language of documents and mails, and the way they write dates and amounts, where a customer has no other."""
    FIRST_DAY_OF_WEEK = "FIRST_DAY_OF_WEEK"
    """The day on which calendars begin a week."""
    COMPANY_NAME_CHARACTERS = "COMPANY_NAME_CHARACTERS"
    """Characters that a company's name may not hold."""
    COMPANY_NAME_ABBREVIATIONS = "COMPANY_NAME_ABBREVIATIONS"
    """Abbreviations, such as LLC, that do not make a company's name."""
    COMPANY_NAME_DOMAINS = "COMPANY_NAME_DOMAINS"
    """Ends of internet names, such as .com, that a company's name may not hold."""


class Setter(StrEnum):
    """Who may set something."""

    TENANT = "TENANT"
    """Every tenant for itself."""
    DISTRIBUTOR = "DISTRIBUTOR"
    """The distributor, for itself and everybody below."""


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting, whose values are of the type `T`."""

    key: SettingKey
    kind: Kind[Any]
    default: T
    """In force where nobody has set anything."""
    inherited: bool = True
    """Whether tenants below live by it until they set their own. Then they see the value, so it must hold no secret."""
    setter: Setter = Setter.TENANT


_K = SettingKey
_WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_LEGAL = Url()

ACCOUNT_NUMBERS = Setting(_K.ACCOUNT_NUMBERS, NumberFormat(), "AC{000000}")
CHARGE_NUMBERS = Setting(_K.CHARGE_NUMBERS, NumberFormat(), "CH{000000}")
INVOICE_NUMBERS = Setting(_K.INVOICE_NUMBERS, NumberFormat(), "IN{000000}")
ORDER_NUMBERS = Setting(_K.ORDER_NUMBERS, NumberFormat(), "SO{000000}")
PAYMENT_NUMBERS = Setting(_K.PAYMENT_NUMBERS, NumberFormat(), "PM{000000}")
PLAN_NUMBERS = Setting(_K.PLAN_NUMBERS, NumberFormat(), "PL{000000}")
SUBSCRIPTION_NUMBERS = Setting(_K.SUBSCRIPTION_NUMBERS, NumberFormat(), "SU{000000}")
ORDER_NUMBERS_EDITABLE = Setting(_K.ORDER_NUMBERS_EDITABLE, Switch(), default=True)
PAYMENT_NUMBERS_EDITABLE = Setting(_K.PAYMENT_NUMBERS_EDITABLE, Switch(), default=True)
# A policy is whose customers accept it: a reseller's customers do not accept the distributor's.
PRIVACY_POLICY_URL: Setting[str | None] = Setting(_K.PRIVACY_POLICY_URL, _LEGAL, None, inherited=False)
TERMS_URL: Setting[str | None] = Setting(_K.TERMS_URL, _LEGAL, None, inherited=False)
INVOICES_MADE_BY = Setting(_K.INVOICES_MADE_BY, Choice(("PLATFORM", "EXTERNAL")), "PLATFORM", inherited=False)
_HOW_DONE = Choice(("AUTOMATIC", "MANUAL"))
POSTPAY_PERMISSION = Setting(_K.POSTPAY_PERMISSION, _HOW_DONE, "AUTOMATIC")
SUBSCRIPTION_STOP = Setting(_K.SUBSCRIPTION_STOP, _HOW_DONE, "AUTOMATIC")
SUBSCRIPTION_DELETE = Setting(_K.SUBSCRIPTION_DELETE, _HOW_DONE, "AUTOMATIC")
LOCALE = Setting(_K.LOCALE, LanguageTag(), "en")
FIRST_DAY_OF_WEEK = Setting(_K.FIRST_DAY_OF_WEEK, Choice(_WEEK), "MONDAY")
COMPANY_NAME_CHARACTERS: Setting[list[str]] = Setting(
    _K.COMPANY_NAME_CHARACTERS, Texts(limit=1), [], setter=Setter.DISTRIBUTOR
)
COMPANY_NAME_ABBREVIATIONS: Setting[list[str]] = Setting(
    _K.COMPANY_NAME_ABBREVIATIONS, Texts(limit=40), [], setter=Setter.DISTRIBUTOR
)
COMPANY_NAME_DOMAINS: Setting[list[str]] = Setting(
    _K.COMPANY_NAME_DOMAINS, Texts(limit=40), [], setter=Setter.DISTRIBUTOR
)

SETTINGS: dict[SettingKey, Setting[Any]] = {
    each.key: each for each in tuple(globals().values()) if isinstance(each, Setting)
}
"""Every setting by its key."""
