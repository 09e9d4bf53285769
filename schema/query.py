"""Questions."""

import strawberry

from resolvers.reading import VIEWER, Connection, Node, by_id, inline, listing, node_by_id, nodes_by_ids
from schema import lists
from schema.accounts import Account
from schema.audit import AuditEntry, AuditEntryFilter
from schema.catalog import Plan
from schema.charges import Charge, ResellerCharge
from schema.confirmations import ManualOperation
from schema.default_markups import DefaultMarkup
from schema.discounts import Discount, ResellerDiscount
from schema.exchange_rates import ExchangeRate
from schema.jobs import Job
from schema.members import LegalAgreement, User
from schema.orders import Order, Payment
from schema.people import CustomRole, Manager, Viewer
from schema.prices import PriceListEntry
from schema.products import ServiceTerm
from schema.shop_prices import is_offered, there_is_a_shop
from schema.storefront import StorefrontFilter, StorefrontOffer, StorefrontSort
from schema.subscriptions import ServiceSubscription
from schema.taxes import Tax
from schema.tenants import Distributor, Reseller, Tenant
from schema.terms import AccountClass, AccountClassFilter, AccountType
from tenancy.models import Tenant as TenantRow
from tenancy.permissions import Permission

__all__ = ["Query"]

P = Permission


@strawberry.type
class Query:
    """Everything that can be read: the rows of the viewer's tenant and of those below it.

    What is asked by id is null when it does not exist or is not visible: the two cannot be told apart. What a
    permission guards is null without it, and `errors` says FORBIDDEN.
    """

    viewer: Viewer | None = inline(when=lambda _: VIEWER.actor_kind.is_not(None))
    """Who asks; null below a mutation that somebody without a token called."""
    node: Node | None = node_by_id()
    """By global id; null when it does not exist or is not visible: the two cannot be told apart."""
    nodes: list[Node | None] = nodes_by_ids()
    """At most 200, in the order asked; null for what is not there."""
    job: Job | None = by_id()
    """Work that goes on after the answer, by id."""
    jobs: Connection[Job] | None = listing(scope=True, where=lambda row: row.actor_id.is_not(None))
    """What people of the viewer's tenant started that goes on after the answer, newest first."""
    distributor: Distributor | None = by_id(needs=P.TENANTS_READ)
    """A distributor, by id: the viewer's own, for the platform any."""
    tenant: Tenant | None = by_id(needs=P.TENANTS_READ)
    """The viewer's tenant or one below it; else null."""
    reseller: Reseller | None = by_id(needs=P.TENANTS_READ)
    """As tenant, when it is a reseller at any level."""
    child_reseller: Reseller | None = by_id(where=lambda row: row.level >= 2, needs=P.TENANTS_READ)
    """As reseller, null at level 1: a child reseller is a reseller's reseller."""
    manager: Manager | None = by_id(needs=P.MANAGERS_READ)
    """A person who works for the viewer's tenant or one below, by id."""
    custom_role: CustomRole | None = by_id(needs=P.MANAGERS_READ)
    """A role of a tenant's own, by id."""
    account: Account | None = by_id(needs=P.ACCOUNTS_READ)
    """A customer, by id."""
    user: User | None = by_id(needs=P.MEMBERS_READ)
    """A customers' user, by id."""
    plan: Plan | None = by_id(needs=P.CATALOG_READ)
    """A plan, by id."""
    service_term: ServiceTerm | None = by_id(needs=P.CATALOG_READ)
    """A service term, by id: an own one, one from above or one below."""
    subscription: ServiceSubscription | None = by_id(needs=P.SUBSCRIPTIONS_READ)
    """A subscription, by id."""
    order: Order | None = by_id(needs=P.SUBSCRIPTIONS_READ)
    """An order, by id."""
    payment: Payment | None = by_id(needs=P.PAYMENTS_READ)
    """A payment, by id."""
    charge: Charge | None = by_id(needs=P.CHARGES_READ)
    """A charge, by id."""
    reseller_charge: ResellerCharge | None = by_id(needs=P.RESELLER_CHARGES_READ)
    """What a tenant owes the one above for one charge, by id."""
    discount: Discount | None = by_id(needs=P.DISCOUNTS_READ)
    """One discount for customers; null when it does not exist or is not visible."""
    tax: Tax | None = by_id(needs=P.SETTINGS_READ)
    """A tax, by id."""
    default_markup: DefaultMarkup | None = by_id(needs=P.PRICES_UPSTREAM_READ)
    """A markup for plans that are still to come, by id."""
    exchange_rate: ExchangeRate | None = by_id(needs=P.SETTINGS_READ)
    """An exchange rate, by id: an own one, one from above or one below."""
    reseller_discount: ResellerDiscount | None = by_id(needs=P.DISCOUNTS_READ)
    """A discount for resellers, by id."""
    distributors: Connection[Distributor] | None = listing(below=True, needs=P.DISTRIBUTORS_WRITE)
    """Every distributor, newest first. Platform operators only."""
    resellers: Connection[Tenant] | None = listing(TenantRow.parent_id, search=True, needs=P.TENANTS_READ)
    """Resellers directly below the viewer's tenant, newest first."""
    child_resellers: Connection[Tenant] | None = listing(
        below=True,
        where=lambda row: row.level >= 2,
        search=True,
        needs=P.TENANTS_READ,
    )
    """Resellers two or more levels below the viewer's tenant, newest first."""
    managers: Connection[Manager] | None = listing(scope=True, needs=P.MANAGERS_READ)
    """People who work for the viewer's tenant, newest first; `scope` adds those of the tenants below."""
    custom_roles: Connection[CustomRole] | None = listing(scope=True, needs=P.MANAGERS_READ)
    """The viewer's tenant's own roles, newest first; `scope` adds those of the tenants below."""
    orders: Connection[Order] | None = lists.orders()
    """What customers of the viewer's tenant ordered, newest first unless sorted. This and the lists that follow are the
    same as those of `viewer { tenant }`; `scope` adds the tenants below."""
    payments: Connection[Payment] | None = lists.payments()
    """What customers of the viewer's tenant paid and have to pay, newest first unless sorted."""
    accounts: Connection[Account] | None = lists.accounts()
    """Customers of the viewer's tenant, newest first unless sorted."""
    users: Connection[User] | None = listing(needs=P.MEMBERS_READ)
    """People who act for customers of the viewer's tenant, newest first."""
    account_classes: Connection[AccountClass] | None = listing(filter=AccountClassFilter, needs=P.ACCOUNT_TERMS_READ)
    """Payment rules that customers of the viewer's tenant may have: its own and those from above, newest first."""
    account_types: Connection[AccountType] | None = listing(needs=P.ACCOUNT_TERMS_READ)
    """Sorts of customers besides persons and companies: the tenant's own and those from above, newest first."""
    legal_agreements: Connection[LegalAgreement] | None = listing(needs=P.AGREEMENTS_WRITE)
    """Every version of the tenant's own agreements and of those above, newest first."""
    plans: Connection[Plan] | None = lists.plans()
    """What the viewer's tenant sells, newest first unless sorted."""
    price_list: Connection[PriceListEntry] | None = lists.price_list()
    """What the viewer's tenant takes, pays and earns for each period of each plan, newest first unless sorted; trials
    are left out."""
    default_markups: Connection[DefaultMarkup] | None = listing(scope=True, needs=P.PRICES_UPSTREAM_READ)
    """The viewer's tenant's markups for plans that are still to come, newest first; `scope` adds those of the tenants
    below."""
    storefront: Connection[StorefrontOffer] | None = listing(
        filter=StorefrontFilter, sort=StorefrontSort, account=True, when=there_is_a_shop, where=is_offered
    )
    """What the viewer's tenant, for a customer's user its seller, offers: newest first unless sorted. With `accountId`
    to that account, of the viewer's tenant: what it may order, at its prices; a customer's user sees those of the
    account that it works in anyway. Null for an account that is not there or not visible. GET /storefront/{tenant id}
    answers it without a token too, for shared caches to keep."""
    subscriptions: Connection[ServiceSubscription] | None = lists.subscriptions()
    """What customers of the viewer's tenant bought, newest first unless sorted."""
    manual_operations: Connection[ManualOperation] | None = listing(scope=True, needs=P.SUBSCRIPTIONS_READ)
    """Stops and deletions that managers of the viewer's tenant had or have to agree to, newest first; `scope` adds
    those of the tenants below, read-only."""
    charges: Connection[Charge] | None = lists.charges()
    """What customers of the viewer's tenant pay for it, newest first unless sorted."""
    reseller_charges: Connection[ResellerCharge] | None = lists.reseller_charges()
    """What the viewer's tenant owes the one above (OWN), and those below owe (DOWNSTREAM), newest first unless
    sorted."""
    audit_entries: Connection[AuditEntry] | None = listing(scope=True, filter=AuditEntryFilter, needs=P.AUDIT_READ)
    """What was done to the rows of the viewer's tenant, newest first. The values shown are those of the rows, net costs
    too."""
