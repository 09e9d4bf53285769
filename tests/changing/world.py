"""A small world in which every mutation has something to work on, and the pipeline in this process to change it."""

import asyncio
import json
import re
from collections.abc import Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy import delete, select, update

from db import ids
from db.engine import application_engine
from domain.catalog.models import Product
from domain.pricing.models import PriceSheetReport
from domain.shared.advancing import set_clock
from domain.shared.files import keep_file
from domain.shared.models import JobError, Mail
from resolvers.changing.pipeline import Pipeline
from resolvers.reading import Engine
from schema.build import schema
from server.auth import SOMEBODY, Requester
from tenancy.customers import authenticate_customer
from tenancy.errors import ErrorCode, ErrorKind
from tenancy.models import Manager, Tenant
from tenancy.permissions import Role
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tenancy.signing_in.actions import set_password
from tenancy.signing_in.models import PersonKind, SessionToken, SignInAttempt
from tenancy.signing_in.passwords import hashed
from tenancy.signing_in.resets import make_reset
from tenancy.tokens import authenticate, set_operator_token
from tests.changing.documents import document_of
from tests.conftest import Server, found_chain
from tests.domain.catalog.sheets import sheet

__all__ = ["ROLES", "ROLES_AT", "World", "digest", "fill", "open_world", "prepare"]

OPERATOR = "hw_operator-of-the-changes"
PASSWORD = "a brook runs downhill"
ROLES = tuple(role for role in Role if role is not Role.CUSTOM)
ROLES_AT = ("distributor", "child")
"""Tenants with a manager of each role."""
SEPTEMBER_20 = datetime(2027, 9, 20, 9, tzinfo=UTC)

Row = dict[str, Any]


@dataclass
class World:
    """Who is there, what was made, and the way to change it."""

    database: Server
    tokens: dict[str, str]
    ids: dict[str, str]
    """Public ids of what was prepared, by a name of this module's."""
    engine: DatabaseEngine
    pipeline: Pipeline
    runner: asyncio.Runner
    known: dict[str, Requester] = field(default_factory=dict)

    def who(self, name: str) -> Requester:
        """The holder of a token, looked up once."""
        if name == "nobody":
            return SOMEBODY
        if name not in self.known:
            with Sessions(self.engine).begin(PLATFORM) as session:
                token = self.tokens[name]
                identity = authenticate(session, token) or authenticate_customer(session, token)
            assert identity is not None
            self.known[name] = Requester(identity, identity.scope)
        return self.known[name]

    def send(self, who: str, document: str, variables: Mapping[str, Any]) -> bytes:
        """The bytes that the pipeline answers."""
        answer = self.pipeline.execute(self.who(who), document, variables)
        return self.runner.run(answer, context=copy_context()).body

    def ask(self, who: str, document: str, **variables: Any) -> Row:
        """The whole answer."""
        return dict(json.loads(self.send(who, document, variables)))

    def call(
        self, who: str, mutation: str, input: Mapping[str, Any], *, dry: bool = False, key: str | None = None
    ) -> Row:
        """The payload of one mutation, with every field that it has."""
        answer = self.ask(who, document_of(mutation), input=input, dry=dry, key=key)
        payload = (answer.get("data") or {}).get("done")
        assert payload is not None, answer
        return dict(payload)

    def do(self, who: str, mutation: str, **input: Any) -> Row:
        """The payload of a mutation that is not refused."""
        payload = self.call(who, mutation, input)
        assert payload["errors"] == [], payload["errors"]
        return payload

    def forget_attempts(self) -> None:
        """Let sign-in begin anew."""
        with Sessions(self.engine).begin(PLATFORM) as session:
            session.execute(delete(SignInAttempt))

    def digest(self) -> str:
        """See `digest`."""
        return digest(self.database.superuser)

    def close(self) -> None:
        """Let go of the database."""
        self.pipeline.close()
        self.engine.dispose()
        self.runner.close()


def open_world(database: Server, tokens: dict[str, str], ids: dict[str, str], *, threads: int = 1) -> World:
    """A prepared database, and a pipeline on it."""
    engine = application_engine(database.app, pool_size=threads)
    return World(database, tokens, ids, engine, Pipeline(_reading(), engine, threads=threads), asyncio.Runner())


@cache
def _reading() -> Engine:
    """One for all worlds: it knows documents and plans, and nothing of databases."""
    return Engine(schema)


def digest(superuser_url: str) -> str:
    """One text for all rows of all tables: equal only when they are, byte for byte. Sequences have no rows.

    When a token was last used is no change: it is written down whatever a request does.
    """
    with psycopg.connect(superuser_url) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
            )
        ]
        each = " || ',' || ".join(
            f"(SELECT '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(line, E'\\n' ORDER BY"
            f" line COLLATE \"C\")), '-') FROM (SELECT (to_jsonb(t) - 'last_used_at')::text AS line"
            f' FROM "{table}" t) t)'
            for table in tables
        )
        (found,) = connection.execute(f"SELECT {each}").fetchone() or ("",)
    return str(found).replace(",", "\n")


def prepare(database: Server) -> tuple[dict[str, str], dict[str, str]]:
    """Fill an empty database; the tokens and ids of what is in it then.

    A chain in EUR with a plan at every level; a customer of the child reseller with 100,000.00, and subscriptions in
    every condition that a mutation asks for. The sandbox's clock stands at 20 September 2027.
    """
    engine = application_engine(database.app, pool_size=1)
    try:
        with Sessions(engine).begin(PLATFORM) as session:
            set_operator_token(session, OPERATOR)
        with Sessions(engine).begin(PLATFORM) as session:
            chain = found_chain(session)
    finally:
        engine.dispose()
    people = {name: getattr(chain, name) for name in ("distributor", "reseller", "child", "sibling", "cousin")}
    tokens = {"operator": OPERATOR} | {name: founded.token for name, founded in people.items()}
    known = {
        name: ids.encode("dst" if name == "distributor" else "rsl", founded.tenant.id)
        for name, founded in people.items()
    }
    world = open_world(database, tokens, known)
    try:
        _hire(world)
        fill(world)
    finally:
        world.close()
    return tokens, known


def _hire(world: World) -> None:
    """A manager of each role at the distributor and the child: `child MARKETING`."""
    for tenant in ROLES_AT:
        for role in ROLES:
            email = f"{role.lower()}@{tenant}.example"
            made = world.do(tenant, "createManager", name=role.title(), email=email, role=role.value)
            world.tokens[f"{tenant} {role}"] = made["token"]


def fill(world: World) -> None:
    """Give a chain of which only the tenants are known what every mutation asks for; `world.ids` names it."""
    known = world.ids
    known["term"] = world.do("distributor", "createServiceTerm", name="Monthly", key="monthly")["serviceTerm"]["id"]
    known["other term"] = world.do("distributor", "createServiceTerm", name="Other", key="other")["serviceTerm"]["id"]
    made = world.do("child", "createServiceTerm", name="Child's", key="child_monthly")
    known["child's term"] = made["serviceTerm"]["id"]
    _products(world)
    _plan(world, "Counted", "LICENSE_BASED_MONTHLY", [{"unit": "MONTH", "duration": 1}], "1.00")
    _sell(world, "plan", "CSP_MONTHLY", [{"unit": "ENDLESS"}, {"unit": "MONTH", "duration": 1}], "10.00")
    _sell(world, "dear plan", "CSP_MONTHLY", [{"unit": "YEAR", "duration": 10}], "9999999999.9999")
    _sell(
        world, "annual plan", "CSP_ANNUAL", [{"unit": "YEAR", "duration": 1}, {"unit": "MONTH", "duration": 1}], "1.00"
    )
    _sell(world, "fixed plan", "NON_REFUND", [{"unit": "YEAR", "duration": 1}], "1.00")
    _sell(world, "old plan", "CSP_MONTHLY", [{"unit": "ENDLESS"}], "10.00")
    world.do("distributor", "deactivatePlan", planId=known["distributor's old plan"])
    spare = _plan(world, "Spare", "CSP_MONTHLY", [{"unit": "ENDLESS"}], "10.00")
    known["spare plan"] = spare["id"]
    known["account"] = _account(world, "child", "Meadow Bakery", "100000.00")
    known["poor account"] = _account(world, "child", "Nothing Yet", None)
    known["sibling's account"] = _account(world, "sibling", "Somebody Else", "100.00")
    known["late"] = _bought(world, "late")
    known["lapsed"] = _bought(world, "lapsed", plan="annual plan", period="month")
    with Sessions(world.engine).begin(PLATFORM) as session:
        distributor = session.scalars(select(Tenant).where(Tenant.id == uuid_of(known["distributor"]))).one()
        set_clock(session, distributor.distributor_id, SEPTEMBER_20)
    for name in ("running", "to stop", "to delete", "stopped"):
        known[name] = _bought(world, name)
    known["fixed"] = _bought(world, "fixed", plan="fixed plan", period="year")
    known["annual"] = _bought(world, "annual", plan="annual plan", period="year")
    world.do("child", "stopSubscription", subscriptionId=known["stopped"])
    waiting = _ordered(world, "waiting")
    known["waiting"], known["payment"] = waiting["subscription"]["id"], waiting["order"]["payment"]["id"]
    known["waiting order"] = waiting["order"]["id"]
    known["real"] = world.do(
        "operator", "createDistributor", name="Real", currency="EUR", adminEmail="admin@real.example"
    )["distributor"]["id"]
    known["deleted"] = _bought(world, "deleted")
    world.do("child", "deleteSubscription", subscriptionId=known["deleted"])
    _spend_everything(world)
    pending = world.do(
        "child",
        "topUp",
        accountId=known["account"],
        amount={"amount": "5.00", "currency": "EUR"},
        received=False,
    )
    known["pending top-up"] = pending["payment"]["id"]
    known["suspended"] = world.do(
        "distributor", "createReseller", name="Puddle", currency="EUR", adminEmail="admin@puddle.example"
    )["tenant"]["id"]
    world.do("distributor", "suspendTenant", tenantId=known["suspended"])
    for name in ("job", "cancelled job"):
        clock = "2027-09-20T09:00:00Z"
        asked = world.do("distributor", "advanceClock", distributorId=known["distributor"], to=clock, wait=0)
        known[name] = asked["job"]["id"]
    world.do("distributor", "cancelJob", jobId=known["cancelled job"])
    _price(world)
    _files(world)
    _refuse_a_row(world)
    _sell_in_dollars(world)
    _set_up(world)
    _people(world)
    _customers(world)


def _price(world: World) -> None:
    """What is taken off, put on, and added to what plans cost."""
    made = world.do(
        "child", "createDiscount", name="Summer", percent="10", code="SUMMER", planIds=[world.ids["child's plan"]]
    )
    world.ids["discount"] = made["discount"]["id"]
    named = {"planIds": [world.ids["reseller's plan"]], "accountIds": [world.ids["account"]]}
    made = world.do(
        "reseller",
        "createResellerDiscount",
        name="Good start",
        percent="1.5",
        tenantIds=[world.ids["child"]],
        subscriptionIds=[world.ids["running"]],
        **named,
    )
    world.ids["reseller discount"] = made["resellerDiscount"]["id"]
    world.do("child", "setTax", accountId=world.ids["poor account"], name="Exempt", percent="0")
    made = world.do("child", "setDefaultMarkup", categoryKey="default", markupPercent="15")
    world.ids["default markup"] = made["defaultMarkup"]["id"]
    seats = [{"key": "seats", "fees": {"recurringPerMonth": "13.00"}}]
    world.do("child", "setPrices", planId=world.ids["child's plan"], resources=seats, validFrom="2028-01-01")
    world.do("child", "setMarkup", planId=world.ids["child's dear plan"], markupPercent="7", validFrom="2028-02-01")


def _products(world: World) -> None:
    """A vendor with a product; the distributor's own and one that stands for a received one; the child's."""
    known = world.ids
    founded = world.do(
        "operator", "createDistributor", name="Brine", currency="EUR", adminEmail="admin@brine.example", vendor=True
    )
    known["vendor"], world.tokens["vendor"] = founded["distributor"]["id"], founded["token"]
    for name, who, key in (
        ("vendor's product", "vendor", "mail"),
        ("product", "distributor", "suite"),
        ("received product", "distributor", "mail"),
        ("child's product", "child", "own"),
    ):
        known[name] = world.do(who, "createProduct", key=key, name=key.capitalize())["product"]["id"]
    with Sessions(world.engine).begin(PLATFORM) as session:
        source, received = uuid_of(known["vendor's product"]), uuid_of(known["received product"])
        session.execute(update(Product).where(Product.id == received).values(source_id=source))
        distributor = uuid_of(known["distributor"])
        known["distributor's number"] = session.get_one(Tenant, (distributor, distributor)).number
    world.do("distributor", "acceptVendor", vendorNumber=founded["distributor"]["number"])
    known["published product"] = world.do("vendor", "createProduct", key="tasks", name="Tasks")["product"]["id"]
    numbers = [known["distributor's number"]]
    world.do("vendor", "publishProduct", productId=known["published product"], distributorNumbers=numbers)


def _files(world: World) -> None:
    """A price sheet that somebody at the distributor sent, and one at the child."""
    with Sessions(world.engine).begin(PLATFORM) as session:
        for name in ("distributor", "child"):
            tenant = session.get_one(Tenant, (uuid_of(world.ids["distributor"]), uuid_of(world.ids[name])))
            file = keep_file(session, tenant, name="prices.csv", media_type="text/csv", content=BytesIO(sheet({})))
            world.ids[f"{name}'s sheet"] = ids.encode("fil", file.id)


def _refuse_a_row(world: World) -> None:
    """An error and a report of a job, as if it had a price sheet to import."""
    with Sessions(world.engine).begin(PLATFORM) as session:
        tenant = session.get_one(Tenant, 2 * (uuid_of(world.ids["distributor"]),))
        error = JobError(
            distributor_id=tenant.distributor_id,
            tenant_id=tenant.id,
            tenant_path=tenant.tenant_path,
            job_id=uuid_of(world.ids["job"]),
            line=2,
            kind=ErrorKind.FIX_INPUT,
            code=ErrorCode.INVALID_INPUT,
            message="The cell is empty.",
            path=["UnitPrice"],
        )
        session.add(error)
        report = PriceSheetReport(
            distributor_id=tenant.distributor_id,
            tenant_id=tenant.id,
            tenant_path=tenant.tenant_path,
            job_id=error.job_id,
            file_name="prices.csv",
            applied=False,
            report={
                "rows": 0,
                "products": {"created": 0, "updated": 0, "unchanged": 0},
                "plans": {"created": 0, "updated": 0, "unchanged": 0, "gone": 0},
                "service_term_keys": [],
                "copies": 0,
                "changes": [],
                "inexact_years": 0,
            },
        )
        session.add(report)


def _people(world: World) -> None:
    """Who works at the child reseller besides its administrator, and all ways in."""
    known = world.ids
    role = world.do("child", "createCustomRole", name="Clerk", permissions=["accounts.read", "charges.read"])
    known["role"] = role["customRole"]["id"]
    for name in ("bob", "carl"):
        made = world.do("child", "createManager", name=name, email=f"{name}@brook.example", role="MARKETING")
        known[name] = made["manager"]["id"]
    world.do("child", "deactivateManager", managerId=known["carl"])
    known["token"] = world.do("child", "createToken", name="Till")["apiToken"]["id"]
    with Sessions(world.engine).begin(PLATFORM) as session:
        tenant = session.get_one(Tenant, (uuid_of(known["distributor"]), uuid_of(known["child"])))
        of_child = Manager.tenant_id == tenant.id, Manager.email == "admin@brook.example"
        admin = session.scalars(select(Manager).where(*of_child)).one()
        set_password(session, admin, PersonKind.MANAGER, hashed(PASSWORD))
        reset = make_reset(session, tenant, kind=PersonKind.MANAGER, email="bob@brook.example")
        assert reset is not None
        known |= {"child's number": tenant.number, "reset key": reset.token}
    signed_in = world.do(
        "nobody", "signIn", tenant=known["child's number"], email="admin@brook.example", password=PASSWORD
    )
    known |= {"session": signed_in["session"]["id"], "refresh token": signed_in["refreshToken"]}
    world.tokens["session"] = signed_in["accessToken"]
    with Sessions(world.engine).begin(PLATFORM) as session:  # the tests may take longer than an access token lasts
        session.execute(update(SessionToken).values(expires_at=SessionToken.expires_at + timedelta(days=1)))


def _customers(world: World) -> None:
    """Users of the customer: its owner, an administrator, one who sees assigned services only, and one from outside."""
    known = world.ids
    for name, level in (("owner", "OWNER"), ("admin", "ADMIN"), ("user", "USER"), ("stranger", None)):
        email = f"{name}@meadow.example"
        known[name] = world.do("child", "createUser", name=name.capitalize(), email=email)["user"]["id"]
        if level is not None:
            member = world.do("child", "addMember", accountId=known["account"], userId=known[name], level=level)
            known[f"{name}'s membership"] = member["membership"]["id"]
        world.tokens[name] = world.do("child", "createUserToken", userId=known[name])["token"]
    other = world.do("child", "addMember", accountId=known["poor account"], userId=known["owner"], level="OWNER")
    known["owner's other membership"] = other["membership"]["id"]
    made = world.do("distributor", "createAccountClass", key="silver", name="Silver", terms={})
    known["class"] = made["accountClass"]["id"]
    known["type"] = world.do("distributor", "createAccountType", key="club", name="Club")["accountType"]["id"]
    made = world.do(
        "distributor", "publishAgreement", kind="PRIVACY_POLICY", title="Privacy", url="https://delta.example/privacy"
    )
    known["old privacy policy"] = made["agreement"]["id"]
    made = world.do(
        "distributor", "publishAgreement", kind="PRIVACY_POLICY", title="Privacy", url="https://delta.example/privacy"
    )
    known["privacy policy"] = made["agreement"]["id"]
    for name in ("owner", "user"):
        world.do(name, "acceptAgreements", agreementIds=[known["privacy policy"]])
    _ask(world)
    attributes = [{"key": "activation-code", "value": "ABCD-1234"}]
    world.do("child", "setVendorData", subscriptionId=known["running"], attributes=attributes)
    _invitations(world)


def _ask(world: World) -> None:
    """A stop and a deletion that the customer's owner asks for and a manager has to agree to; one was declined."""
    known = world.ids
    manual = {"stop": "MANUAL", "delete": "MANUAL"}
    made = world.do("distributor", "createAccountClass", key="watched", name="Watched", terms=manual)
    account = {"accountId": known["account"]}
    world.do("child", "updateAccount", **account, change={"accountClassId": made["accountClass"]["id"]})
    asks = (
        ("asked to stop", "stopSubscription"),
        ("asked to delete", "deleteSubscription"),
        ("declined", "stopSubscription"),
    )
    for name, mutation in asks:
        answer = world.do("owner", mutation, subscriptionId=_bought(world, name))
        known[name] = answer["subscription"]["manualOperations"][0]["id"]
    world.do("child", "declineManualOperation", manualOperationId=known["declined"], reason="Talk to us first")
    world.do("child", "updateAccount", **account, change={"accountClassId": None})


def _invitations(world: World) -> None:
    """One to be sent again or taken back, and one whose token is known."""
    known = world.ids
    for name in ("ines", "gus", "hugo"):
        made = world.do(
            "child", "inviteMember", accountId=known["account"], email=f"{name}@meadow.example", level="FINANCE"
        )
        known["invitation"] = made["invitation"]["id"]
        if name == "ines":
            known["revoked invitation"] = known["invitation"]
            world.do("child", "revokeInvitation", invitationId=known["invitation"])
    with Sessions(world.engine).begin(PLATFORM) as session:
        of_gus = Mail.recipient == "gus@meadow.example", Mail.distributor_id == uuid_of(world.ids["distributor"])
        mail = session.scalars(select(Mail).where(*of_gus)).one()
        (world.tokens["invited"],) = re.findall(r"^hw_\S+$", mail.body, re.MULTILINE)


def _spend_everything(world: World) -> None:
    """An account with a stopped subscription and less than what that would need to run again; and an order besides."""
    known = world.ids
    known["spent account"] = _account(world, "child", "Spent", None)
    first = _ordered(world, "spent", account="spent account")
    known["spent"] = first["subscription"]["id"]
    world.do("child", "topUp", accountId=known["spent account"], amount=first["order"]["payment"]["total"])
    world.do("child", "completePayment", paymentId=first["order"]["payment"]["id"])
    world.do("child", "stopSubscription", subscriptionId=known["spent"])
    second = _ordered(world, "spends", account="spent account", seats="4")
    known["paid payment"], known["paid order"] = second["order"]["payment"]["id"], second["order"]["id"]
    world.do("child", "completePayment", paymentId=known["paid payment"])
    third = _ordered(world, "spends more", account="spent account")
    known["dear payment"] = third["order"]["payment"]["id"]
    world.do("child", "renumberOrder", orderId=third["order"]["id"], number="2027/16")


def _plan(world: World, name: str, billing_type: str, periods: list[Row], price: str) -> Row:
    resource = {"key": "seats", "name": "Seats", "minimum": "1", "fees": {"recurringPerMonth": price}}
    return dict(
        world.do(
            "distributor",
            "createPlan",
            name=name,
            serviceTermId=world.ids["term"],
            billingType=billing_type,
            periods=periods,
            resources=[resource],
        )["plan"]
    )


def _sell(world: World, name: str, billing_type: str, periods: list[Row], price: str) -> None:
    """A plan at the distributor, the reseller and the child: `name`, and its first periods as the child has them."""
    plan = _plan(world, name.capitalize(), billing_type, periods, price)
    world.ids[f"distributor's {name}"] = plan["id"]
    for giver, taker in (("distributor", "reseller"), ("reseller", "child")):
        (plan,) = world.do(giver, "delegatePlan", planId=plan["id"], tenantIds=[world.ids[taker]])["plans"]
        world.ids[f"{taker}'s {name}"] = plan["id"]
    for period in plan["periods"]:
        world.ids[f"{name} {period['unit'].lower()}"] = period["id"]


def _sell_in_dollars(world: World) -> None:
    """A plan of the child's own in a currency that nobody has said the worth of; and the worth of another one."""
    known = world.ids
    plan = world.do(
        "child",
        "createPlan",
        name="Dollars",
        serviceTermId=known["term"],
        billingType="CSP_MONTHLY",
        currency="USD",
        periods=[{"unit": "ENDLESS"}],
        resources=[{"key": "seats", "name": "Seats", "fees": {"recurringPerMonth": "10.00"}}],
    )["plan"]
    known["dollar plan"], known["dollar plan endless"] = plan["id"], plan["periods"][0]["id"]
    world.do("distributor", "setExchangeRate", fromCurrency="GBP", toCurrency="EUR", rate="1.15")


def _set_up(world: World) -> None:
    """Orders whose services the child sets up by hand: one that it is at, and one that it could not."""
    known = world.ids
    term = world.do("child", "createServiceTerm", name="By hand", key="by_hand", provisioning="MANUAL")["serviceTerm"]
    plan = world.do(
        "child",
        "createPlan",
        name="By hand",
        serviceTermId=term["id"],
        billingType="CSP_MONTHLY",
        periods=[{"unit": "ENDLESS"}],
        resources=[{"key": "seats", "name": "Seats"}],
    )["plan"]
    for name in ("being set up", "not set up"):
        order = {"planId": plan["id"], "periodId": plan["periods"][0]["id"], "quantities": []}
        made = world.do("child", "orderSubscription", accountId=known["account"], **order)
        known[name] = made["order"]["id"]
    world.do("child", "failProvisioning", orderId=known["not set up"], reason="The vendor is away")


def _account(world: World, owner: str, name: str, funds: str | None) -> str:
    account = world.do(owner, "createAccount", name=name, email="till@customer.example")["account"]["id"]
    if funds is not None:
        world.do(owner, "topUp", accountId=account, amount={"amount": funds, "currency": "EUR"})
    return str(account)


def _ordered(
    world: World, name: str, *, plan: str = "plan", period: str = "endless", account: str = "account", seats: str = "5"
) -> Row:
    return world.do(
        "child",
        "orderSubscription",
        accountId=world.ids[account],
        planId=world.ids[f"child's {plan}"],
        periodId=world.ids[f"{plan} {period}"],
        quantities=[{"resourceKey": "seats", "quantity": seats}],
        name=name,
    )


def _bought(world: World, name: str, *, plan: str = "plan", period: str = "endless", account: str = "account") -> str:
    made = _ordered(world, name, plan=plan, period=period, account=account)
    world.do("child", "completePayment", paymentId=made["order"]["payment"]["id"])
    return str(made["subscription"]["id"])


def uuid_of(public: str) -> UUID:
    """What a public id stands for."""
    return ids.decode(public)[1]
