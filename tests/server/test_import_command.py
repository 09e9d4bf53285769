"""`./headwater import price-sheet`: what it keeps and what it says."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from db.ids import encode, uuid7
from domain.catalog.models import Plan
from server.cli.import_ import command
from server.cli.refusal import Refusal
from tenancy.hierarchy import create_distributor
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.domain.catalog.sheets import offers, sheet
from tests.server.conftest import printed

pytestmark = pytest.mark.feature("C-11")

ROWS = offers("A", ("57.6", "72.40"), ("5.76", "7.20"))


def run(*arguments: str) -> str:
    return printed(command, "price-sheet", *arguments)


def test_a_dry_run_says_what_an_import_does_and_keeps_nothing(sessions: Sessions, tmp_path: Path) -> None:
    # given
    with sessions.begin(PLATFORM) as session:
        delta = create_distributor(session, PLATFORM, name="Delta", currency="EUR", admin_email="a@delta.example")
    to = ["--distributor", encode("dst", delta.tenant.id)]
    file = tmp_path / "sheet.csv"
    file.write_bytes(sheet(*ROWS))

    def kept() -> int | None:
        with sessions.begin(PLATFORM) as session:
            return session.scalar(select(func.count()).select_from(Plan))

    # when
    dry = run(str(file), *to, "--dry-run").splitlines()
    # then
    assert dry[0] == "Nothing is changed; this is what an import would do."
    assert dry[2] == "Plans:    3 created, 0 updated, 0 unchanged"
    assert dry[3] == "Service terms created: brine_annual, brine_monthly"
    assert dry[5] == "  line 2, ERP Price: 72.4; twelve months are 72.3996"
    assert kept() == 0
    # when
    assert run(str(file), *to).splitlines()[1:] == dry[1:]
    # then
    assert kept() == 3
    assert "0 created, 0 updated, 3 unchanged" in run(str(file), *to)
    # when
    file.write_bytes(sheet(*offers("A", ("57.6", "72"), ("6", "7.20"))))
    assert "net cost 5.76 → 6, price 7.2  Brine A (monthly)" in run(str(file), *to)
    # then
    file.write_bytes(sheet(*ROWS, {"UnitPrice": "x", "Currency": ""}))
    with pytest.raises(Refusal) as refused:
        run(str(file), *to)
    assert str(refused.value).splitlines()[1:] == [
        "  line 5, Currency: the cell is empty",
        "  line 5, UnitPrice: 'x' is not a number such as 1234.50",
    ]
    sessions.engine.dispose()


@pytest.mark.parametrize("to", ["x", "rsl_01a202dd802970009ff53a9af098369d"])
def test_only_a_distributors_id_will_do(tmp_path: Path, to: str) -> None:
    file = tmp_path / "sheet.csv"
    file.write_bytes(sheet(*ROWS))
    with pytest.raises(Refusal, match="no id of a distributor"):
        run(str(file), "--distributor", to)


def test_an_unknown_distributor_and_a_missing_file_give_one_line(sessions: Sessions, tmp_path: Path) -> None:
    file = tmp_path / "sheet.csv"
    to = encode("dst", uuid7())
    with pytest.raises(Refusal, match="cannot read"):
        run(str(file), "--distributor", to)
    file.write_bytes(sheet(*ROWS))
    with pytest.raises(Refusal, match=f"there is no distributor {to}"):
        run(str(file), "--distributor", to)
    sessions.engine.dispose()


def test_bad_cells_and_new_prices_are_written_as_lists(sessions: Sessions, tmp_path: Path) -> None:
    # given
    with sessions.begin(PLATFORM) as session:
        delta = create_distributor(session, PLATFORM, name="Delta", currency="EUR", admin_email="a@delta.example")
    to = ["--distributor", encode("dst", delta.tenant.id)]
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    rejected, changes = tmp_path / "rejected.csv", tmp_path / "changes.csv"
    good.write_bytes(sheet(*ROWS))
    bad.write_bytes(sheet(*({"SkuId": str(number), "UnitPrice": "?"} for number in range(150))))
    # when
    with pytest.raises(Refusal, match="nothing is imported"):
        run(str(bad), *to, "--rejected", str(rejected))
    run(str(good), *to)
    run(str(good), *to, "--coefficient", "1.5", "--changes", str(changes), "--dry-run")
    # then
    lines = rejected.read_text().splitlines()
    assert (len(lines), lines[:2]) == (
        151,
        ["line,column,reason", "2,UnitPrice,'?' is not a number such as 1234.50"],
    )
    assert changes.read_text().splitlines() == [
        "kind,sku,name,line,number,currency,net cost before,net cost,price before,price",
        'NEW_PRICE,A:0001,"Brine A (1 year, paid at once)",2,PL000001,EUR,4.8,4.8,6.0333,9.05',
        'NEW_PRICE,A:0001,"Brine A (1 year, paid monthly)",3,PL000002,EUR,4.8,4.8,6.0333,9.05',
        "NEW_PRICE,A:0001,Brine A (monthly),4,PL000003,EUR,5.76,5.76,7.2,10.8",
    ]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--coefficient", "much"], "much is no number"),
        (["--coefficient", "0"], "above 0"),
        (["--currency", "EURO"], "EURO is no ISO 4217 code"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(
    sessions: Sessions, tmp_path: Path, option: list[str], words: str
) -> None:
    with sessions.begin(PLATFORM) as session:
        delta = create_distributor(session, PLATFORM, name="Delta", currency="EUR", admin_email="a@delta.example")
    file = tmp_path / "sheet.csv"
    file.write_bytes(sheet(*ROWS))
    with pytest.raises(Refusal, match=words):
        run(str(file), "--distributor", encode("dst", delta.tenant.id), *option)
