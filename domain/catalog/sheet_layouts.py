"""The layouts of Microsoft's price lists, by the names of their columns: the new-commerce list, and the older one.

The older list was made for licences by the month. It was never published as a file format, so its names are taken
as people saw them; which names a file has beyond them does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["NEW", "OLD", "Layout", "layout_of", "spelling"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file calls the columns that we read."""

    names: Mapping[str, tuple[str, ...]]
    """By our name for a column: what files call it, the usual name first."""
    optional: frozenset[str]
    """Our names of columns that a file may leave out."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """What stands in all rows of columns that the layout does not have."""

    def told(self, column: str) -> str:
        """What people who made the file call a column."""
        return self.names.get(column, (column,))[0]


_SAME = ("ProductId", "SkuId", "SkuTitle", "Publisher", "UnitOfMeasure", "TermDuration", "BillingPlan", "Currency")
_OPTIONAL = ("PricingTierRangeMin", "PricingTierRangeMax", "EffectiveStartDate", "EffectiveEndDate", "SkuDescription")

NEW = Layout(
    names={
        **{name: (name,) for name in (*_SAME, *_OPTIONAL)},
        "SkuTitle": ("SkuTitle", "SkuName"),
        "UnitPrice": ("UnitPrice",),
        "ERP Price": ("ERP Price", "ERP"),
    },
    optional=frozenset(_OPTIONAL),
)
OLD = Layout(
    names={
        "ProductId": ("Offer ID", "DurableOfferId"),
        "SkuTitle": ("Offer Display Name", "Offer Name"),
        "UnitPrice": ("List Price",),
        "ERP Price": ("ERP Price", "ERP"),
        "Currency": ("Currency",),
        "Change": ("A/C/D/U", "[A/C/D/U]"),
        "EffectiveStartDate": ("Valid From Date",),
        "EffectiveEndDate": ("Valid To Date",),
    },
    optional=frozenset({"Currency", "Change", "EffectiveStartDate", "EffectiveEndDate"}),
    fixed={
        "SkuId": "",
        "Publisher": "Microsoft Corporation",
        "UnitOfMeasure": "1 License",
        "TermDuration": "P1M",
        "BillingPlan": "Monthly",
    },
)


def spelling(name: str) -> str:
    """`ERP Price`, `ErpPrice` and `erp price` are one name."""
    return "".join(name.split()).casefold()


def layout_of(header: Sequence[str]) -> Layout:
    """The older layout for a file that names offers and no products; else the new one."""
    found = {spelling(cell) for cell in header}
    has_offers = any(spelling(name) in found for name in OLD.names["ProductId"])
    return OLD if has_offers and spelling("ProductId") not in found else NEW
