"""Which tokens still use what the schema is to lose.

Locks: nothing; the table is new.
"""

from alembic import op
import sqlalchemy as sa
from migrations.policies import protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deprecated_uses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("coordinate", sa.Text(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("removed_after", sa.Date(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation_name", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deprecated_uses")),
        sa.UniqueConstraint("token_id", "coordinate", name="uq_deprecated_uses_coordinate"),
    )
    protect("deprecated_uses")


def downgrade() -> None:
    op.drop_table("deprecated_uses")
