"""The whole chain in one story, over HTTP: founding, delegating, ordering, changing, a billing day, mail.

Also a program, against a house that `./headwater up` runs:

    .venv/bin/python -m tests.journeys.first_flow http://127.0.0.1:8000 "$HEADWATER_OPERATOR_TOKEN"
"""

import csv
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

from tests.journeys import operations as op

__all__ = ["Story"]

PATIENCE = 30
"""Seconds to wait for something that a job does."""
ROOT = Path(__file__).parents[2]
SHEET = ROOT / "server" / "demo" / "price-sheet.csv"

Row = dict[str, Any]


@dataclass
class Story:
    """Plays the story and checks every amount on its way."""

    url: str
    operator: str
    run: Callable[..., subprocess.CompletedProcess[str]]
    """A command of `./headwater`."""
    mails: Callable[[], list[str]] | None = None
    """Every mail so far; None: this house's mail is not looked at."""
    meanwhile: Callable[[], None] = lambda: None
    """Called while the clock advances."""
    ids: dict[str, str] = field(default_factory=dict)
    """Everything that was made, by a name of the story's."""
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str, document: str, **variables: Any) -> Row:
        """Send one operation as somebody; errors raise."""
        token = self.operator if who == "operator" else self.tokens[who]
        transport = HTTPXTransport(f"{self.url}/graphql", headers={"Authorization": f"Bearer {token}"}, timeout=60)
        with Client(transport=transport, execute_timeout=None) as client:
            return dict(client.execute(GraphQLRequest(document, variable_values=variables)))

    def do(self, who: str, document: str, **input: Any) -> Row:
        """Send one mutation as somebody; a refusal raises."""
        ((_, payload),) = self.ask(who, document, input=input).items()
        assert payload["errors"] == [], payload["errors"]
        return dict(payload)

    def play(self) -> None:
        """From founding to the sibling's empty hands."""
        self.found_the_chain()
        self.make_and_delegate_the_plan()
        self.order_and_pay()
        self.change_twice()
        self.let_the_billing_day_come()
        self.stop_who_cannot_pay()
        self.rename()
        self.import_the_price_sheet()
        self.see_as_a_sibling()

    # Who

    def found_the_chain(self) -> None:
        """A sandbox distributor, two resellers, a child reseller, each with a manager and a token."""
        founded = self.do(
            "operator",
            op.CREATE_DISTRIBUTOR,
            name="Delta Distribution",
            currency="EUR",
            adminEmail="admin@delta.example",
            sandbox=True,
            clock="2027-08-20T09:00:00Z",
        )
        self.ids["distributor"], self.tokens["distributor"] = founded["distributor"]["id"], founded["token"]
        assert founded["distributor"]["today"] == "2027-08-20"
        for parent, name in (("distributor", "reseller"), ("reseller", "child"), ("distributor", "sibling")):
            made = self.do(
                parent,
                op.CREATE_RESELLER,
                name=f"The {name}",
                currency="EUR",
                adminEmail=f"admin@{name}.example",
            )
            self.ids[name], self.tokens[name] = made["tenant"]["id"], made["token"]
        sales = self.do("child", op.CREATE_MANAGER, name="Sam Seller", email="sam@child.example", role="SALES_PERSON")
        self.ids["sales"], self.tokens["sales"] = sales["manager"]["id"], sales["token"]

    # What

    def make_and_delegate_the_plan(self) -> None:
        """8.00 at the distributor, 9.00 at the reseller, 10.00 at the child reseller."""
        term = self.do(
            "distributor", op.CREATE_SERVICE_TERM, name="Monthly from the first", key="monthly_first", billingDay=1
        )
        self.ids["term"] = term["serviceTerm"]["id"]
        plan = self.do(
            "distributor",
            op.CREATE_PLAN,
            name="Business Basic",
            sku="BB-1",
            serviceTermId=self.ids["term"],
            billingType="CSP_MONTHLY",
            periods=[{"unit": "ENDLESS"}],
            resources=[
                {
                    "key": "licence",
                    "name": "Licence",
                    "unit": "license",
                    "minimum": "1",
                    "maximum": "300",
                    "fees": {"recurringPerMonth": "8.00"},
                    "netCost": {"recurringPerMonth": "6.40"},
                }
            ],
        )["plan"]
        self.ids["plan"] = plan["id"]
        for giver, taker, of, to, markup, price in (
            ("distributor", "reseller", "plan", "reseller plan", "12.5", "9"),
            ("reseller", "child", "reseller plan", "child plan", "11.1111", "10"),
        ):
            (copy,) = self.do(
                giver, op.DELEGATE_PLAN, planId=self.ids[of], tenantIds=[self.ids[taker]], markupPercent=markup
            )["plans"]
            assert copy["resources"][0]["prices"]["recurringPerMonth"] == price
            self.ids[to] = copy["id"]
        seen = self.ask("child", op.PLAN, id=self.ids["child plan"])["plan"]
        assert seen["parent"]["plan"] is None, "the upstream plan is not the child's to read"
        assert seen["resources"][0]["prices"]["upstream"] == {
            "recurringPerMonth": "9",
            "margin": "1",
            "markupPercent": "11.1111",
        }
        self.ids["period"] = seen["periods"][0]["id"]
        self._forbidden("sales", op.PLAN, "prices.upstream.read", id=self.ids["child plan"])
        refused = self.ask(
            "child", op.UPDATE_PLAN, input={"planId": self.ids["child plan"], "change": {"name": "Mine"}}
        )["updatePlan"]["errors"]
        assert [error["code"] for error in refused] == ["READ_ONLY_DELEGATED"]

    def _forbidden(self, who: str, document: str, permission: str, **variables: Any) -> None:
        with pytest.raises(TransportQueryError) as raised:
            self.ask(who, document, **variables)
        assert raised.value.errors
        assert {each["extensions"]["permission"] for each in raised.value.errors} == {permission}

    # Money: billing.md, examples 1 and 7

    def order_and_pay(self) -> None:
        """Five licences on 20 August, billing day 1: 12/31 of 50.00 is 19.35, paid from a balance of 500.00."""
        self._make_account("account", "500.00")
        for name in ("first", "second", "third"):
            order = self._order(name, "account", "5")
            assert order["total"] == {"amount": "19.35", "currency": "EUR"}
            (charge,) = order["charges"]
            assert (charge["state"], charge["amount"]["amount"]) == ("NEW", "19.35")
            assert charge["explanation"]["fraction"] == "12/31"
            assert charge["explanation"]["rounded"] == "19.35"
            assert order["paidPeriod"] == {"start": "2027-08-20", "end": "2027-09-01", "lastDay": "2027-08-31"}
            self._pay(order["payment"]["id"])
        assert self._balance("account") == ("500.00", "58.05", "441.95")
        self.ids["discount"] = self.do(
            "distributor",
            op.CREATE_RESELLER_DISCOUNT,
            name="Third one",
            percent="10",
            tenantIds=[self.ids["reseller"]],
            subscriptionIds=[self.ids["third"]],
        )["resellerDiscount"]["id"]

    def _make_account(self, name: str, funds: str) -> None:
        email = f"{name.replace(' ', '-')}@customer.example"
        account = self.do("child", op.CREATE_ACCOUNT, name=f"The {name}", email=email)["account"]
        self.ids[name] = account["id"]
        top_up = self.do("child", op.TOP_UP, accountId=self.ids[name], amount={"amount": funds, "currency": "EUR"})
        assert top_up["account"]["balance"]["available"]["amount"] == funds

    def _order(self, name: str, account: str, quantity: str) -> Row:
        made = self.do(
            "child",
            op.ORDER_SUBSCRIPTION,
            accountId=self.ids[account],
            planId=self.ids["child plan"],
            periodId=self.ids["period"],
            quantities=[{"resourceKey": "licence", "quantity": quantity}],
            name=name,
        )
        self.ids[name] = made["subscription"]["id"]
        return dict(made["order"])

    def _pay(self, payment_id: str) -> None:
        paid = self.do("child", op.COMPLETE_PAYMENT, paymentId=payment_id)["payment"]
        assert (paid["state"], paid["order"]["state"]) == ("PAID_FROM_BALANCE", "COMPLETED")

    def _balance(self, account: str) -> tuple[str, str, str]:
        balance = self.ask("child", op.BALANCE, id=self.ids[account])["account"]["balance"]
        return balance["funds"]["amount"], balance["blocked"]["amount"], balance["available"]["amount"]

    def _charges(self, name: str, who: str = "child") -> list[tuple[str, str]]:
        found = self.ask(who, op.CHARGES, id=self.ids[name])["subscription"]["charges"]["nodes"]
        return [(charge["state"], charge["amount"]["amount"]) for charge in found]

    def change_twice(self) -> None:
        """+3 on 25 August: 6.77. Down to 6 on 28 August: closed 12.90 and 2.90, blocked 7.74, billed 23.54."""
        self._advance("2027-08-25T09:00:00Z")
        change = self._change("first", "8")
        assert change["total"]["amount"] == "6.77"
        self._pay(change["payment"]["id"])
        self._advance("2027-08-28T09:00:00Z")
        change = self._change("first", "6")
        assert (change["total"]["amount"], change["payment"], change["state"]) == ("0.00", None, "COMPLETED")
        charges = self._charges("first")
        of = {state: sorted(amount for known, amount in charges if known == state) for state, _ in charges}
        assert of["DELETED"] == ["19.35", "6.77"]
        assert of["CLOSED"] == ["12.90", "2.90"]
        assert of["BLOCKED"] == ["7.74"]
        assert self._balance("account") == ("484.20", "46.44", "437.76")
        assert self._owed("first") == {
            ("The child", "The reseller"): ["11.61", "2.61"],
            ("The reseller", "Delta Distribution"): ["10.32", "2.32"],
        }

    def _change(self, name: str, quantity: str) -> Row:
        made = self.do(
            "child",
            op.CHANGE_SUBSCRIPTION,
            subscriptionId=self.ids[name],
            quantities=[{"resourceKey": "licence", "quantity": quantity}],
        )
        return dict(made["order"])

    def _owed(self, name: str, who: str = "distributor") -> dict[tuple[str, str], list[str]]:
        """What was owed for a subscription, by debtor and creditor."""
        found = self.ask(who, op.RESELLER_CHARGES, id=self.ids[name])["resellerCharges"]["nodes"]
        owed: dict[tuple[str, str], list[str]] = {}
        for charge in found:
            pair = (charge["debtor"]["name"], charge["creditor"]["name"])
            owed.setdefault(pair, []).append(charge["amount"]["amount"])
        return {pair: sorted(amounts) for pair, amounts in owed.items()}

    def let_the_billing_day_come(self) -> None:
        """On 1 September August is closed, each level owes the one above, and September is paid."""
        self._advance("2027-09-01T09:00:00Z")
        closed = [amount for state, amount in self._charges("first") if state == "CLOSED"]
        assert sorted(closed) == ["12.90", "2.90", "7.74"]
        assert sum(map(Decimal, closed)) == Decimal("23.54")
        for name, quantity, september in (("first", "6", "60.00"), ("second", "5", "50.00"), ("third", "5", "50.00")):
            assert ("BLOCKED", september) in self._charges(name)
            subscription = self.ask("child", op.SUBSCRIPTION, id=self.ids[name])["subscription"]
            assert (subscription["phase"], subscription["paidTo"]) == ("RUNNING", "2027-10-01")
            assert subscription["resources"][0]["quantity"] == quantity
        assert self._owed("first") == {
            ("The child", "The reseller"): ["11.61", "2.61", "6.97"],
            ("The reseller", "Delta Distribution"): ["10.32", "2.32", "6.19"],
        }
        assert self._owed("second") == {
            ("The child", "The reseller"): ["17.42"],
            ("The reseller", "Delta Distribution"): ["15.48"],
        }
        assert self._owed("third") == {
            ("The child", "The reseller"): ["17.42"],
            ("The reseller", "Delta Distribution"): ["13.94"],
        }
        assert self._owed("second", who="child") == {("The child", "The reseller"): ["17.42"]}
        # 500.00 − 23.54 − 2 × 19.35 written off, 160.00 reserved for September
        assert self._balance("account") == ("437.76", "160.00", "277.76")
        self._wait_for_mail("account@customer.example", "160.00")

    def stop_who_cannot_pay(self) -> None:
        """An account with 25.00 pays for September but not for October: its subscription stops on the day."""
        self._make_account("poor account", "25.00")
        order = self._order("poor", "poor account", "2")
        assert order["total"]["amount"] == "20.00"
        self._pay(order["payment"]["id"])
        self._advance("2027-10-01T09:00:00Z")
        subscription = self.ask("child", op.SUBSCRIPTION, id=self.ids["poor"])["subscription"]
        assert (subscription["state"], subscription["phase"]) == ("STOPPED", "SUSPENDED")
        assert self._balance("poor account") == ("5.00", "0.00", "5.00")
        # paid 160.00 for September, reserved as much for October
        assert self._balance("account") == ("277.76", "160.00", "117.76")
        self._wait_for_mail("poor-account@customer.example", "20.00")

    def _wait_for_mail(self, recipient: str, amount: str) -> None:
        if self.mails is None:
            return
        mails = self.mails
        self._wait(
            lambda: any(mail.startswith(recipient) and amount in mail for mail in mails()),
            f"no mail to {recipient} tells of {amount}",
        )

    def _wait(self, has_come: Callable[[], bool], message: str) -> None:
        until = time.monotonic() + PATIENCE
        while not has_come():
            assert time.monotonic() < until, message
            time.sleep(0.1)

    def _advance(self, to: str) -> None:
        """Let the sandbox's time pass, however long the job takes."""
        job = self.do("distributor", op.ADVANCE_CLOCK, to=to, wait=0)["job"]
        self.meanwhile()

        def ended() -> bool:
            state = self.ask("distributor", op.JOB, id=job["id"])["job"]["state"]
            assert state != "FAILED"
            return bool(state == "DONE")

        self._wait(ended, f"the clock did not reach {to}")
        clock = self.ask("distributor", op.CLOCK, id=self.ids["distributor"])["distributor"]["clock"]
        assert clock.startswith(to.removesuffix("Z"))

    # The rest

    def rename(self) -> None:
        """The distributor's names reach every copy at every level."""
        self.do(
            "distributor",
            op.UPDATE_PLAN,
            planId=self.ids["plan"],
            change={"name": "Business Basic 2", "resources": [{"key": "licence", "name": "Seat"}]},
        )

        def renamed() -> bool:
            found = [self.ask("distributor", op.PLAN, id=self.ids[name])["plan"] for name in copies]
            return all((plan["name"], plan["resources"][0]["name"]) == ("Business Basic 2", "Seat") for plan in found)

        copies = ("plan", "reseller plan", "child plan")
        self._wait(renamed, "a copy has not got the new names")

    def import_the_price_sheet(self) -> None:
        """Real rows become plans; a second import of the same doubles nothing; a broken file leaves no trace."""
        before = self._plans()
        sheet = SHEET.read_text()
        rows = len(sheet.splitlines()) - 1
        first = self.run("import", "price-sheet", str(SHEET), "--distributor", self.ids["distributor"])
        assert first.returncode == 0, first.stderr
        assert self._plans() == before + rows
        again = self.run("import", "price-sheet", str(SHEET), "--distributor", self.ids["distributor"])
        assert again.returncode == 0, again.stderr
        assert self._plans() == before + rows
        with tempfile.TemporaryDirectory() as folder:
            broken = Path(folder) / "broken.csv"
            broken.write_text(_with_a_bad_price(sheet))
            refused = self.run("import", "price-sheet", str(broken), "--distributor", self.ids["distributor"])
        assert refused.returncode == 1
        assert "line 3" in refused.stderr + refused.stdout
        assert "UnitPrice" in refused.stderr + refused.stdout
        assert self._plans() == before + rows

    def _plans(self) -> int:
        return int(self.ask("distributor", op.COUNT_PLANS)["plans"]["totalCount"]["value"])

    def see_as_a_sibling(self) -> None:
        """The sibling reseller sees nothing of all this, and changes nothing."""
        for name, id in self.ids.items():
            if name != "sibling":
                assert self.ask("sibling", op.NODE, id=id)["node"] is None or name == "term", name
        lists = self.ask("sibling", op.LISTS)
        assert {name: len(found["nodes"]) for name, found in lists.items()} == dict.fromkeys(lists, 0)
        for document, input in (
            (op.STOP_SUBSCRIPTION, {"subscriptionId": self.ids["first"]}),
            (op.UPDATE_PLAN, {"planId": self.ids["child plan"], "change": {"description": "ours"}}),
            (op.TOP_UP, {"accountId": self.ids["account"], "amount": {"amount": "1.00", "currency": "EUR"}}),
        ):
            ((_, payload),) = self.ask("sibling", document, input=input).items()
            assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]
        assert self._balance("account") == ("277.76", "160.00", "117.76")


def _with_a_bad_price(text: str) -> str:
    """The sheet with a word for a price on its third line."""
    rows = list(csv.reader(io.StringIO(text)))
    rows[2][rows[0].index("UnitPrice")] = "cheap"
    broken = io.StringIO()
    csv.writer(broken).writerows(rows)
    return broken.getvalue()


def main(url: str, operator: str) -> None:
    """Play against a running house."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([ROOT / "headwater", *arguments], capture_output=True, text=True, check=False)

    def mails() -> list[str]:
        """Recipient, subject and text, as `./headwater mail` shows them."""
        count = len(run("mail", "list").stdout.splitlines())
        shown = [run("mail", "show", str(number)).stdout for number in range(1, count + 1)]
        return [text.partition("\nTo: ")[2] for text in shown]

    Story(url, operator, run, mails).play()
    sys.stdout.write("The story ends well: every amount is as it should be.\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
