from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from domain.billing.charging import activation_charges, increase_charges, sales_charges
from domain.billing.drafts import ChargeDraft, ChargeState, Lot, NotAllowedByBillingType, discounted_drafts, lots_of
from domain.billing.explanation import Explanation, recompute
from domain.billing.inputs import Rule
from domain.billing.splitting import ExistingCharge, Split, settle_decrease, settle_deletion, settle_stop, split
from domain.shared.billing_types import BillingType
from tests.domain.billing.making import amounts, covered, existing, line, terms_of

AUGUST_20 = date(2026, 8, 20)
AUGUST_25 = date(2026, 8, 25)
AUGUST_28 = date(2026, 8, 28)


@pytest.fixture
def five_and_three() -> list[ExistingCharge]:
    """Example 1 before its decrease: 5 from 20 August, 3 more from the 25th, both at 10.00."""
    (sale,) = sales_charges(terms_of(), [line(5)], on=AUGUST_20)
    (added,) = increase_charges(terms_of(), [line(3)], on=AUGUST_25)
    return [existing(sale, 1), existing(added, 2)]


def billed(result: Split) -> Decimal:
    return sum((draft.amount for draft in [*result.used, *result.rest]), Decimal(0))


def test_example_1_down_to_six_on_28_august(five_and_three: list[ExistingCharge]) -> None:
    # when
    result = settle_decrease(terms_of(), five_and_three, quantity=Decimal(6), on=AUGUST_28)
    # then
    assert result.deleted == (UUID(int=1), UUID(int=2))
    assert amounts(result.used) == ["12.90", "2.90"]
    assert [covered(draft) for draft in result.used] == [
        (AUGUST_20, date(2026, 8, 27)),
        (AUGUST_25, date(2026, 8, 27)),
    ]
    assert {draft.state for draft in result.used} == {ChargeState.CLOSED}
    (rest,) = result.rest
    assert (rest.quantity, rest.amount, rest.state) == (Decimal(6), Decimal("7.74"), ChargeState.BLOCKED)
    assert covered(rest) == (AUGUST_28, date(2026, 8, 31))
    assert billed(result) == Decimal("23.54")
    (returned,) = result.returned
    assert (returned.quantity, returned.amount, returned.state) == (
        Decimal(2),
        Decimal("2.58"),
        ChargeState.REFUNDED,
    )
    assert returned.explanation.text == "19.35 + 6.77 − 12.90 − 2.90 − 7.74 = 2.58"
    assert returned.explanation.fraction == "4/31"
    assert result.difference == Decimal("2.58")


def test_every_part_of_a_split_knows_the_charges_it_came_from(five_and_three: list[ExistingCharge]) -> None:
    # when
    result = settle_decrease(terms_of(), five_and_three, quantity=Decimal(6), on=AUGUST_28)
    # then
    sale, added = UUID(int=1), UUID(int=2)
    assert [draft.split_from for draft in result.used] == [
        (Lot(sale, Decimal(5)),),
        (Lot(added, Decimal(3)),),
    ]
    assert result.rest[0].split_from == (Lot(added, Decimal(1)), Lot(sale, Decimal(5)))
    assert result.returned[0].split_from == (Lot(added, Decimal(2)),)
    stored = Explanation.from_json(result.rest[0].explanation.to_json())
    assert lots_of(stored) == result.rest[0].split_from


def test_parts_of_a_split_can_be_recomputed(five_and_three: list[ExistingCharge]) -> None:
    # when
    result = settle_decrease(terms_of(), five_and_three, quantity=Decimal(6), on=AUGUST_28)
    # then
    for draft in [*result.used, *result.rest, *result.returned]:
        assert recompute(draft.explanation) == draft.amount


def test_the_newest_units_leave_first_and_the_others_keep_their_price() -> None:
    # given
    sale = existing(sales_charges(terms_of(), [line(5, "10.00")], on=date(2026, 9, 1))[0], 1)
    dearer = existing(increase_charges(terms_of(), [line(3, "12.00")], on=date(2026, 9, 11))[0], 2)
    newest = existing(increase_charges(terms_of(), [line(2, "10.00")], on=date(2026, 9, 16))[0], 3)
    # when
    first = split(terms_of(), [sale, dearer, newest], quantity=Decimal(9), day=date(2026, 9, 21))
    # then
    assert [(draft.unit_price, draft.quantity) for draft in first.rest] == [
        (Decimal("10.00"), Decimal(6)),
        (Decimal("12.00"), Decimal(3)),
    ]
    # when: two more leave, one of them is in the merged charge
    standing = [existing(draft, 10 + position) for position, draft in enumerate(first.rest)]
    second = split(terms_of(), standing, quantity=Decimal(7), day=date(2026, 9, 26))
    # then
    assert [(draft.unit_price, draft.quantity) for draft in second.rest] == [
        (Decimal("10.00"), Decimal(5)),
        (Decimal("12.00"), Decimal(2)),
    ]
    assert second.rest[0].split_from == (Lot(UUID(int=1), Decimal(5)),)


def test_charges_of_one_price_with_other_upstream_prices_are_not_merged(
    five_and_three: list[ExistingCharge],
) -> None:
    # given
    sale, added = five_and_three
    # when
    result = split(terms_of(), [sale, replace(added, price_group="june")], quantity=Decimal(6), day=AUGUST_28)
    # then
    assert [draft.quantity for draft in result.rest] == [Decimal(5), Decimal(1)]


def test_a_decrease_on_the_first_day_has_no_used_part(five_and_three: list[ExistingCharge]) -> None:
    # when
    result = settle_decrease(terms_of(), five_and_three[:1], quantity=Decimal(2), on=AUGUST_20)
    # then
    assert result.used == ()
    assert amounts(result.rest) == ["7.74"]
    assert amounts(result.returned) == ["11.61"]


def test_a_decrease_to_nothing_leaves_no_rest(five_and_three: list[ExistingCharge]) -> None:
    # when
    result = settle_decrease(terms_of(), five_and_three, quantity=Decimal(0), on=AUGUST_28)
    # then
    assert result.rest == ()
    assert amounts(result.returned) == ["10.32"]


def test_nothing_is_split_when_nothing_leaves(five_and_three: list[ExistingCharge]) -> None:
    assert settle_decrease(terms_of(), five_and_three, quantity=Decimal(8), on=AUGUST_28) == Split()


@pytest.mark.parametrize("quantity", [9, -1])
def test_more_units_than_there_are_cannot_stay(five_and_three: list[ExistingCharge], quantity: int) -> None:
    with pytest.raises(ValueError, match="cannot leave"):
        settle_decrease(terms_of(), five_and_three, quantity=Decimal(quantity), on=AUGUST_28)


def test_used_parts_of_an_earlier_split_stay_as_they_are(five_and_three: list[ExistingCharge]) -> None:
    # given
    first = settle_decrease(terms_of(), five_and_three, quantity=Decimal(6), on=AUGUST_28)
    standing = [existing(draft, 3 + n) for n, draft in enumerate([*first.used, *first.rest])]
    # when
    second = settle_decrease(terms_of(), standing, quantity=Decimal(5), on=date(2026, 8, 30))
    # then
    assert second.deleted == (UUID(int=5),)
    assert amounts(second.used) == ["3.87"]
    assert amounts(second.rest) == ["3.23"]
    assert amounts(second.returned) == ["0.64"]


def test_charges_of_later_periods_change_in_place(five_and_three: list[ExistingCharge]) -> None:
    # given: September is already paid
    september = existing(sales_charges(terms_of(), [line(8)], on=date(2026, 9, 1))[0], 3)
    # when
    result = settle_decrease(terms_of(), [*five_and_three, september], quantity=Decimal(6), on=AUGUST_28)
    # then
    (amended,) = result.amended
    assert (amended.charge_id, amended.returned) == (UUID(int=3), Decimal("20.00"))
    assert amended.draft is not None
    assert (amended.draft.quantity, amended.draft.amount) == (Decimal(6), Decimal("60.00"))
    # and a charge without units is deleted
    gone = settle_deletion(terms_of(), [september], on=AUGUST_28, inside_window=False)
    assert [(change.draft, change.returned) for change in gone.amended] == [(None, Decimal("80.00"))]


def test_stop_on_10_september_and_activation_on_the_20th_bill_the_active_days() -> None:
    # given
    september = existing(sales_charges(terms_of(), [line(5)], on=date(2026, 9, 1))[0], 1)
    # when
    stopped = settle_stop(terms_of(), [september], on=date(2026, 9, 10))
    # then
    assert amounts(stopped.used) == ["15.00"]
    assert stopped.rest == ()
    assert amounts(stopped.returned) == ["35.00"]
    # when
    (active,) = activation_charges(terms_of(), stopped.stopped, on=date(2026, 9, 20))
    # then
    assert (active.amount, active.state) == (Decimal("18.33"), ChargeState.BLOCKED)
    assert active.split_from == (Lot(UUID(int=1), Decimal(5)),)
    assert active.explanation.fraction == "11/30"


def test_a_stop_leaves_later_periods_alone() -> None:
    # given
    october = existing(sales_charges(terms_of(), [line(5)], on=date(2026, 10, 1))[0], 1)
    # then
    assert settle_stop(terms_of(), [october], on=date(2026, 9, 10)) == Split()


def test_an_annual_stop_closes_the_used_part_and_keeps_the_rest_blocked() -> None:
    # given
    terms = terms_of(BillingType.CSP_ANNUAL, end=date(2027, 9, 1))
    charges = [existing(draft, n) for n, draft in enumerate(sales_charges(terms, [line(5)], on=date(2026, 9, 1)), 1)]
    # when
    result = settle_stop(terms, charges, on=date(2026, 9, 10))
    # then
    assert result.deleted == (UUID(int=1),)
    assert amounts(result.used) == ["15.00"]
    assert [(draft.state, f"{draft.amount}") for draft in result.rest] == [(ChargeState.BLOCKED, "35.00")]
    assert result.returned == ()
    assert result.amended == ()


def test_an_annual_decrease_is_refused_once_a_charge_is_closed() -> None:
    # given
    terms = terms_of(BillingType.CSP_ANNUAL, end=date(2027, 9, 1))
    charges = [existing(draft, n) for n, draft in enumerate(sales_charges(terms, [line(5)], on=date(2026, 9, 1)), 1)]
    # then
    blocked = settle_decrease(terms, charges, quantity=Decimal(2), on=date(2026, 9, 11))
    assert amounts(blocked.returned) == ["20.00"]
    assert len(blocked.amended) == 11
    with pytest.raises(NotAllowedByBillingType):
        settle_decrease(
            terms,
            [replace(charges[0], state=ChargeState.CLOSED), *charges[1:]],
            quantity=Decimal(2),
            on=date(2026, 9, 11),
        )


@pytest.mark.parametrize(
    "billing_type",
    [
        BillingType.MONTHLY_COMMITMENT,
        BillingType.MONTHLY_COMMITMENT_CALENDAR,
        BillingType.NON_REFUND,
        BillingType.NON_RECURRING,
        BillingType.PAY_AS_YOU_GO,
    ],
)
def test_these_types_refuse_a_decrease(billing_type: BillingType, five_and_three: list[ExistingCharge]) -> None:
    with pytest.raises(NotAllowedByBillingType, match="does not allow a decrease"):
        settle_decrease(terms_of(billing_type), five_and_three, quantity=Decimal(6), on=AUGUST_28)


def test_a_licence_based_decrease_waits_for_the_next_period(five_and_three: list[ExistingCharge]) -> None:
    terms = terms_of(BillingType.LICENSE_BASED_MONTHLY)
    assert settle_decrease(terms, five_and_three, quantity=Decimal(6), on=AUGUST_28) == Split()


def test_a_next_day_decrease_still_bills_its_day_at_the_old_quantity(five_and_three: list[ExistingCharge]) -> None:
    # given
    terms = terms_of(BillingType.NEXT_DAY_MONTHLY)
    # when
    result = settle_decrease(terms, five_and_three, quantity=Decimal(6), on=date(2026, 8, 27))
    # then
    assert amounts(result.used) == ["12.90", "2.90"]
    assert amounts(result.rest) == ["7.74"]


def test_units_that_begin_tomorrow_come_back_whole_when_stopped_today() -> None:
    # given
    terms = terms_of(BillingType.NEXT_DAY_MONTHLY)
    sale = existing(sales_charges(terms, [line(5)], on=date(2026, 9, 1))[0], 1)
    added = existing(increase_charges(terms, [line(3)], on=date(2026, 9, 15))[0], 2)
    # when
    result = settle_stop(terms, [sale, added], on=date(2026, 9, 15))
    # then
    assert amounts(result.used) == ["23.33"]
    assert amounts(result.returned) == ["26.67", "15.00"]


@pytest.mark.parametrize(
    ("billing_type", "inside_window", "switch", "returned"),
    [
        (BillingType.CSP_MONTHLY, False, False, ["10.32"]),
        (BillingType.MONTHLY_COMMITMENT, True, False, ["10.32"]),
        (BillingType.MONTHLY_COMMITMENT, False, False, []),
        (BillingType.MONTHLY_COMMITMENT, False, True, ["10.32"]),
        (BillingType.FLEXIBLE_MONTHLY, False, True, ["10.32"]),
        (BillingType.RESERVATION, False, False, ["10.32"]),
        (BillingType.LICENSE_BASED_MONTHLY, False, False, []),
    ],
)
def test_a_deletion_or_switch_returns_what_the_type_lets_return(
    five_and_three: list[ExistingCharge],
    billing_type: BillingType,
    inside_window: bool,
    switch: bool,
    returned: list[str],
) -> None:
    # when
    result = settle_deletion(
        terms_of(billing_type), five_and_three, on=AUGUST_28, inside_window=inside_window, switch=switch
    )
    # then
    assert amounts(result.returned) == returned


@pytest.mark.parametrize(
    "billing_type", [BillingType.FLEXIBLE_MONTHLY, BillingType.NON_REFUND, BillingType.NON_RECURRING]
)
def test_these_types_refuse_a_deletion(billing_type: BillingType, five_and_three: list[ExistingCharge]) -> None:
    with pytest.raises(NotAllowedByBillingType, match="does not allow a deletion"):
        settle_deletion(terms_of(billing_type), five_and_three, on=AUGUST_28, inside_window=True)


@pytest.mark.parametrize(
    ("billing_type", "refused"),
    [
        (BillingType.MONTHLY_COMMITMENT, False),
        (BillingType.RESERVATION, False),
        (BillingType.PAY_IN_FULL, False),
        (BillingType.PAY_AS_YOU_GO, False),
        (BillingType.NON_REFUND, True),
    ],
)
def test_a_stop_of_these_types_splits_nothing(
    five_and_three: list[ExistingCharge],
    billing_type: BillingType,
    refused: bool,
) -> None:
    if refused:
        with pytest.raises(NotAllowedByBillingType):
            settle_stop(terms_of(billing_type), five_and_three, on=AUGUST_28)
    else:
        assert settle_stop(terms_of(billing_type), five_and_three, on=AUGUST_28) == Split()


def test_a_discount_holds_for_every_part() -> None:
    # given
    drafts = discounted_drafts(sales_charges(terms_of(), [line(5)], on=AUGUST_20), Decimal("12.5"))
    charge = existing(drafts[0], 1)
    assert (charge.amount, charge.discount) == (Decimal("16.93"), Decimal("2.42"))
    # when
    result = settle_decrease(terms_of(), [charge], quantity=Decimal(2), on=AUGUST_28)
    # then
    assert [(f"{draft.amount}", f"{draft.discount}") for draft in all_parts(result)] == [
        ("11.29", "1.61"),
        ("2.26", "0.32"),
        ("3.38", "0.49"),
    ]
    assert result.returned[0].explanation.rule is Rule.RETURNED_PART
    for draft in all_parts(result):
        assert recompute(draft.explanation) == draft.amount


def all_parts(result: Split) -> list[ChargeDraft]:
    return [*result.used, *result.rest, *result.returned]


def test_changes_in_a_free_period_move_no_money() -> None:
    # given
    terms = terms_of(free_until=date(2027, 2, 1))
    sale = existing(sales_charges(terms, [line(5)], on=date(2027, 1, 15))[0], 1)
    # when
    result = settle_decrease(terms, [sale], quantity=Decimal(2), on=date(2027, 1, 20))
    # then
    assert amounts(result.used) == ["0.00"]
    assert amounts(result.rest) == ["0.00"]
    assert result.returned == ()
    # and the units can be charged again after a stop
    stopped = settle_stop(terms, [existing(result.rest[0], 2)], on=date(2027, 1, 25))
    assert [restarted.quantity for restarted in stopped.stopped] == [Decimal(2)]
