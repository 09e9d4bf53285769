"""Refusals of the catalog."""

from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidState, KeyTaken, ReadOnlyDelegated, Stale
from tenancy.messages import Message

__all__ = [
    "NoVendor",
    "NotARoot",
    "PlanInUse",
    "PlanStale",
    "ProductComesFromVendor",
    "ProductKeyTaken",
    "ServiceTermKeyTaken",
    "TermComesFromAbove",
    "TermComesFromVendor",
    "TermInUse",
]


class PlanInUse(InvalidState):
    """Subscriptions live by what is to be changed."""

    def __init__(self, count: int, *, path: tuple[str | int, ...]) -> None:
        super().__init__(
            "{field} cannot be changed: {count} subscriptions that are not deleted have the plan or a copy of it.",
            count=count,
            path=path,
        )


class PlanStale(Stale):
    """The plan has another version than the client knows."""

    def __init__(self, expected: int, version: int) -> None:
        super().__init__(
            "The plan has changed: it is at version {version}, not {expected}.",
            version=version,
            expected=expected,
            path=("if_version",),
        )


class ServiceTermKeyTaken(KeyTaken):
    """A tenant of the same chain has a service term with this key."""

    def __init__(self, key: str, owner: str, *, levels: int) -> None:
        """`levels`: how far below the tenant that wants the key its owner is; negative: above."""
        source = Message("The key {key} is taken: {owner} has a service term with it.", key=key, owner=owner)
        if levels > 0:
            source = Message(
                "The key {key} is taken: {owner}, below you, has a service term with it.", key=key, owner=owner
            )
        elif levels < 0:
            source = Message(
                "The key {key} is taken: {owner}, above you, has a service term with it.", key=key, owner=owner
            )
        super().__init__(source, path=("key",))


class TermComesFromAbove(ReadOnlyDelegated):
    """A tenant above made the service term."""

    def __init__(self, key: str, owner: str, *, path: tuple[str | int, ...]) -> None:
        super().__init__(
            "The service term {key} comes from {owner}, above you, and is changed only there.",
            key=key,
            owner=owner,
            path=path,
        )


class TermComesFromVendor(ReadOnlyDelegated):
    """A vendor's term came with a product and follows the vendor's."""

    def __init__(self, key: str, *, path: tuple[str | int, ...]) -> None:
        super().__init__(
            "The service term {key} came from a vendor with a product, and is changed only there.", key=key, path=path
        )


class TermInUse(InvalidState):
    """A plan cannot live with the term as it is to be."""

    def __init__(self, number: str, billing_type: BillingType, *, path: tuple[str | int, ...]) -> None:
        super().__init__(
            "Plan {number} is {billing_type} and has this service term: its billing day stays 1.",
            number=number,
            billing_type=billing_type,
            path=path,
        )


class ProductKeyTaken(KeyTaken):
    """The tenant has another product with this key."""

    def __init__(self, key: str) -> None:
        super().__init__("There is one with the key {key} already.", key=key, path=("key",))


class ProductComesFromVendor(ReadOnlyDelegated):
    """A vendor published the product."""

    def __init__(self, vendor: str, *, path: tuple[str | int, ...]) -> None:
        super().__init__("{field} comes from {vendor} and is changed only there.", vendor=vendor, path=path)


class NoVendor(InvalidState):
    """Only vendors publish."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "{name} is no vendor: it delegates plans, and publishes none.", name=name, path=("product_id",)
        )


class NotARoot(InvalidState):
    """Only distributors take what vendors publish."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "{name} is no distributor: what vendors publish comes to distributors only.",
            name=name,
            path=("vendor_number",),
        )
