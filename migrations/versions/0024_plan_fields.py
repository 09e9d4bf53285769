"""More of what a plan says: fees for transfers and overuse, a tenant's own attributes, resources that are there or not.

Locks: `plans`, `plan_periods`, `plan_resources`, `price_versions` and `planned_prices` for an instant each, to add
columns without a rewrite. The new check of `plan_resources` is validated by reading the table once, in which nobody
changes it. Functions are replaced under the lock of their own row.
"""

from collections.abc import Sequence
from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NEW = ("transfer", "overuse", "net_transfer", "net_overuse")
PRICED = ("plan_periods", "plan_resources", "price_versions")


def upgrade() -> None:
    for name in NEW:
        for table in PRICED:
            op.add_column(table, sa.Column(name, sa.Numeric(18, 4), server_default=sa.text("0"), nullable=False))
        op.add_column("planned_prices", sa.Column(name, sa.Numeric(18, 4), nullable=True))
    op.add_column("plans", sa.Column("attributes", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False))
    op.add_column("plan_resources", sa.Column("unit_kind", sa.String(40), server_default="UNIT", nullable=False))
    op.create_check_constraint(
        op.f("ck_plan_resources_unit_kind_known"), "plan_resources", "unit_kind IN ('UNIT', 'BOOLEAN')"
    )
    op.create_check_constraint(
        op.f("ck_plan_resources_boolean_is_0_or_1"),
        "plan_resources",
        "unit_kind <> 'BOOLEAN' OR (maximum IS NOT NULL AND maximum <= 1 AND included <= 1)",
    )
    _keep_versions_of(NEW)


def downgrade() -> None:
    _keep_versions_of(())
    op.drop_constraint(op.f("ck_plan_resources_boolean_is_0_or_1"), "plan_resources", type_="check")
    op.drop_constraint(op.f("ck_plan_resources_unit_kind_known"), "plan_resources", type_="check")
    op.drop_column("plan_resources", "unit_kind")
    op.drop_column("plans", "attributes")
    for table in ("planned_prices", *PRICED):
        for name in NEW:
            op.drop_column(table, name)


def _keep_versions_of(more: Sequence[str]) -> None:
    """Let the triggers of 0014 keep versions of these fees too."""
    first = import_module("migrations.versions.0014_prices")
    names = (*first.FEES, *more)
    fees = {
        "fees": ", ".join(names),
        "of_version": ", ".join(f"v.{name}" for name in names),
        "of_row": ", ".join(f"n.{name}" for name in names),
    }
    listed = first.LISTED.format(marking="$2")
    for name, body in (
        ("app_prices_added", first.ADDED.format(**fees, listed=listed, new="")),
        ("app_prices_set", first.PRICED.format(**fees, added=first.ADDED.format(**fees, listed=listed, new=first.WITHOUT_ONE))),
    ):
        statements = [first.EXECUTED.format(statement=each.strip()) for each in body.split(";") if each.strip()]
        function = first.TRIGGER.format(name=name, body="\n  ".join(statements))
        function = function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        op.execute(sa.text(function.replace(":", "\\:")))
