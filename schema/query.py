"""Questions."""

import strawberry

from domain.catalog.models import Plan as PlanRow
from domain.customers.models import Account as AccountRow
from domain.ordering.models import Order as OrderRow
from domain.payments.models import Payment as PaymentRow
from domain.subscriptions.models import ServiceSubscription as SubscriptionRow
from resolvers.reading import Connection, Node, by_id, inline, listing, node_by_id, nodes_by_ids
from schema.accounts import Account, AccountFilter, AccountSort
from schema.catalog import Plan, PlanFilter, PlanSort, ServiceTerm
from schema.charge_lists import ChargeFilter, ChargeSort, ResellerChargeFilter, ResellerChargeSort
from schema.charges import Charge, ResellerCharge
from schema.discounts import ResellerDiscount
from schema.jobs import Job
from schema.orders import Order, OrderFilter, OrderSort, Payment, PaymentFilter, PaymentSort
from schema.people import Viewer
from schema.subscription_lists import SubscriptionFilter, SubscriptionSort
from schema.subscriptions import ServiceSubscription
from schema.tenants import Distributor, Reseller, Tenant
from tenancy.models import Tenant as TenantRow
from tenancy.permissions import Permission

__all__ = ["Query"]

P = Permission


@strawberry.type
class Query:
    """Everything that can be read. What a permission guards is null without it, and `errors` says FORBIDDEN."""

    viewer: Viewer | None = inline()
    """Who asks."""
    node: Node | None = node_by_id()
    """By global id; null when it does not exist or is not visible: the two cannot be told apart."""
    nodes: list[Node | None] = nodes_by_ids()
    """At most 200, in the order asked; null for what is not there."""
    job: Job | None = by_id()
    """Work that goes on after the answer, by id."""
    distributor: Distributor | None = by_id(needs=P.TENANTS_READ)
    """A distributor, by id: the viewer's own, for the platform any."""
    tenant: Tenant | None = by_id(needs=P.TENANTS_READ)
    """The viewer's tenant or one below it; else null."""
    reseller: Reseller | None = by_id(needs=P.TENANTS_READ)
    """As tenant, when it is a reseller at any level."""
    child_reseller: Reseller | None = by_id(where=lambda row: row.level >= 2, needs=P.TENANTS_READ)
    """As reseller, null at level 1: a child reseller is a reseller's reseller."""
    account: Account | None = by_id(needs=P.ACCOUNTS_READ)
    """A customer, by id."""
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
    reseller_discount: ResellerDiscount | None = by_id(needs=P.DISCOUNTS_READ)
    """A discount for resellers, by id."""
    distributors: Connection[Distributor] | None = listing(below=True, needs=P.DISTRIBUTORS_WRITE)
    """Every distributor, newest first. Platform operators only."""
    resellers: Connection[Tenant] | None = listing(
        TenantRow.parent_id, search=(TenantRow.number, TenantRow.name, TenantRow.external_id), needs=P.TENANTS_READ
    )
    """Resellers directly below the viewer's tenant, newest first."""
    child_resellers: Connection[Tenant] | None = listing(
        below=True,
        where=lambda row: row.level >= 2,
        search=(TenantRow.number, TenantRow.name, TenantRow.external_id),
        needs=P.TENANTS_READ,
    )
    """Resellers two or more levels below the viewer's tenant, newest first."""
    orders: Connection[Order] | None = listing(
        scope=True,
        filter=OrderFilter,
        sort=OrderSort,
        search=(OrderRow.number, OrderRow.external_id),
        needs=P.SUBSCRIPTIONS_READ,
    )
    """Lists of the viewer's tenant, the same as viewer { tenant { … } }: what customers ordered."""
    payments: Connection[Payment] | None = listing(
        scope=True,
        filter=PaymentFilter,
        sort=PaymentSort,
        search=(PaymentRow.number, PaymentRow.external_id),
        needs=P.PAYMENTS_READ,
    )
    """What customers of the viewer's tenant paid and have to pay."""
    accounts: Connection[Account] | None = listing(
        scope=True,
        filter=AccountFilter,
        sort=AccountSort,
        search=(AccountRow.number, AccountRow.name, AccountRow.email, AccountRow.external_id),
        needs=P.ACCOUNTS_READ,
    )
    """Customers of the viewer's tenant."""
    plans: Connection[Plan] | None = listing(
        scope=True,
        filter=PlanFilter,
        sort=PlanSort,
        search=(PlanRow.number, PlanRow.name, PlanRow.sku),
        needs=P.CATALOG_READ,
    )
    """What the viewer's tenant sells."""
    subscriptions: Connection[ServiceSubscription] | None = listing(
        scope=True,
        filter=SubscriptionFilter,
        sort=SubscriptionSort,
        search=(SubscriptionRow.number, SubscriptionRow.name, SubscriptionRow.external_id),
        needs=P.SUBSCRIPTIONS_READ,
    )
    """What customers of the viewer's tenant bought."""
    charges: Connection[Charge] | None = listing(scope=True, filter=ChargeFilter, sort=ChargeSort, needs=P.CHARGES_READ)
    """What customers of the viewer's tenant pay for it."""
    reseller_charges: Connection[ResellerCharge] | None = listing(
        scope=True, filter=ResellerChargeFilter, sort=ResellerChargeSort, needs=P.RESELLER_CHARGES_READ
    )
    """What the viewer's tenant owes the one above (OWN), and those below owe (DOWNSTREAM)."""
