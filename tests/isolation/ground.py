"""A database in which everybody has something of every kind, and who may see which row of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import create_engine, null, select
from sqlalchemy.pool import NullPool

from db import ids
from db.engine import application_engine, psycopg_url
from resolvers.reading.catalog import Catalog, is_inherited
from tenancy.models import Manager
from tenancy.permissions import Role
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import Sessions
from tenancy.tokens import authenticate, issue_token
from tests.changing.world import World, fill, open_world, prepare
from tests.conftest import Server, found_chain

__all__ = ["USERS", "VIEWERS", "Known", "known_rows", "mark", "prepare_ground", "sees"]

VIEWERS = (
    "distributor",
    "reseller",
    "child",
    "sibling",
    "cousin",
    "sales",
    "other distributor",
    "other reseller",
    "other child",
)
"""Managers of every place. Nobody, who has no token, is asked over HTTP."""
USERS = ("owner", "user", "stranger", "other owner")
"""Users of customers: one who sees all of its account, one who sees assigned services, one without an account."""


@dataclass(frozen=True, slots=True)
class Known:
    """One row of a type that has ids."""

    id: str
    prefix: str
    path: str
    inherited: bool
    account: UUID | None
    """Of which customer of the tenant it is; None where it does not say."""


def prepare_ground(database: Server) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Two distributors with everything below them: tokens of all viewers, ids of what the first has, and the second."""
    tokens, known = prepare(database)
    engine = application_engine(database.app, pool_size=1)
    try:
        with Sessions(engine).begin(PLATFORM) as session:
            chain = found_chain(session)
        people = ("distributor", "reseller", "child", "sibling", "cousin")
        others = {name: getattr(chain, name) for name in people}
        other_tokens = {"operator": tokens["operator"]} | {name: each.token for name, each in others.items()}
        other_ids = {
            name: ids.encode("dst" if name == "distributor" else "rsl", founded.tenant.id)
            for name, founded in others.items()
        }
        with Sessions(engine).begin(PLATFORM) as session:
            child = authenticate(session, tokens["child"])
            assert child is not None
            seller = Manager(
                distributor_id=child.scope.distributor_id,
                tenant_id=child.scope.tenant_id,
                tenant_path=child.scope.path,
                name="Sam",
                email="sam@brook.example",
                role=Role.SALES_PERSON,
            )
            session.add(seller)
            session.flush()
            tokens["sales"] = issue_token(session, seller)
    finally:
        engine.dispose()
    world = open_world(database, other_tokens, other_ids)
    try:
        fill(world)
    finally:
        world.close()
    for chain_tokens, chain_ids in ((tokens, known), (other_tokens, other_ids)):
        world = open_world(database, chain_tokens, dict(chain_ids))
        try:
            _add_the_rest(world)
        finally:
            world.close()
    tokens |= {f"other {name}": token for name, token in other_tokens.items()}
    return tokens, known, other_ids


def _add_the_rest(world: World) -> None:
    """What the world of the mutations leaves out: closed charges with what is owed for them, a discount, a job."""
    known = world.ids
    world.do("child", "deleteSubscription", subscriptionId=known["annual"])
    for giver, taker in (("distributor", "reseller"), ("reseller", "child")):
        world.do(giver, "createResellerDiscount", name="Good friends", percent="5", tenantIds=[known[taker]])
    world.do("distributor", "advanceClock", distributorId=known["distributor"], to="2027-09-20T09:00:00Z", wait=0)
    entry = {"label": "Mail", "url": "https://mail.example/inbox"}
    world.do("child", "setEntryPoints", subscriptionId=known["running"], entryPoints=[entry])
    world.do("sibling", "createServiceTerm", name="Own", key="siblings_own")


def known_rows(database: Server, catalog: Catalog) -> list[Known]:
    """Every row that has a public id, of every type of the schema."""
    engine = create_engine(psycopg_url(database.superuser), poolclass=NullPool)
    found = []
    with engine.connect() as connection:
        for type_ in catalog.schema.type_map.values():
            reads = catalog.reads(type_)
            if reads is None or reads.prefix is None:
                continue
            columns = reads.table.c
            account = columns.id if reads.prefix == "acc" else columns.get("account_id", null())
            query = select(columns.id, columns.tenant_path, account.label("account")).order_by(columns.id)
            if reads.when is not None:
                query = query.where(reads.when)
            for row in connection.execute(query):
                id = ids.encode(reads.prefix, row.id)
                found.append(Known(id, reads.prefix, row.tenant_path, is_inherited(reads), row.account))
    engine.dispose()
    return found


def sees(scope: Scope, path: str, *, inherited: bool = False, account: UUID | None = None) -> bool:
    """What the architecture says of a row at this place; said here once more, on its own.

    Of a customer's user: whether it may be that it sees the row, which belongs to its seller and to no other customer.
    """
    if scope.customer is not None and path == scope.path:
        return account is None or account in scope.customer.accounts
    if scope.customer is not None:
        return inherited and scope.path.startswith(path) and path != ""
    return path.startswith(scope.path) or (inherited and scope.path.startswith(path) and path != "")


MARKED: Mapping[str, tuple[str, ...]] = {
    "accounts": ("name", "external_id"),
    "discounts": ("name",),
    "managers": ("name",),
    "orders": ("external_id",),
    "payments": ("comment", "external_id"),
    "plans": ("description",),
    "reseller_discounts": ("name",),
    "subscriptions": ("name", "external_id"),
    "taxes": ("name",),
    "tenants": ("external_id",),
}
"""Texts that tell whose they are."""
_FEES = ("setup", "recurring_per_month", "renewal")


def mark(database: Server) -> dict[str, tuple[str, ...]]:
    """Make every tenant's secrets recognizable; the marks by the tenant's path.

    Names of customers, people and discounts, notes and external ids hold a word of the tenant's own; net costs, prices,
    what is owed and percentages are numbers that nobody else has, and neither are the differences between them.
    """
    marks: dict[str, tuple[str, ...]] = {}
    with psycopg.connect(database.superuser) as connection:
        tenants = connection.execute("SELECT tenant_path FROM tenants ORDER BY tenant_path").fetchall()
        for number, (path,) in enumerate(tenants, start=11):
            word = f"zq{number}qz"
            for table, columns in MARKED.items():
                for column in columns:
                    connection.execute(
                        sql.SQL("UPDATE {} SET {} = %s WHERE tenant_path = %s").format(
                            sql.Identifier(table), sql.Identifier(column)
                        ),
                        [f"{word} {column}", path],
                    )
            net, price, owed, level = f"7{number}.1357", f"8{number}{number}.2468", f"5{number}.77", f"6{number}.3579"
            percent = f"{number}.0713"
            for table in ("plan_periods", "plan_resources"):
                given = ", ".join([f"{fee} = {price}" for fee in _FEES] + [f"net_{fee} = {net}" for fee in _FEES])
                connection.execute(f"UPDATE {table} SET {given} WHERE tenant_path = %s", [path])
            connection.execute("UPDATE plans SET markup_percent = %s WHERE tenant_path = %s", [percent, path])
            connection.execute(
                "UPDATE planned_prices SET markup_percent = %s WHERE tenant_path = %s AND markup_percent IS NOT NULL",
                [percent, path],
            )
            connection.execute("UPDATE default_markups SET markup_percent = %s WHERE tenant_path = %s", [percent, path])
            connection.execute("UPDATE reseller_discounts SET percent = %s WHERE tenant_path = %s", [percent, path])
            connection.execute("UPDATE charge_levels SET unit_price = %s WHERE tenant_path = %s", [level, path])
            connection.execute(
                "UPDATE reseller_charges SET amount = %s, unit_price = %s,"
                " explanation = explanation || jsonb_build_object('text', %s::text) WHERE tenant_path = %s",
                [owed, level, word, path],
            )
            connection.execute("UPDATE jobs SET error = 'zqjobqz' WHERE tenant_path = %s", [path])
            margin = f"{float(price) - float(net):.4f}"
            marks[path] = (word, net, price, owed, level, percent, margin)
        connection.execute("UPDATE jobs SET error = 'zqjobqz'")
    marks["nobody's"] = ("zqjobqz",)
    return marks
