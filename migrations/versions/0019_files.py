"""Files in pieces, errors by row of jobs, what imports of price sheets did.

Locks: none but on the new tables.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from migrations.policies import protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("file_chunks", "files", "job_errors", "price_sheet_reports")
KINDS = ("FIX_INPUT", "DENIED", "CONFLICT", "RETRY", "UPSTREAM")


def one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def tenants_table(name: str, *columns: SchemaItem, **references: str) -> None:
    op.create_table(
        name,
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["distributor_id", column],
                [f"{table}.distributor_id", f"{table}.id"],
                name=op.f(f"fk_{name}_distributor_id_{column}"),
            )
            for column, table in {**references, "tenant_id": "tenants"}.items()
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    tenants_table(
        "files",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("link_secret", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_files_length_from_zero")),
    )
    op.create_index(
        "uq_files_job",
        "files",
        ["distributor_id", "job_id"],
        unique=True,
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
    op.create_index("ix_files_own_id", "files", ["distributor_id", "tenant_path", "id"])
    tenants_table(
        "file_chunks",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("distributor_id", "file_id", "position", name="uq_file_chunks_position"),
        file_id="files",
    )
    tenants_table(
        "job_errors",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("path", JSONB(), nullable=False),
        sa.CheckConstraint(one_of("kind", KINDS), name=op.f("ck_job_errors_error_kind_known")),
        sa.CheckConstraint("line >= 1", name=op.f("ck_job_errors_lines_from_one")),
        job_id="jobs",
    )
    op.create_index("ix_job_errors_job", "job_errors", ["distributor_id", "job_id", "id"])
    tenants_table(
        "price_sheet_reports",
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("report", JSONB(), nullable=False),
    )
    op.create_index(
        "uq_price_sheet_reports_job",
        "price_sheet_reports",
        ["distributor_id", "job_id"],
        unique=True,
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
    op.create_index("ix_price_sheet_reports_own_id", "price_sheet_reports", ["distributor_id", "tenant_path", "id"])
    for table in TABLES:
        protect(table)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
