"""Agreements, invitations, accounts that users open themselves, and what is written about accounts."""

import re

import pytest
from sqlalchemy import select, text

from domain.customers.models import AgreementAcceptance
from domain.shared.models import Mail
from tenancy.customers import authenticate_customer
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.changing.world import Row, World, uuid_of

TERMS = {"kind": "TERMS_AND_CONDITIONS", "title": "Terms of sale", "url": "https://brook.example/terms"}
ORDER = {"quantities": [{"resourceKey": "seats", "quantity": "3"}]}


def order(world: World, who: str, account: str = "account") -> list[dict[str, object]]:
    """The refusals of an order of a user."""
    input = {
        "accountId": world.ids[account],
        "planId": world.ids["child's plan"],
        "periodId": world.ids["plan endless"],
        **ORDER,
    }
    return list(world.call(who, "orderSubscription", input)["errors"])


def seen(world: World, who: str, query: str) -> Row:
    """What somebody reads, beside a mutation that is refused."""
    nothing = 'updateAccount(input: {accountId: "nothing", change: {}})'
    answer = world.ask(who, f"mutation {{ {nothing} {{ query {{ {query} }} }} }}")
    return dict(answer["data"]["updateAccount"]["query"])


def mailed_token(world: World, recipient: str) -> str:
    """The key in the last mail to somebody."""
    with Sessions(world.engine).begin(PLATFORM) as session:
        body = session.scalars(select(Mail.body).where(Mail.recipient == recipient).order_by(Mail.id.desc())).first()
    (token,) = re.findall(r"^hw_\S+$", body or "", re.MULTILINE)
    return str(token)


@pytest.mark.feature("T-10")
def test_an_order_waits_for_the_terms_in_force_and_the_acceptance_is_kept(world: World) -> None:
    # given
    assert order(world, "owner") == []
    published = world.do("child", "publishAgreement", **TERMS)["agreement"]
    before = world.digest()
    # when
    refused = order(world, "owner")
    unchanged = world.digest()
    accepted = world.do("owner", "acceptAgreements", agreementIds=[published["id"]])["agreements"]
    # then
    assert [(each["code"], each["message"]) for each in refused] == [
        ("AGREEMENT_REQUIRED", "Terms of sale (version 1) has to be accepted first.")
    ]
    assert unchanged == before
    assert accepted[0]["acceptedAt"] == "2027-09-20T09:00:00+00:00"
    assert order(world, "owner") == []
    with Sessions(world.engine).begin(PLATFORM) as session:
        kept = session.scalars(
            select(AgreementAcceptance).where(AgreementAcceptance.agreement_id == uuid_of(published["id"]))
        ).one()
        assert (kept.user_id, kept.version, kept.account_id) == (
            uuid_of(world.ids["owner"]),
            1,
            uuid_of(world.ids["account"]),
        )


@pytest.mark.feature("T-10")
def test_a_new_version_has_to_be_accepted_anew_and_one_that_asks_for_nothing_ends_it(world: World) -> None:
    first = world.do("child", "publishAgreement", **TERMS)["agreement"]["id"]
    world.do("owner", "acceptAgreements", agreementIds=[first])
    assert order(world, "owner") == []
    world.do("child", "publishAgreement", **TERMS)
    assert [each["code"] for each in order(world, "owner")] == ["AGREEMENT_REQUIRED"]
    old = world.call("owner", "acceptAgreements", {"agreementIds": [first]})
    assert [(each["code"], each["path"]) for each in old["errors"]] == [("INVALID_STATE", ["agreementIds", "0"])]
    world.do("child", "publishAgreement", **TERMS, required=False)
    assert order(world, "owner") == []


@pytest.mark.feature("T-10")
def test_an_agreement_from_above_holds_until_the_seller_has_its_own(world: World) -> None:
    agreements = "viewer { agreements { title kind acceptedAt } }"
    world.do("distributor", "publishAgreement", **TERMS | {"title": "Terms of Delta"})
    titles = [each["title"] for each in seen(world, "admin", agreements)["viewer"]["agreements"]]
    assert titles == ["Privacy", "Terms of Delta"]
    world.do("child", "publishAgreement", **TERMS | {"title": "Terms of Brook"})
    titles = [each["title"] for each in seen(world, "admin", agreements)["viewer"]["agreements"]]
    assert titles == ["Privacy", "Terms of Brook"]


@pytest.mark.feature("T-10")
def test_nobody_registers_without_accepting_the_privacy_policy(world: World) -> None:
    before = world.digest()
    refused = world.call("invited", "acceptInvitation", {"name": "Gus"})
    assert [each["code"] for each in refused["errors"]] == ["AGREEMENT_REQUIRED"]
    assert world.digest() == before


@pytest.mark.feature("T-07")
def test_an_invitation_lets_a_new_user_in_once(world: World) -> None:
    # when
    came = world.do("invited", "acceptInvitation", name="Gus", agreementIds=[world.ids["privacy policy"]])
    again = world.call("invited", "acceptInvitation", {"name": "Gus"})
    # then
    assert (came["membership"]["level"], came["user"]["email"]) == ("FINANCE", "gus@meadow.example")
    assert [each["code"] for each in again["errors"]] == ["NOT_FOUND"]
    with Sessions(world.engine).begin(PLATFORM) as session:
        assert authenticate_customer(session, world.tokens["invited"]) is None
        identity = authenticate_customer(session, came["token"])
    assert identity is not None
    assert identity.scope.customer is not None
    assert identity.scope.customer.account_id == uuid_of(world.ids["account"])


@pytest.mark.feature("T-07")
def test_a_user_who_is_there_already_joins_and_gets_no_second_token(world: World) -> None:
    world.do(
        "owner",
        "inviteMember",
        accountId=world.ids["account"],
        email="STRANGER@meadow.example",
        level="ADMIN",
    )
    world.tokens["invited stranger"] = mailed_token(world, "stranger@meadow.example")
    came = world.do("invited stranger", "acceptInvitation")
    assert (came["user"]["id"], came["membership"]["level"], came["token"]) == (world.ids["stranger"], "ADMIN", None)


@pytest.mark.feature("T-07")
def test_only_the_last_mails_token_works_and_none_after_it_was_taken_back(world: World) -> None:
    def opens(token: str) -> bool:
        with Sessions(world.engine).begin(PLATFORM) as session:
            return authenticate_customer(session, token) is not None

    first = mailed_token(world, "hugo@meadow.example")
    assert opens(first)
    world.do("owner", "resendInvitation", invitationId=world.ids["invitation"])
    second = mailed_token(world, "hugo@meadow.example")
    assert (opens(first), opens(second)) == (False, True)
    world.do("owner", "revokeInvitation", invitationId=world.ids["invitation"])
    assert not opens(second)


@pytest.mark.feature("T-07")
def test_an_invitation_that_has_expired_opens_nothing(world: World) -> None:
    with Sessions(world.engine).begin(PLATFORM) as session:
        session.execute(text("UPDATE invitations SET expires_at = now()"))
    with Sessions(world.engine).begin(PLATFORM) as session:
        assert authenticate_customer(session, world.tokens["invited"]) is None


@pytest.mark.feature("T-11")
def test_an_order_for_a_new_account_belongs_to_it_and_the_user_works_there_from_then_on(world: World) -> None:
    made = world.do(
        "user",
        "orderForNewAccount",
        accountName="Mine",
        planId=world.ids["child's plan"],
        periodId=world.ids["plan endless"],
        **ORDER,
    )
    assert (made["account"]["name"], made["order"]["account"]["name"]) == ("Mine", "Mine")
    with Sessions(world.engine).begin(PLATFORM) as session:
        identity = authenticate_customer(session, world.tokens["user"])
    assert identity is not None
    assert identity.scope.customer is not None
    assert identity.scope.customer.account_id == uuid_of(made["account"]["id"])
    assert identity.scope.customer.level == "OWNER"


@pytest.mark.feature("T-11")
def test_a_refused_order_leaves_no_account_behind(world: World) -> None:
    before = world.digest()
    refused = world.call(
        "user",
        "orderForNewAccount",
        {
            "accountName": "Mine",
            "planId": world.ids["child's plan"],
            "periodId": world.ids["plan endless"],
            "quantities": [{"resourceKey": "seats", "quantity": "0"}],
        },
    )
    assert len(refused["errors"]) == 1
    assert world.digest() == before


@pytest.mark.feature("T-07")
def test_a_user_writes_its_accounts_address_but_not_what_its_seller_decides(world: World) -> None:
    account = world.ids["account"]
    changed = world.do("admin", "updateAccount", accountId=account, change={"city": "Brook", "country": "de"})
    assert (changed["account"]["city"], changed["account"]["country"]) == ("Brook", "DE")
    refused = world.call("admin", "updateAccount", {"accountId": account, "change": {"microsoft": True}})
    assert [each["message"] for each in refused["errors"]] == ["This needs the permission account_terms.write."]


@pytest.mark.feature("T-07")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"country": "XX"}, "country must be a country's two letters such as DE."),
        ({"signerEmail": "nobody"}, "signerEmail must be an address such as name@example.com."),
        ({"name": None}, "name cannot be empty."),
        ({"kind": "CUSTOM"}, "CUSTOM and a type go together."),
    ],
)
def test_what_is_written_about_an_account_is_checked(
    unchanged_world: World, change: dict[str, object], message: str
) -> None:
    input = {"accountId": unchanged_world.ids["account"], "change": change}
    refused = unchanged_world.call("child", "updateAccount", input, dry=True)
    assert [each["message"] for each in refused["errors"]] == [message]


@pytest.mark.feature("T-09")
def test_a_company_names_rules_hold_where_there_is_something_of_microsofts_and_nowhere_else(world: World) -> None:
    # given
    world.do("distributor", "setSetting", key="COMPANY_NAME_ABBREVIATIONS", texts=["LLC"])
    plain = world.do("child", "createAccount", name="Hill LLC", email="a@b.example")["account"]["id"]
    # when
    refused = world.call("child", "createAccount", {"name": "Hill LLC", "email": "a@b.example", "microsoft": True})
    later = world.call("child", "updateAccount", {"accountId": plain, "change": {"microsoft": True}})
    person = world.call(
        "child", "createAccount", {"name": "Hill LLC", "email": "a@b.example", "microsoft": True, "kind": "PERSONAL"}
    )
    # then
    assert [each["message"] for each in refused["errors"]] == ["A company's name may not hold LLC."]
    assert [each["message"] for each in later["errors"]] == ["A company's name may not hold LLC."]
    assert person["errors"] == []


@pytest.mark.feature("C-13")
def test_account_classes_are_listed_with_their_parameters_and_filtered_here_and_below(world: World) -> None:
    world.do(
        "distributor",
        "createAccountClass",
        key="gold",
        name="Gold",
        default=True,
        terms={"threshold": "200", "paysBelowZero": True, "subzeroDays": -1, "creditLimit": "500"},
    )
    document = """accountClasses(filter: {threshold: {gte: "100"}}) { nodes {
      key own default threshold paysBelowZero subzeroDays cancelUnpaidDays creditLimit paymentExpirationDays } }"""
    assert seen(world, "child", document)["accountClasses"]["nodes"] == [
        {
            "key": "gold",
            "own": False,
            "default": True,
            "threshold": "200",
            "paysBelowZero": True,
            "subzeroDays": -1,
            "cancelUnpaidDays": 14,
            "creditLimit": "500",
            "paymentExpirationDays": 14,
        }
    ]
