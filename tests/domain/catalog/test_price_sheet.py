"""Price sheets: what is read, and what is told of a broken one."""

from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO

import pytest

from domain.catalog.price_sheet import BrokenPriceSheet, Offering, PriceSheet, SheetRow, read_price_sheet
from server.settings import ROOT
from tests.domain.catalog.sheets import HEADER, offers, sheet

pytestmark = pytest.mark.feature("C-11")


def errors_of(content: bytes) -> list[str]:
    with pytest.raises(BrokenPriceSheet) as broken:
        read_price_sheet(content)
    return [str(error) for error in broken.value.errors]


def test_a_row_is_read_by_the_names_of_its_columns() -> None:
    assert read_price_sheet(sheet({"SkuDescription": "Mail, and more."})) == [
        SheetRow(
            line=2,
            product_id="BRN001",
            sku_id="0001",
            title="Brine Mail",
            publisher="Brine Software",
            description="Mail, and more.",
            unit="license",
            offering=Offering.MONTH,
            currency="EUR",
            unit_price=Decimal("6.4"),
            erp_price=Decimal(8),
        )
    ]


def test_order_case_and_spaces_of_the_header_do_not_matter() -> None:
    usual = read_price_sheet(sheet({}))
    odd = sheet({}, header=HEADER[::-1]).replace(b"ERP Price", b"erpprice").replace(b"UnitPrice", b" UNIT PRICE")
    assert read_price_sheet(odd) == usual
    assert read_price_sheet(b"\xef\xbb\xbf" + sheet({})) == usual
    assert read_price_sheet(sheet({}).replace(b"\r\n", b"\n") + b"\n,,,\n") == usual
    few = [name for name in HEADER if name not in {"Tags", "Segment", "Market", "PricingTierRangeMin", "ProductTitle"}]
    assert read_price_sheet(sheet({}, header=few)) == usual


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        ({"ProductId": ""}, "line 2, ProductId: the cell is empty"),
        ({"SkuTitle": "x" * 151}, "line 2, SkuTitle: has 151 characters; at most 150 are allowed"),
        ({"Publisher": "Bri\x07ne"}, "line 2, Publisher: holds control characters"),
        ({"TermDuration": "P3Y"}, "line 2, TermDuration: 'P3Y' is none of P1M, P1Y"),
        ({"BillingPlan": "Weekly"}, "line 2, BillingPlan: 'Weekly' is none of Annual, Monthly"),
        ({"BillingPlan": "Annual"}, "line 2, BillingPlan: Annual does not go with a term of P1M"),
        ({"Currency": "EURO"}, "line 2, Currency: 'EURO' is not an ISO 4217 code such as USD"),
        ({"Currency": "XXX"}, "line 2, Currency: 'XXX' is not an ISO 4217 code such as USD"),
        ({"UnitPrice": ""}, "line 2, UnitPrice: the cell is empty"),
        ({"UnitPrice": "5,76"}, "line 2, UnitPrice: '5,76' is not a number such as 1234.50"),
        ({"UnitPrice": "1e3"}, "line 2, UnitPrice: '1e3' is not a number such as 1234.50"),
        ({"UnitPrice": "NaN"}, "line 2, UnitPrice: 'NaN' is not a number such as 1234.50"),
        ({"ERP Price": "-8.00"}, "line 2, ERP Price: must not be negative, got -8"),
        ({"ERP Price": "8.00001"}, "line 2, ERP Price: has 5 decimals; at most 4 are allowed"),
        ({"ERP Price": "1" * 20}, "line 2, ERP Price: is too large"),
        ({"EffectiveStartDate": "31/12/2027"}, "line 2, EffectiveStartDate: '31/12/2027' is not a date such as 10/31"),
        ({"EffectiveEndDate": "2/29/2027"}, "line 2, EffectiveEndDate: '2/29/2027' is not a date such as 10/31"),
        ({"EffectiveEndDate": "7/31/2027 11:59:59 PM"}, "line 2, EffectiveEndDate: is before EffectiveStartDate"),
        ({"PricingTierRangeMin": "1"}, "line 2, PricingTierRangeMin: prices by quantity are not supported"),
    ],
)
def test_a_bad_cell_is_told_by_line_column_and_reason(cells: Mapping[str, str], error: str) -> None:
    (told,) = errors_of(sheet(cells))
    assert told.startswith(error)


@pytest.mark.parametrize(
    "text", ["8/1/2027", "2027-08-01", "8/1/2027 0:00", "08/01/2027 00:00:00", "", "8/1/2027 12:00:00 AM"]
)
def test_dates_come_in_several_forms(text: str) -> None:
    assert len(read_price_sheet(sheet({"EffectiveStartDate": text}))) == 1


def test_all_bad_cells_are_told_at_once_in_the_order_of_the_file() -> None:
    content = sheet({}, {"SkuId": "2", "Currency": "E", "UnitPrice": "x"}, {"SkuId": "3"}, {"TermDuration": "?"})
    assert [error.split(":")[0] for error in errors_of(content)] == [
        "line 3, Currency",
        "line 3, UnitPrice",
        "line 5, TermDuration",
    ]


def test_a_line_is_where_its_row_starts_also_after_a_cell_of_two_lines() -> None:
    content = sheet({"SkuDescription": "Mail\r\nand more"}, {"SkuId": "2", "UnitPrice": "x"})
    assert errors_of(content)[0].startswith("line 4, UnitPrice")


def test_a_repeated_offer_names_the_first_line() -> None:
    rows = offers("A", ("57.6", "72"), ("5.76", "7.20"))
    assert errors_of(sheet(*rows, {"SkuId": "9"}, rows[1])) == [
        "line 6, SkuId: A:0001 for P1Y, Monthly is on line 3 already"
    ]


def test_a_row_with_more_or_fewer_cells_is_told() -> None:
    text = sheet({}, {"SkuId": "2"}).decode().splitlines()
    content = "\n".join([text[0], text[1] + ",", text[2].rpartition(",")[0]]).encode()
    assert errors_of(content) == ["line 2: has 20 cells; the header has 19", "line 3: has 18 cells; the header has 19"]


def test_at_most_a_hundred_errors_are_told() -> None:
    rows = [{"SkuId": str(number), "UnitPrice": "x"} for number in range(150)]
    with pytest.raises(BrokenPriceSheet) as broken:
        read_price_sheet(sheet(*rows))
    assert (len(broken.value.errors), broken.value.more) == (100, True)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "line 1: the file is empty"),
        (b"\xef\xbb\xbf \r\n", "line 1: the file is empty"),
        (sheet(), "line 1: there is no row below the header"),
        (sheet({}).replace(b",", b";"), "line 1: the columns are separated by semicolons; save the file with commas"),
        (sheet({}).replace(b",", b"\t"), "line 1: the columns are separated by tabs; save the file with commas"),
        (sheet({}).decode().encode("utf-16"), "line 1: the file is UTF-16; save it as CSV in UTF-8"),
        (
            sheet({}, {"SkuId": "2", "Publisher": "Brïne"}).decode().encode("latin-1"),
            "line 3: the file is not UTF-8; save it as CSV in UTF-8",
        ),
        (b"PK\x03\x04rest", "line 1: the file is a workbook or an archive, not text; save its sheet as CSV in UTF-8"),
        (sheet({}) + b"\x00", "line 3: the file holds zero bytes; it is not a CSV"),
        (sheet({}) + b'"BRN', "line 3: this is no CSV from here on: unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_read_gives_one_clear_line(content: bytes, error: str) -> None:
    assert errors_of(content) == [error]


def test_missing_and_repeated_columns_are_told() -> None:
    header = [name for name in HEADER if name not in {"SkuId", "ERP Price"}]
    assert errors_of(sheet({}, header=[*header, "unitprice"])) == [
        "line 1, UnitPrice: the column is there twice",
        "line 1, SkuId: the column is missing",
        "line 1, ERP Price: the column is missing",
    ]


def test_the_demos_own_sheet_can_be_read() -> None:
    rows = read_price_sheet((ROOT / "server" / "demo" / "price-sheet.csv").read_bytes())
    assert len(rows) == 18
    assert len({row.product_key for row in rows}) == 6
    mail = next(row for row in rows if row.title == "Halyard Mail" and row.offering is Offering.MONTH)
    assert (mail.unit_price, mail.erp_price, mail.currency) == (Decimal("6.40"), Decimal("8.00"), "EUR")


OLDER = (
    "[A/C/D/U],Valid From Date,Valid To Date,Offer Display Name,Offer ID,License Agreement Type,Purchase Unit,"
    "Secondary License Type,End Customer Type,List Price,ERP Price\r\n"
)


def older(*rows: str) -> bytes:
    return (OLDER + "".join(f"{row}\r\n" for row in rows)).encode()


def test_the_older_list_is_known_by_its_offers_and_priced_by_the_month() -> None:
    rows = older(
        "U,10/1/2019,10/31/2019,Office 365 E1,91FD106F-4B2C,Corporate,1 Month(s),Non-Specific,Corporate,6.40,8.00",
        "D,10/1/2019,10/31/2019,Gone,0000,Corporate,1 Month(s),Non-Specific,Corporate,1,2",
    )
    (row,) = PriceSheet(BytesIO(rows), currency="EUR")  # what is no longer sold is left out
    assert (row.product_key, row.title, row.publisher) == ("91FD106F-4B2C", "Office 365 E1", "Microsoft Corporation")
    assert (row.offering, row.currency, row.unit) == (Offering.MONTH, "EUR", "license")
    assert (row.unit_price, row.erp_price) == (Decimal("6.4"), Decimal(8))


def test_errors_of_the_older_list_name_its_own_columns() -> None:
    with pytest.raises(BrokenPriceSheet) as broken:
        PriceSheet(BytesIO(older("U,,,Mail,,,,,,x,8")), currency="EUR")
    assert [str(error) for error in broken.value.errors] == [
        "line 2, Offer ID: the cell is empty",
        "line 2, List Price: 'x' is not a number such as 1234.50",
    ]
    with pytest.raises(BrokenPriceSheet) as broken:
        PriceSheet(BytesIO(b"Offer ID,List Price,ERP Price\r\nA,1,2\r\n"), currency="EUR")
    assert [str(error) for error in broken.value.errors] == ["line 1, Offer Display Name: the column is missing"]


def test_a_list_without_a_currency_needs_one() -> None:
    assert errors_of(older("U,,,Mail,A,,,,,1,2")) == ["line 1: the file tells no currency; say which one it is in"]


def test_columns_go_by_other_names_too() -> None:
    usual = sheet({})
    renamed = usual.replace(b"SkuTitle", b"Sku Name").replace(b"ERP Price", b"ERP")
    assert read_price_sheet(renamed) == read_price_sheet(usual)


def test_rows_in_another_currency_than_the_wanted_one_are_left_out() -> None:
    rows = sheet({}, {"SkuId": "2", "Currency": "USD"}, {"SkuId": "3", "Currency": "USD", "UnitPrice": "bad"})
    assert [row.sku_id for row in PriceSheet(BytesIO(rows), currency="EUR")] == ["0001"]


def test_every_error_is_found_when_all_are_wanted() -> None:
    content = sheet(*({"SkuId": str(number), "UnitPrice": "?"} for number in range(250)))
    with pytest.raises(BrokenPriceSheet) as some:
        PriceSheet(BytesIO(content))
    with pytest.raises(BrokenPriceSheet) as every:
        PriceSheet(BytesIO(content), every_error=True)
    assert (len(some.value.errors), some.value.more, len(every.value.every)) == (100, True, 250)
