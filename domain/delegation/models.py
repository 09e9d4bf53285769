"""What a tenant wants of plans that are still to come."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import Percent
from tenancy.rows import TenantRow, owned

__all__ = ["DefaultMarkup"]


class DefaultMarkup(TenantRow, Base):
    """The markup with which plans of a product, or of a category of products, come to a tenant.

    By key and not by id: the product of a delegated plan stands above its tenant, which does not see it.
    """

    __tablename__ = "default_markups"

    product_key: Mapped[str | None]
    """Goes before the category's."""
    category_key: Mapped[str | None]
    markup_percent: Mapped[Decimal] = mapped_column(Percent)

    __table_args__ = owned(
        UniqueConstraint(
            "distributor_id",
            "tenant_id",
            "product_key",
            "category_key",
            name="uq_default_markups_key",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_default_markups_path", "distributor_id", "tenant_path", "id"),
        CheckConstraint("(product_key IS NULL) <> (category_key IS NULL)", name="of_a_product_or_a_category"),
        CheckConstraint("markup_percent > -100", name="markup_leaves_a_price"),
    )
