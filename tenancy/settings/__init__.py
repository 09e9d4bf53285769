"""What each tenant decides for itself: a table of known settings, and the values that tenants gave.

`registry` is the table; `kinds` says what values are good; `reading` answers `of`, which the domain asks; `actions` set
and reset; `in_force` is the same question as SQL, for lists. A new setting is one entry in the registry.
"""

from tenancy.settings.actions import reset_setting, set_setting
from tenancy.settings.reading import of, of_each
from tenancy.settings.registry import (
    ACCOUNT_NUMBERS,
    CHARGE_NUMBERS,
    COMPANY_NAME_ABBREVIATIONS,
    COMPANY_NAME_CHARACTERS,
    COMPANY_NAME_DOMAINS,
    FIRST_DAY_OF_WEEK,
    INVOICE_NUMBERS,
    INVOICES_MADE_BY,
    LOCALE,
    ORDER_NUMBERS,
    ORDER_NUMBERS_EDITABLE,
    PAYMENT_NUMBERS,
    PAYMENT_NUMBERS_EDITABLE,
    PLAN_NUMBERS,
    POSTPAY_PERMISSION,
    PRIVACY_POLICY_URL,
    SETTINGS,
    SUBSCRIPTION_DELETE,
    SUBSCRIPTION_NUMBERS,
    SUBSCRIPTION_STOP,
    TERMS_URL,
    Setter,
    Setting,
    SettingKey,
)

__all__ = [
    "ACCOUNT_NUMBERS",
    "CHARGE_NUMBERS",
    "COMPANY_NAME_ABBREVIATIONS",
    "COMPANY_NAME_CHARACTERS",
    "COMPANY_NAME_DOMAINS",
    "FIRST_DAY_OF_WEEK",
    "INVOICES_MADE_BY",
    "INVOICE_NUMBERS",
    "LOCALE",
    "ORDER_NUMBERS",
    "ORDER_NUMBERS_EDITABLE",
    "PAYMENT_NUMBERS",
    "PAYMENT_NUMBERS_EDITABLE",
    "PLAN_NUMBERS",
    "POSTPAY_PERMISSION",
    "PRIVACY_POLICY_URL",
    "SETTINGS",
    "SUBSCRIPTION_DELETE",
    "SUBSCRIPTION_NUMBERS",
    "SUBSCRIPTION_STOP",
    "TERMS_URL",
    "Setter",
    "Setting",
    "SettingKey",
    "of",
    "of_each",
    "reset_setting",
    "set_setting",
]
