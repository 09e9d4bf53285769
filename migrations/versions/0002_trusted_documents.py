"""Documents that may run where only trusted ones do.

The application reads them; the owner adds and removes them. Locks: nothing; the table is new.
"""

from alembic import op
import sqlalchemy as sa
from migrations.policies import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trusted_documents",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("operations", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("tenant_path = ''", name=op.f("ck_trusted_documents_belongs_to_the_platform")),
        sa.CheckConstraint(
            "sha256 = sha256(convert_to(document, 'UTF8'))", name=op.f("ck_trusted_documents_named_by_its_text")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_trusted_documents")),
    )
    protect("trusted_documents", verbs="SELECT")
