"""Price sheets that tests write."""

import csv
import io
from collections.abc import Mapping, Sequence

HEADER = [
    *("ProductTitle", "ProductId", "SkuId", "SkuTitle", "Publisher", "SkuDescription", "UnitOfMeasure"),
    *("TermDuration", "BillingPlan", "Market", "Currency", "UnitPrice", "PricingTierRangeMin", "PricingTierRangeMax"),
    *("EffectiveStartDate", "EffectiveEndDate", "Tags", "ERP Price", "Segment"),
]

USUAL = {
    "ProductTitle": "Brine Mail",
    "ProductId": "BRN001",
    "SkuId": "0001",
    "SkuTitle": "Brine Mail",
    "Publisher": "Brine Software",
    "SkuDescription": "BRINE_MAIL",
    "UnitOfMeasure": "1 License",
    "TermDuration": "P1M",
    "BillingPlan": "Monthly",
    "Market": "US",
    "Currency": "EUR",
    "UnitPrice": "6.4",
    "EffectiveStartDate": "8/1/2027 12:00:00 AM",
    "EffectiveEndDate": "8/31/2027 11:59:59 PM",
    "Tags": "License",
    "ERP Price": "8.00",
    "Segment": "Commercial",
}


def sheet(*rows: Mapping[str, str], header: Sequence[str] = HEADER) -> bytes:
    """A sheet of these rows; cells that a row leaves out are the usual ones."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**USUAL, **row} for row in rows)
    return text.getvalue().encode()


def offers(product_id: str, year: tuple[str, str], month: tuple[str, str], **more: str) -> list[dict[str, str]]:
    """The three rows of one product: net cost and price of a year and of a month."""
    common = {"ProductId": product_id, "SkuTitle": f"Brine {product_id}", **more}
    of_year = {"UnitPrice": year[0], "ERP Price": year[1], "TermDuration": "P1Y"}
    return [
        common | of_year | {"BillingPlan": "Annual"},
        common | of_year | {"BillingPlan": "Monthly"},
        common | {"UnitPrice": month[0], "ERP Price": month[1]},
    ]
