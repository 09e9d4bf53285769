"""From a mutation's coerced input to the keywords of its resolver."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from graphql import GraphQLID, GraphQLInputField, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from db import ids
from domain.billing.customer_discounts import DiscountChange
from domain.billing.reseller_discounts import ResellerDiscountChange
from domain.catalog.drafts import (
    FeesChange,
    FeesDraft,
    PlanChange,
    PlanPeriodChange,
    PlanPeriodDraft,
    PlanResourceChange,
    PlanResourceDraft,
)
from domain.catalog.order_attributes import AttributeDraft
from domain.catalog.products import ProductChange
from domain.catalog.terms import ServiceTermChange
from domain.customers.actions import AccountChange
from domain.customers.terms import ClassTerms
from domain.payments.updating import SubscriptionChange
from domain.pricing.by_hand import PriceChange
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.money import Money
from tenancy.people import ManagerChange
from tenancy.roles import CustomRoleChange

__all__ = ["PREFIXES", "ids_in", "keywords"]

PREFIXES: dict[str, tuple[str, ...]] = {
    "account_id": ("acc",),
    "account_class_id": ("acl",),
    "account_ids": ("acc",),
    "account_type_id": ("aty",),
    "account_type_ids": ("aty",),
    "agreement_ids": ("agr",),
    "invitation_id": ("ivn",),
    "owner_id": ("usr",),
    "custom_role_id": ("rol",),
    "membership_id": ("mbr",),
    "user_id": ("usr",),
    "default_markup_id": ("dmk",),
    "discount_id": ("dct",),
    "reseller_discount_id": ("dsc",),
    "distributor_id": ("dst",),
    "product_id": ("prd",),
    "manager_id": ("mgr",),
    "parent_id": ("dst", "rsl"),
    "job_id": ("job",),
    "file_id": ("fil",),
    "manual_operation_id": ("mop",),
    "order_id": ("ord",),
    "payment_id": ("pay",),
    "period_id": ("per",),
    "plan_id": ("pln",),
    "plan_ids": ("pln",),
    "prerequisite_plan_ids": ("pln",),
    "switchable_plan_ids": ("pln",),
    "reseller_id": ("rsl",),
    "service_term_id": ("trm",),
    "session_id": ("ses",),
    "subscription_id": ("sub",),
    "subscription_ids": ("sub",),
    "tenant_id": ("dst", "rsl"),
    "tenant_ids": ("dst", "rsl"),
    "token_id": ("key",),
}
"""Which ids an input field takes, by its name: names mean the same in every mutation."""

SHAPES: dict[str, Callable[..., Any]] = {
    "AccountChange": lambda **given: AccountChange(given),
    "ClassTermsInput": ClassTerms,
    "CustomRoleChange": CustomRoleChange,
    "DiscountChange": DiscountChange,
    "ResellerDiscountChange": ResellerDiscountChange,
    "EntryPointInput": lambda label, url: (label, url),
    "FeesChange": FeesChange,
    "FeesInput": FeesDraft,
    "IndividualPriceInput": lambda resource_key, recurring_per_month: (resource_key, recurring_per_month),
    "ManagerChange": ManagerChange,
    "MoneyInput": Money,
    "OrderAttributeInput": AttributeDraft,
    "OrderAttributeValueInput": lambda key, value: (key, value),
    "PlanAttributeInput": lambda key, value: (key, value),
    "PlanChange": PlanChange,
    "PlanPeriodChange": PlanPeriodChange,
    "PlanPeriodInput": PlanPeriodDraft,
    "PlanResourceChange": PlanResourceChange,
    "PlanResourceInput": PlanResourceDraft,
    "PriceChange": PriceChange,
    "QuantityInput": lambda resource_key, quantity: (resource_key, quantity),
    "ProductChange": lambda **given: ProductChange(given),
    "ServiceTermChange": lambda **given: ServiceTermChange(given),
    "VendorAttributeInput": lambda key, value: (key, value),
    "SubscriptionChange": lambda **given: SubscriptionChange(given),
}
"""What the domain calls the objects inside inputs."""

MOST_ITEMS = 1_000
"""Of any list in an input."""


def keywords(type_: GraphQLInputObjectType, value: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """The input's fields by their Python names: ids as UUIDs, nested objects in the shapes of the domain.

    Null means the same as left out, except in a `…Change`, where it clears. Raises NotFound for an id that is none,
    or one of another type, and InvalidInput for a list that is too long, each with its path.
    """
    clears = type_.name.endswith("Change")
    given = {name: item for name, item in value.items() if item is not None or clears}
    found = {}
    for name, item in given.items():
        field = type_.fields[name]
        python_name = _python_name(name, field)
        found[python_name] = _converted(field.type, item, python_name, (*path, python_name))
    return found


def ids_in(
    type_: GraphQLInputObjectType, value: dict[str, Any], *path: str | int
) -> Iterator[tuple[str, UUID, tuple[str | int, ...]]]:
    """Prefix, UUID and path of every id in an input that `keywords` has taken."""
    for name, item in value.items():
        field = type_.fields[name]
        python_name = _python_name(name, field)
        yield from _ids(field.type, item, (*path, python_name))


def _ids(type_: Any, value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, UUID, tuple[str | int, ...]]]:
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if value is None:
        return
    if isinstance(type_, GraphQLList):
        for index, item in enumerate(value):
            yield from _ids(type_.of_type, item, (*path, index))
    elif type_ is GraphQLID:
        yield (*ids.decode(value), path)
    elif isinstance(type_, GraphQLInputObjectType):
        yield from ids_in(type_, value, *path)


def _python_name(name: str, field: GraphQLInputField) -> str:
    definition = field.extensions["strawberry-definition"]
    return definition.python_name or name


def _converted(type_: Any, value: Any, name: str, path: tuple[str | int, ...]) -> Any:
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if value is None:
        return None
    if isinstance(type_, GraphQLList):
        if len(value) > MOST_ITEMS:
            raise InvalidInput(
                "{field} has {count} items; at most {limit} are allowed.", count=len(value), limit=MOST_ITEMS, path=path
            )
        return [_converted(type_.of_type, item, name, (*path, index)) for index, item in enumerate(value)]
    if type_ is GraphQLID:
        return _id(value, name, path)
    if isinstance(type_, GraphQLInputObjectType):
        return SHAPES[type_.name](**keywords(type_, value, *path))
    return value


def _id(value: str, name: str, path: tuple[str | int, ...]) -> Any:
    try:
        prefix, id = ids.decode(value)
    except ids.InvalidId:
        raise NotFound(*path) from None
    if prefix not in PREFIXES[name]:
        raise NotFound(*path)
    return id
