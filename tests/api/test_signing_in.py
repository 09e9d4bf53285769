"""Whoever has a password becomes the holder of a token, and nobody else does."""

import hashlib
import json
import logging
import statistics
import time
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from domain.notifications import mails, people
from tenancy.models import Tenant
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import Sessions
from tenancy.signing_in import attempts
from tenancy.signing_in.actions import set_password
from tenancy.signing_in.models import PersonKind
from tenancy.signing_in.passwords import hashed
from tests.api.conftest import Api

pytestmark = pytest.mark.feature("T-05")

PASSWORD, NEW = "a brook runs downhill", "and never up again"
REFUSED = "SIGN_IN_REFUSED"
SIGN_IN = """mutation ($input: SignInInput!, $dry: Boolean! = false) { signIn(input: $input, dryRun: $dry) {
  accessToken refreshToken session { id kind address endedBy person { ... on Manager { email } } }
  errors { kind code message path } query { viewer { actor { ... on Manager { name } } permissions } } } }"""
REFRESH = """mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) {
  accessToken refreshToken session { id } errors { code message path } query { viewer { session { id } } } } }"""
CHANGE = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { errors { code path } } }"
REQUEST = "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { errors { code } } }"
RESET = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { errors { code message path } } }"
OUT = "mutation ($input: SignOutInput!) { signOut(input: $input) { session { endedBy } errors { code } } }"
ME = "{ viewer { session { id } sessions { id } tokens { name } } }"


class Site:
    """The child reseller's, whose administrator has a password."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.number = api.chain.child.tenant.number
        with Sessions(api.engine).begin(PLATFORM) as session:
            set_password(session, api.chain.child.manager, PersonKind.MANAGER, hashed(PASSWORD))

    def post(
        self, document: str, token: str | None = None, headers: dict[str, str] | None = None, **variables: Any
    ) -> Any:
        authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.api.client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers=authorization | (headers or {}),
        )

    def call(
        self, document: str, token: str | None = None, /, *, dry: bool | None = None, **input: Any
    ) -> dict[str, Any]:
        """The payload of the one mutation."""
        more: dict[str, Any] = {} if dry is None else {"dry": dry}
        answer = self.post(document, token, input=input, **more).json()
        assert "data" in answer, answer
        ((_, payload),) = answer["data"].items()
        return dict(payload)

    def sign_in(self, password: str = PASSWORD, email: str = "admin@brook.example", **more: Any) -> dict[str, Any]:
        return self.call(SIGN_IN, **{"tenant": self.number, "email": email, "password": password, **more})

    def opens(self, token: str) -> bool:
        return bool(self.post(ME, token).status_code == 200)

    def execute(self, statement: str, **values: Any) -> Any:
        with Sessions(self.api.engine).begin(PLATFORM) as session:
            found: Any = session.execute(text(statement), values)
            return found.scalar() if found.returns_rows else None


@pytest.fixture
def site(api: Api) -> Site:
    return Site(api)


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["errors"]]


def test_a_manager_signs_in_and_the_payload_is_read_as_that_manager(site: Site) -> None:
    payload = site.sign_in()
    assert payload["errors"] == []
    assert payload["session"]["person"] == {"email": "admin@brook.example"}
    assert payload["session"]["kind"] == "MANAGER"
    assert payload["query"]["viewer"]["actor"] == {"name": "admin@brook.example"}
    assert "managers.write" in payload["query"]["viewer"]["permissions"]
    me = site.post(ME, payload["accessToken"]).json()["data"]["viewer"]
    assert me["session"]["id"] == payload["session"]["id"]
    assert [each["id"] for each in me["sessions"]] == [payload["session"]["id"]]


def test_the_tenant_may_be_named_by_its_id(site: Site) -> None:
    identity = site.post("{ viewer { tenant { id } } }", site.api.tokens["child"]).json()
    assert site.sign_in(tenant=identity["data"]["viewer"]["tenant"]["id"])["errors"] == []
    assert site.sign_in(tenant=f" {site.number.lower()} ")["errors"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "a brook runs uphill"},
        {"password": ""},
        {"email": "nobody@brook.example"},
        {"email": "sam@brook.example"},  # is there, and has no password
        {"email": "\x00"},
        {"tenant": "D99-9"},
        {"tenant": "\x00"},
        {"tenant": "rsl_" + "0" * 32},
        {"kind": "USER"},
    ],
)
def test_whatever_is_wrong_is_told_in_the_same_words(site: Site, wrong: dict[str, str]) -> None:
    payload = site.sign_in(**wrong)
    assert payload["errors"] == [
        {
            "kind": "DENIED",
            "code": REFUSED,
            "message": "Tenant, e-mail address and password do not go together.",
            "path": [],
        }
    ]
    assert (payload["accessToken"], payload["session"], payload["query"]) == (None, None, {"viewer": None})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE managers SET active = false",
        "UPDATE tenants SET state = 'SUSPENDED' WHERE kind = 'RESELLER'",
    ],
)
def test_who_is_shut_out_is_told_nothing_else(site: Site, statement: str) -> None:
    opened = site.sign_in()
    site.execute(statement)
    assert codes(site.sign_in()) == [REFUSED]
    assert codes(site.call(REFRESH, refreshToken=opened["refreshToken"])) == [REFUSED]
    assert not site.opens(opened["accessToken"])


def test_a_wrong_password_takes_as_long_as_nobody(site: Site) -> None:
    def times(**wrong: str) -> float:
        found = []
        for number in range(7):
            started = time.perf_counter()
            assert codes(site.sign_in(**{**wrong, "tenant": site.number})) == [REFUSED]
            found.append(time.perf_counter() - started)
            assert number < attempts.FAILURES_OF_PERSON.most
        return statistics.median(found)

    times(email="warm@brook.example")
    known, unknown = times(password="a brook runs uphill"), times(email="nobody@brook.example")
    # Looking at a password takes some 50 ms, everything else a few: without it one would take a fraction of the other.
    assert 0.5 < known / unknown < 2


def test_after_ten_failures_of_one_person_nobody_signs_in_so_for_a_quarter_of_an_hour(site: Site) -> None:
    # given
    for _ in range(10):
        assert codes(site.sign_in("a brook runs uphill")) == [REFUSED]
    # when
    refused = site.sign_in()
    # then
    assert [(error["kind"], error["code"]) for error in refused["errors"]] == [("RETRY", "LIMIT_EXCEEDED")]
    assert "10 failed sign-ins of one person in 15 minutes" in refused["errors"][0]["message"]
    site.execute("UPDATE sign_in_attempts SET since = since - interval '15 minutes'")
    assert site.sign_in()["errors"] == []


def test_somebody_who_is_not_there_is_locked_out_just_so(site: Site) -> None:
    for _ in range(10):
        assert codes(site.sign_in(email="nobody@brook.example")) == [REFUSED]
    assert codes(site.sign_in(email="NOBODY@brook.example", tenant=site.number.lower())) == ["LIMIT_EXCEEDED"]
    assert site.sign_in()["errors"] == []


def test_a_success_forgets_failures_of_the_person_but_not_those_of_the_address(site: Site) -> None:
    for _ in range(3):
        site.sign_in("a brook runs uphill")
    assert site.execute("SELECT max(failures) FROM sign_in_attempts") == 3
    assert site.sign_in()["errors"] == []
    assert site.execute("SELECT array_agg(failures) FROM sign_in_attempts") == [3]


def test_a_hundred_failures_from_one_address_close_it_for_everybody_there(site: Site) -> None:
    site.sign_in("a brook runs uphill")
    site.execute(
        "UPDATE sign_in_attempts SET failures = 100 WHERE key = :key",
        key=attempts.key_of(attempts.FAILURES_OF_ADDRESS, "testclient"),
    )
    refused = site.sign_in(email="sam@brook.example")
    assert "100 failed sign-ins from one address in 15 minutes" in refused["errors"][0]["message"]


def test_guessing_in_dry_runs_counts_and_opens_nothing(site: Site) -> None:
    tried = site.call(SIGN_IN, dry=True, tenant=site.number, email="admin@brook.example", password=PASSWORD)
    assert tried["errors"] == []
    assert not site.opens(tried["accessToken"])
    wrong = {"tenant": site.number, "email": "admin@brook.example", "password": "a brook runs uphill"}
    for _ in range(10):
        assert codes(site.call(SIGN_IN, dry=True, **wrong)) == [REFUSED]
    assert codes(site.sign_in()) == ["LIMIT_EXCEEDED"]


def test_a_password_kept_with_old_parameters_is_hashed_anew_at_the_next_sign_in(site: Site) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    site.execute("UPDATE credentials SET password_hash = :old", old=old)
    assert site.sign_in()["errors"] == []
    assert site.execute("SELECT password_hash FROM credentials").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert site.sign_in()["errors"] == []


def test_a_session_is_renewed_by_its_refresh_token(site: Site) -> None:
    first = site.sign_in()
    second = site.call(REFRESH, refreshToken=first["refreshToken"])
    assert second["errors"] == []
    assert second["session"]["id"] == first["session"]["id"] == second["query"]["viewer"]["session"]["id"]
    assert site.opens(second["accessToken"])
    assert site.opens(first["accessToken"])  # what is on its way arrives
    assert not site.opens(second["refreshToken"])
    assert codes(site.call(REFRESH, refreshToken=second["accessToken"])) == [REFUSED]


def test_a_refresh_token_that_comes_twice_ends_its_session(site: Site) -> None:
    # given
    first = site.sign_in()
    other = site.sign_in()
    second = site.call(REFRESH, refreshToken=first["refreshToken"])
    # when
    again = site.call(REFRESH, refreshToken=first["refreshToken"])
    # then
    assert codes(again) == [REFUSED]
    assert again["accessToken"] is None
    assert not site.opens(first["accessToken"])
    assert not site.opens(second["accessToken"])
    assert codes(site.call(REFRESH, refreshToken=second["refreshToken"])) == [REFUSED]
    assert site.execute("SELECT ended_by FROM person_sessions WHERE ended_at IS NOT NULL") == "TOKEN_REUSED"
    assert site.opens(other["accessToken"])


def test_tokens_of_a_session_expire(site: Site) -> None:
    opened = site.sign_in()
    lasts = site.execute("SELECT max(expires_at - created_at) FROM session_tokens WHERE NOT refreshes")
    assert abs(lasts - timedelta(minutes=15)) < timedelta(seconds=5)
    site.execute("UPDATE session_tokens SET expires_at = now() WHERE NOT refreshes")
    assert not site.opens(opened["accessToken"])
    assert site.call(REFRESH, refreshToken=opened["refreshToken"])["errors"] == []
    site.execute("UPDATE session_tokens SET expires_at = now()")
    assert codes(site.call(REFRESH, refreshToken=opened["refreshToken"])) == [REFUSED]


def test_signing_out_ends_the_session_at_once(site: Site) -> None:
    mine, other = site.sign_in(), site.sign_in()
    assert site.call(OUT, mine["accessToken"])["session"] == {"endedBy": "SIGNED_OUT"}
    assert not site.opens(mine["accessToken"])
    assert codes(site.call(REFRESH, refreshToken=mine["refreshToken"])) == [REFUSED]
    assert site.opens(other["accessToken"])
    third = site.sign_in()
    site.call(OUT, third["accessToken"], everywhere=True)
    assert not site.opens(other["accessToken"])


def test_a_token_of_its_own_has_no_session_to_end(site: Site) -> None:
    assert codes(site.call(OUT, site.api.tokens["child"])) == ["INVALID_STATE"]


def test_anothers_session_is_ended_by_who_manages_people(site: Site) -> None:
    opened = site.sign_in()
    id = opened["session"]["id"]
    assert codes(site.call(OUT, site.api.tokens["sales"], sessionId=id)) == ["FORBIDDEN"]
    assert codes(site.call(OUT, site.api.tokens["sibling"], sessionId=id)) == ["NOT_FOUND"]
    assert codes(site.call(OUT, site.api.tokens["reseller"], sessionId=id)) == ["ACT_AS_REQUIRED"]
    assert site.opens(opened["accessToken"])


def test_a_new_password_ends_the_other_sessions_and_needs_the_old_one(site: Site) -> None:
    # given
    mine, other = site.sign_in(), site.sign_in()
    # when
    wrong = site.call(CHANGE, mine["accessToken"], currentPassword="uphill uphill", newPassword=NEW)
    right = site.call(CHANGE, mine["accessToken"], currentPassword=PASSWORD, newPassword=NEW)
    # then
    assert wrong["errors"] == [{"code": REFUSED, "path": ["currentPassword"]}]
    assert right["errors"] == []
    assert site.opens(mine["accessToken"])
    assert not site.opens(other["accessToken"])
    assert codes(site.sign_in()) == [REFUSED]
    assert site.sign_in(NEW)["errors"] == []


@pytest.mark.parametrize("new", ["short", "x" * 201, "admin@brook.example"])
def test_what_is_no_password_is_refused_with_its_path(site: Site, new: str) -> None:
    payload = site.call(CHANGE, site.api.tokens["child"], currentPassword=PASSWORD, newPassword=new)
    assert payload["errors"] == [{"code": "INVALID_INPUT", "path": ["newPassword"]}]


def test_the_operator_has_no_password(site: Site) -> None:
    payload = site.call(CHANGE, site.api.tokens["operator"], currentPassword=PASSWORD, newPassword=NEW)
    assert codes(payload) == [REFUSED]


def run_reset_jobs(site: Site) -> None:
    """What the worker does with the jobs that were asked for."""
    for row in (
        site.execute(
            "SELECT json_agg(json_build_object('distributor', distributor_id, 'arguments', arguments)) FROM jobs"
            " WHERE kind = 'notifications.send_password_reset' AND state = 'WAITING'"
        )
        or []
    ):
        with Sessions(site.api.engine).begin(PLATFORM) as session:
            tenant = session.query(Tenant).where(Tenant.id == row["arguments"]["tenant_id"]).one()
            people.send_password_reset(
                session,
                tenant,
                kind=PersonKind(row["arguments"]["kind"]),
                email=row["arguments"]["email"],
                page="https://panel.example/password?key={token}",
                clock=site.api.chain.clock,
            )


def asked(site: Site, email: str = "admin@brook.example", **more: Any) -> dict[str, Any]:
    return site.call(REQUEST, **{"tenant": site.number, "email": email, **more})


def key_in_mail(site: Site) -> str:
    body = str(site.execute("SELECT body FROM mails WHERE kind = 'password.reset' ORDER BY id DESC LIMIT 1"))
    return body.partition("?key=")[2].split()[0]


def test_a_password_is_reset_once_with_the_key_from_the_mail(site: Site) -> None:
    # given
    opened = site.sign_in()
    assert asked(site)["errors"] == []
    run_reset_jobs(site)
    key = key_in_mail(site)
    # when
    done = site.call(RESET, token=key, newPassword=NEW)
    again = site.call(RESET, token=key, newPassword=PASSWORD)
    # then
    assert done["errors"] == []
    assert codes(again) == [REFUSED]
    assert not site.opens(opened["accessToken"])
    assert site.sign_in(NEW)["errors"] == []
    assert site.execute("SELECT recipient FROM mails") == "admin@brook.example"


USERS_OWN = """{ viewer { actor { ... on User { email } } account { name } level }
  accounts { nodes { name } } managers { nodes { id } } }"""
CREATE_USER = "mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } errors { code } } }"
CREATE_ACCOUNT = """mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) { account { id } errors { code } } }"""


def user_with_password(site: Site) -> None:
    """The owner of one of the seller's two customers, with a password from a reset mail."""
    child = site.api.tokens["child"]
    user = site.call(CREATE_USER, child, name="Olga", email="olga@meadow.example")["user"]["id"]
    for name, owner in (("Meadow", {"ownerId": user}), ("Hill", {})):
        made = site.call(CREATE_ACCOUNT, child, name=name, email=f"post@{name.lower()}.example", **owner)
        assert made["errors"] == []
    assert asked(site, "olga@meadow.example", kind="USER")["errors"] == []
    run_reset_jobs(site)
    assert site.call(RESET, token=key_in_mail(site), newPassword=NEW)["errors"] == []


@pytest.mark.feature("T-08")
def test_a_customers_user_signs_in_and_sees_what_is_its_customers(site: Site) -> None:
    # given
    user_with_password(site)
    # when
    opened = site.sign_in(NEW, "olga@meadow.example", kind="USER")
    # then
    assert (opened["errors"], opened["session"]["kind"]) == ([], "USER")
    answer = site.post(USERS_OWN, opened["accessToken"]).json()
    assert answer["data"]["viewer"] == {
        "actor": {"email": "olga@meadow.example"},
        "account": {"name": "Meadow"},
        "level": "OWNER",
    }
    assert answer["data"]["accounts"] == {"nodes": [{"name": "Meadow"}]}
    assert not (answer["data"]["managers"] or {}).get("nodes")
    renewed = site.call(REFRESH, refreshToken=opened["refreshToken"])
    assert renewed["errors"] == []
    sessions = site.post(ME, renewed["accessToken"]).json()["data"]["viewer"]["sessions"]
    assert [each["id"] for each in sessions] == [opened["session"]["id"]]
    assert site.call(OUT, renewed["accessToken"])["session"] == {"endedBy": "SIGNED_OUT"}
    assert not site.opens(renewed["accessToken"])


@pytest.mark.feature("T-08")
def test_a_user_and_a_manager_do_not_sign_in_as_each_other(site: Site) -> None:
    user_with_password(site)
    assert codes(site.sign_in(NEW, "olga@meadow.example", kind="MANAGER")) == [REFUSED]
    assert codes(site.sign_in(PASSWORD, "admin@brook.example", kind="USER")) == [REFUSED]


def test_a_key_is_good_for_an_hour_and_the_latest_reset_uses_up_all(site: Site) -> None:
    for _ in range(2):
        asked(site)
    run_reset_jobs(site)
    keys = site.execute("SELECT count(*) FROM password_resets")
    assert keys == 2
    site.execute(
        "UPDATE password_resets SET expires_at = now() WHERE id = (SELECT id FROM password_resets"
        " ORDER BY id DESC LIMIT 1)"
    )
    assert codes(site.call(RESET, token=key_in_mail(site), newPassword=NEW)) == [REFUSED]
    assert site.sign_in()["errors"] == []


def test_a_reset_opens_what_was_locked(site: Site) -> None:
    for _ in range(10):
        site.sign_in("a brook runs uphill")
    asked(site)
    run_reset_jobs(site)
    assert site.call(RESET, token=key_in_mail(site), newPassword=NEW)["errors"] == []
    assert site.sign_in(NEW)["errors"] == []


def test_a_request_for_somebody_who_is_not_there_is_answered_alike_and_mails_nobody(site: Site) -> None:
    assert asked(site, "nobody@brook.example") == asked(site)
    assert site.execute("SELECT count(*) FROM jobs") == 2
    run_reset_jobs(site)
    assert site.execute("SELECT count(*) FROM mails") == 1
    assert asked(site, tenant="D99-9") == {"errors": []}


def test_three_requests_an_hour_are_the_most(site: Site) -> None:
    for email in ("admin@brook.example", "nobody@brook.example"):
        assert [codes(asked(site, email)) for _ in range(4)] == [[], [], [], ["LIMIT_EXCEEDED"]]


def test_nothing_secret_is_kept_or_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    # given
    caplog.set_level(logging.DEBUG)
    opened = site.sign_in()
    renewed = site.call(REFRESH, refreshToken=opened["refreshToken"])
    site.sign_in("a brook runs uphill")
    asked(site)
    run_reset_jobs(site)
    key = key_in_mail(site)
    with Sessions(site.api.engine).begin(PLATFORM) as session:
        mail = session.execute(text("SELECT distributor_id, id FROM mails")).one()
        mails.record_sent(
            session,
            Scope.of_tenant(mail.distributor_id, mail.distributor_id, ""),
            mail_id=mail.id,
            clock=site.api.chain.clock,
        )
    secrets = [PASSWORD, "a brook runs uphill", key]
    secrets += [each[name] for each in (opened, renewed) for name in ("accessToken", "refreshToken")]
    # then
    tables = site.execute("SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'public'")
    kept = "".join(
        site.execute(f'SELECT coalesce(string_agg(t::text, chr(10)), chr(10)) FROM "{table}" t')
        for table in tables
        if table != "alembic_version"
    )
    for secret in secrets:
        assert secret not in caplog.text
        assert secret not in kept
        assert hashlib.sha256(json.dumps(secret).encode()).hexdigest() not in kept


@pytest.mark.parametrize(
    "document",
    [
        ME,
        "{ __typename }",
        "mutation { __typename signOut(input: {}) { errors { code } } }",
        'mutation { createAccount(input: {name: "A", email: "a@a.example"}) { errors { code } } }',
        "mutation { ...A } fragment A on Mutation { signOut(input: {}) { errors { code } } }",
        'mutation {requestPasswordReset(input: {tenant: "D", email: ""}) {replayed} signOut(input: {}) {replayed}}',
        "mutation {",
        "",
    ],
)
def test_only_what_is_declared_open_is_answered_without_a_token(site: Site, document: str) -> None:
    assert site.post(document).status_code == 401
    assert site.post(document, "hw_wrong").status_code == 401


def test_a_token_that_has_expired_does_not_keep_one_from_renewing_it(site: Site) -> None:
    opened = site.sign_in()
    site.execute("UPDATE session_tokens SET expires_at = now() WHERE NOT refreshes")
    input = {"refreshToken": opened["refreshToken"]}
    answer = site.post(REFRESH, opened["accessToken"], {"Headwater-Act-As": "rsl_nonsense"}, input=input)
    assert answer.json()["data"]["refreshSession"]["errors"] == []


def test_what_an_open_mutation_answers_is_nobodys(site: Site) -> None:
    document = """mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) {
      query { viewer { permissions } accounts { nodes { id } } } } }"""
    answer = site.post(document, site.api.tokens["child"], input={"tenant": "D1", "email": "a@a.example"}).json()
    assert answer["data"]["requestPasswordReset"]["query"] == {"viewer": None, "accounts": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


def test_an_address_without_a_token_has_a_budget_of_its_own(site: Site) -> None:
    site.api.client.app.state.site.open_budgets.per_minute = 3  # type: ignore[attr-defined]
    status = [site.post("{ viewer { permissions } }").status_code for _ in range(5)]
    assert status == [401, 401, 401, 429, 429]
    assert site.opens(site.api.tokens["child"])
