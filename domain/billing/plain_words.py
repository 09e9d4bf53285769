"""What people are told of a billing type, an order and a payment, in their language."""

from datetime import date, timedelta

from domain.ordering.models import OrderState, OrderType
from domain.shared.billing_types import BillingType
from tenancy.messages import Message

__all__ = ["billing_in_words", "order_in_words", "top_up_in_words"]


def billing_in_words(billing_type: BillingType, billing_day: int) -> str:
    """How charges of the type come about, for whoever pays them."""
    return _of_type(billing_day)[billing_type].told()


def _of_type(day: int) -> dict[BillingType, Message]:
    return {
        BillingType.CSP_MONTHLY: Message(
            "Paid month by month, in advance, from day {day} of the month; the first days are counted one by one. What "
            "is added costs the days until then; what is taken away, and the days after a stop, come back.",
            day=day,
        ),
        BillingType.CSP_ANNUAL: Message(
            "Paid at once for the whole term, counted in months from day {day}. What is added costs the days until the "
            "end of the term; less is possible only while nothing is written off.",
            day=day,
        ),
        BillingType.MONTHLY_COMMITMENT: Message(
            "Ordered for the whole term and paid month by month, in advance, from day {day} of the month. More is "
            "possible at any time, less only at a renewal; nothing comes back after a stop.",
            day=day,
        ),
        BillingType.MONTHLY_COMMITMENT_CALENDAR: Message(
            "Ordered for the whole term and paid month by month, in advance, counted from the day of the order. More "
            "is possible at any time, less only at a renewal; nothing comes back after a stop."
        ),
        BillingType.LICENSE_BASED_MONTHLY: Message(
            "Paid by whole calendar months, each at the highest quantity that it has seen. Less counts from the next "
            "month."
        ),
        BillingType.PAY_IN_FULL: Message(
            "The month of the order is free; after it one pays by whole calendar months, each at the highest quantity "
            "that it has seen. Less counts from the next month."
        ),
        BillingType.NON_REFUND: Message(
            "Paid at once for the whole year, counted in months from day {day}. What is added costs the days until its "
            "end; nothing can be taken away, stopped or given back.",
            day=day,
        ),
        BillingType.FLEXIBLE_MONTHLY: Message(
            "Paid month by month from day {day}; the first days are counted one by one. What is added costs the days "
            "that are left; what is taken away, and the days after a stop, come back.",
            day=day,
        ),
        BillingType.RESERVATION: Message(
            "Reserved at once for the whole term and written off month by month, from day {day}. What is added costs "
            "the days until the end of the term; what is taken away comes back.",
            day=day,
        ),
        BillingType.NEXT_DAY_MONTHLY: Message(
            "Paid month by month, in advance, from day {day} of the month. Quantities change from the next day on, and "
            "go down once a day at most.",
            day=day,
        ),
        BillingType.NON_RECURRING: Message("Paid once, when it is ordered."),
        BillingType.PAY_AS_YOU_GO: Message(
            "Nothing is paid in advance: what was used is charged on day {day} of the month after.", day=day
        ),
    }


def order_in_words(
    type: str,
    state: str,
    plan: str,
    total: str,
    currency: str,
    paid_from: str | None,
    paid_until: str | None,
) -> str:
    """What an order is for, what it pays for and how much: the same for the order and its payment.

    Takes values as JSON has them: words of enums, `total` as money is written, days as YYYY-MM-DD, `paid_until`
    exclusive.
    """
    sentences = [_of_order(plan)[OrderType(type)]]
    if paid_from is not None and paid_until is not None:
        last = date.fromisoformat(paid_until) - timedelta(days=1)
        sentences.append(Message("For the days from {first} to {last}.", first=paid_from, last=last.isoformat()))
    sentences.append(_money(OrderState(state), total, currency))
    return " ".join(sentence.told() for sentence in sentences)


def _of_order(plan: str) -> dict[OrderType, Message]:
    return {
        OrderType.SALES: Message("A new subscription to {plan}.", plan=plan),
        OrderType.RENEWAL: Message("Another term of {plan}.", plan=plan),
        OrderType.PROLONG: Message("The next billing period of {plan}.", plan=plan),
        OrderType.CHANGE: Message("Other quantities of {plan}.", plan=plan),
        OrderType.SWITCH: Message("A switch to {plan}.", plan=plan),
    }


def _money(state: OrderState, total: str, currency: str) -> Message:
    match state:
        case OrderState.WAITING_FOR_PAYMENT:
            return Message("To be paid: {total} {currency}.", total=total, currency=currency)
        case OrderState.CANCELLED:
            return Message("Cancelled; {total} {currency} were not paid.", total=total, currency=currency)
        case _:
            return Message("Paid: {total} {currency}.", total=total, currency=currency)


def top_up_in_words(total: str, currency: str) -> str:
    """What a payment that is for no order is for."""
    return Message("Money for the balance: {total} {currency}.", total=total, currency=currency).told()
