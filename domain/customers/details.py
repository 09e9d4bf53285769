"""What people write about an account: kept clean, and refused where it cannot be."""

from collections.abc import Callable, Mapping
from typing import Any

from babel import Locale
from sqlalchemy.orm import Session

from domain.customers.company_names import NameRules, check_company_name
from domain.customers.models import Account, AccountKind, AccountType
from domain.shared.errors import InvalidInput
from tenancy.rows import TenantRow
from tenancy.settings import reading, registry
from tenancy.texts import clean_email, clean_text

__all__ = ["DETAILS", "clean_details", "name_rules", "require_company_name"]

_COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()) - {
    "EU",
    "EZ",
    "UN",
    "XA",
    "XB",
    "ZZ",
}
"""ISO 3166, as CLDR has it, without its groups of countries and its pseudo countries."""


def _country(text: str, *path: str | int) -> str:
    code = text.strip().upper()
    if code not in _COUNTRIES:
        raise InvalidInput("{field} must be a country's two letters such as DE.", path=path)
    return code


def _short(limit: int) -> Callable[..., str]:
    return lambda text, *path: clean_text(text, *path, limit=limit)


DETAILS: dict[str, Callable[..., str]] = {
    "contact_name": clean_text,
    "contact_email": clean_email,
    "contact_phone": _short(50),
    "signer_name": clean_text,
    "signer_email": clean_email,
    "country": _country,
    "region": clean_text,
    "city": clean_text,
    "postal_code": _short(20),
    "street": clean_text,
    "tax_number": _short(50),
    "external_id": clean_text,
}
"""Columns of an account that may be empty, and how each is kept clean."""


def clean_details(given: Mapping[str, str | None], *path: str | int) -> dict[str, str | None]:
    """The given details as they are kept. Raises InvalidInput."""
    return {name: None if value is None else DETAILS[name](value, *path, name) for name, value in given.items()}


def name_rules(session: Session, owner: TenantRow) -> NameRules:
    """What the distributor of the tenant that owns `owner` forbids."""
    return NameRules(
        characters=_texts(session, owner, registry.COMPANY_NAME_CHARACTERS),
        abbreviations=_texts(session, owner, registry.COMPANY_NAME_ABBREVIATIONS),
        domains=_texts(session, owner, registry.COMPANY_NAME_DOMAINS),
    )


def require_company_name(session: Session, account: Account, *path: str | int) -> None:
    """See that the name of a company that has something of Microsoft's obeys the rules. Raises InvalidInput."""
    if not account.microsoft or account.kind is AccountKind.PERSONAL:
        return
    if account.account_type_id is not None:
        type_: Any = session.get_one(AccountType, (account.distributor_id, account.account_type_id))
        if not type_.company:
            return
    check_company_name(account.name, name_rules(session, account), *path)


def _texts(session: Session, owner: TenantRow, setting: registry.Setting[list[str]]) -> list[str]:
    return reading.of(session, owner, setting)
