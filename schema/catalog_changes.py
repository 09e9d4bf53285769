"""Making service terms and products, and what vendors publish."""

import strawberry
from strawberry import UNSET

from schema.enums import AccountKind, ExpiredRenewal, HowDone
from schema.order_attributes import OrderAttributeInput
from schema.payload import Payload
from schema.products import Product, ServiceTerm
from schema.tenants import Distributor

__all__ = [
    "AcceptVendorInput",
    "AcceptVendorPayload",
    "CreateProductInput",
    "CreateProductPayload",
    "CreateServiceTermInput",
    "CreateServiceTermPayload",
    "PublishProductInput",
    "PublishProductPayload",
    "UnpublishProductInput",
    "UnpublishProductPayload",
    "UpdateProductInput",
    "UpdateProductPayload",
    "UpdateServiceTermInput",
    "UpdateServiceTermPayload",
]


@strawberry.input
class CreateServiceTermInput:
    """New rules for plans, used by the acting tenant and everybody below it."""

    name: str
    """What people call it; up to 200 characters."""
    key: str
    """What programs call it: a to z, 0 to 9 and _, up to 100; used once along the chain, else KEY_TAKEN."""
    billing_day: int = 1
    """1 to 31, the day of the month on which periods begin; in a shorter month its last day."""
    auto_renew_point_days: int = 0
    """Days before paidTo or the end of the term on which the next order is made; 0 to 3650."""
    manual_renew_point_days: int = -1
    """Days before the end of the term from which one may renew by hand; −1: always, 0: never. Else not
    less than autoRenewPointDays, and at most 3650."""
    manual_switch_point_days: int = -1
    """Days before the end of the term from which one may switch to another plan; −1: always, 0: never. At most 3650."""
    grace_period_days: int = 0
    """Days an unpaid subscription goes on after its end; 0 to 3650."""
    grace_on_prolongation: bool = False
    """Grace also for monthly prolongation."""
    stop_period_days: int = 30
    """Days a stopped subscription is kept before it is deleted; 0 to 3650."""
    deletion_window_days: int = 0
    """Days after purchase in which a customer may delete a committed subscription; 0 to 3650."""
    expired_renewal: ExpiredRenewal = ExpiredRenewal.CONSTANT
    """From when a renewal after expiration counts."""
    stop: HowDone = HowDone.AUTOMATIC
    """Whether stopping a subscription waits for a manager."""
    delete: HowDone = HowDone.AUTOMATIC
    """Whether deleting a subscription waits for a manager."""
    provisioning: HowDone = HowDone.AUTOMATIC
    """MANUAL: orders wait in PROVISIONING until completeProvisioning or failProvisioning."""
    account_kinds: list[AccountKind] | None = UNSET
    """Which accounts may order what has this term; default all. Not empty."""
    account_type_ids: list[strawberry.ID] | None = UNSET
    """Of CUSTOM accounts only those of these types, own or from above, up to 100; default all."""


@strawberry.input
class ServiceTermChange:
    """What becomes of a term; what is left out stays, and nothing can be cleared. The key stays for good."""

    name: str | None = UNSET
    """What people call it; up to 200 characters."""
    billing_day: int | None = UNSET
    """1 to 31; for new subscriptions, others keep that of their order. INVALID_STATE for another than 1 where a plan of
    a billing type that needs it has the term."""
    auto_renew_point_days: int | None = UNSET
    """Days before paidTo or the end of the term on which the next order is made; 0 to 3650."""
    manual_renew_point_days: int | None = UNSET
    """Days before the end of the term from which one may renew by hand; −1: always, 0: never. Else not less than
    autoRenewPointDays, and at most 3650."""
    manual_switch_point_days: int | None = UNSET
    """Days before the end of the term from which one may switch to another plan; −1: always, 0: never. At most 3650."""
    grace_period_days: int | None = UNSET
    """Days an unpaid subscription goes on after its end; 0 to 3650."""
    grace_on_prolongation: bool | None = UNSET
    """Grace also for monthly prolongation."""
    stop_period_days: int | None = UNSET
    """Days a stopped subscription is kept before it is deleted; 0 to 3650."""
    deletion_window_days: int | None = UNSET
    """Days after purchase in which a customer may delete a committed subscription; −1 to 3650."""
    expired_renewal: ExpiredRenewal | None = UNSET
    """From when a renewal after expiration counts."""
    stop: HowDone | None = UNSET
    """Whether stopping a subscription waits for a manager."""
    delete: HowDone | None = UNSET
    """Whether deleting a subscription waits for a manager."""
    provisioning: HowDone | None = UNSET
    """MANUAL: orders wait in PROVISIONING until completeProvisioning or failProvisioning."""
    account_kinds: list[AccountKind] | None = UNSET
    """Which accounts may order what has this term. Not empty."""
    account_type_ids: list[strawberry.ID] | None = UNSET
    """Of CUSTOM accounts only those of these types, up to 100; an empty list: all."""


@strawberry.input
class UpdateServiceTermInput:
    """A change of a service term of the acting tenant."""

    service_term_id: strawberry.ID
    """Which term; one from above is READ_ONLY_DELEGATED."""
    change: ServiceTermChange
    """What becomes of it."""


@strawberry.type
class UpdateServiceTermPayload(Payload):
    """What updateServiceTerm answers."""

    service_term: ServiceTerm | None
    """The term as it is now; null when refused."""


@strawberry.type
class CreateServiceTermPayload(Payload):
    """What createServiceTerm answers."""

    service_term: ServiceTerm | None
    """The new term; null when refused."""


@strawberry.input
class CreateProductInput:
    """A new product of the acting tenant."""

    key: str
    """What the vendor calls it, unique at the tenant, up to 100 characters; else KEY_TAKEN."""
    name: str
    """What people call it; up to 200 characters."""
    category_key: str = "default"
    """Where it stands: a to z, 0 to 9 and _, up to 100. A category that is not there yet is made."""
    category_name: str | None = UNSET
    """What people call the category, up to 200 characters; also names one anew that is there. Default its key."""
    customer_order_attributes: list[OrderAttributeInput] | None = UNSET
    """What customers are asked with an order of its plans; up to 50."""
    manager_order_attributes: list[OrderAttributeInput] | None = UNSET
    """What only managers are asked, and customers never see; up to 50."""


@strawberry.type
class CreateProductPayload(Payload):
    """What createProduct answers."""

    product: Product | None
    """The new product; null when refused."""


@strawberry.input
class ProductChange:
    """What becomes of a product; what is left out stays, and nothing can be cleared."""

    name: str | None = UNSET
    """What people call it; of a product that a vendor published READ_ONLY_DELEGATED."""
    category_key: str | None = UNSET
    """Where it stands; a category that is not there yet is made."""
    category_name: str | None = UNSET
    """What people call that category; needs its key."""
    customer_order_attributes: list[OrderAttributeInput] | None = UNSET
    """What customers are asked with an order of its plans, instead of all before; empty: nothing. READ_ONLY_DELEGATED
    where a vendor published it."""
    manager_order_attributes: list[OrderAttributeInput] | None = UNSET
    """What only managers are asked, and customers never see, instead of all before; empty: nothing.
    READ_ONLY_DELEGATED where a vendor published it."""
    receives_prices: bool | None = UNSET
    """Whether net costs of its plans follow the vendor's prices, from the vendor's next change on; products that a
    vendor published only."""


@strawberry.input
class UpdateProductInput:
    """A change of a product of the acting tenant."""

    product_id: strawberry.ID
    """Which product."""
    change: ProductChange
    """What becomes of it."""


@strawberry.type
class UpdateProductPayload(Payload):
    """What updateProduct answers."""

    product: Product | None
    """The product as it is now; null when refused."""


@strawberry.input
class AcceptVendorInput:
    """Taking what a vendor publishes, or no longer."""

    vendor_number: str
    """The vendor's number, such as D7, as the vendor tells it; up to 20 characters. Nobody is told whether there is
    one."""
    accepted: bool = True
    """False: nothing new comes from it; what came stays as it is."""


@strawberry.type
class AcceptVendorPayload(Payload):
    """What acceptVendor answers."""

    distributor: Distributor | None
    """The distributor as it is now; null when refused."""


@strawberry.input
class PublishProductInput:
    """Letting distributors have a vendor's product."""

    product_id: strawberry.ID
    """A product of the acting vendor; a distributor's is INVALID_STATE."""
    distributor_numbers: list[str]
    """Distributors that get it, such as D1, 1 to 500, besides those that have it. One that has not accepted the vendor
    is NOT_FOUND, like one that is not there."""


@strawberry.type
class PublishProductPayload(Payload):
    """What publishProduct answers. A job brings the product, its plans and their service terms, now and after each
    change; plans come to a distributor not public."""

    product: Product | None
    """The product as it is now; null when refused."""


@strawberry.input
class UnpublishProductInput:
    """Taking a vendor's product back from distributors."""

    product_id: strawberry.ID
    """A product of the acting vendor."""
    distributor_numbers: list[str]
    """Distributors that have it, such as D1, 1 to 500; one that does not is NOT_FOUND."""


@strawberry.type
class UnpublishProductPayload(Payload):
    """What unpublishProduct answers. A job for each distributor makes the plans that came with the product
    DEACTIVATED_BY_PROVIDER, with all copies: nobody orders them, subscriptions go on. They are sold again when the
    product is published there again."""

    product: Product | None
    """The product as it is now; null when refused."""
