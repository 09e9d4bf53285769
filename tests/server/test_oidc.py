"""Whom the tokens of issuers are believed to be from, with keys of the test's own on a real socket."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pydantic import ValidationError

from server import oidc
from server.oidc import Issuer, Issuers, IssuerUnavailable, NotTrusted, Vouched

pytestmark = pytest.mark.feature("T-05")

RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


class Provider:
    """An issuer on this machine."""

    def __init__(self) -> None:
        self.keys = [self.public("one", RSA_KEY), self.public("two", EC_KEY)]
        self.asked: list[str] = []
        self.works = True
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                answer = {
                    "/.well-known/openid-configuration": {"issuer": provider.url, "jwks_uri": f"{provider.url}/keys"},
                    "/keys": {"keys": provider.keys},
                }[self.path]
                self.send_response(200 if provider.works else 500)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def public(kid: str, key: Any) -> dict[str, Any]:
        algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
        return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}

    def issuer(self, **more: Any) -> Issuer:
        return Issuer(**{"issuer": self.url, "audience": "headwater", "tenant": "D1-1", **more})

    def token(self, key: Any = RSA_KEY, kid: str | None = "one", alg: str = "RS256", **claims: Any) -> str:
        now = int(time.time())
        usual = {
            "iss": self.url,
            "aud": "headwater",
            "sub": "7",
            "iat": now,
            "exp": now + 300,
            "email": "Ada@Brook.example",
            "email_verified": True,
        }
        left = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(left, key, alg, headers={} if kid is None else {"kid": kid})


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


def vouched(issuers: Issuers, token: str) -> Vouched:
    return asyncio.run(issuers.vouched(token))


def test_a_signed_token_says_who_its_bearer_is(provider: Provider) -> None:
    issuers = Issuers([provider.issuer()])
    assert vouched(issuers, provider.token()) == Vouched("D1-1", "ada@brook.example")
    assert vouched(issuers, provider.token(EC_KEY, "two", "ES256")) == Vouched("D1-1", "ada@brook.example")
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


def test_the_tenant_may_stand_in_a_claim_within_one_distributor(provider: Provider) -> None:
    issuers = Issuers([provider.issuer(tenant=None, tenant_claim="shop", distributor="D1")])
    assert vouched(issuers, provider.token(shop="D1-2-3")).tenant == "D1-2-3"
    for elsewhere in ("D2", "D11-1", "", None, 7):
        with pytest.raises(NotTrusted):
            vouched(issuers, provider.token(shop=elsewhere))


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "somebody else"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"iat": None},
        {"iat": int(time.time()) + 86_400},
        {"nbf": int(time.time()) + 86_400},
        {"email": None},
        {"email": ["ada@brook.example"]},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
    ],
)
def test_what_is_wrong_with_a_token_is_not_believed(provider: Provider, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotTrusted):
        vouched(Issuers([provider.issuer()]), provider.token(**wrong))


def test_clocks_may_differ_by_the_leeway(provider: Provider) -> None:
    token = provider.token(exp=int(time.time()) - 20)
    assert vouched(Issuers([provider.issuer()]), token).tenant == "D1-1"
    with pytest.raises(NotTrusted):
        vouched(Issuers([provider.issuer(leeway=0)]), token)


def test_signatures_of_others_none_and_with_public_keys_are_refused(provider: Provider) -> None:
    issuers = Issuers([provider.issuer()])
    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    none = provider.token("", alg="none")
    # PyJWT refuses to sign with a public key, so that is done by hand.
    head, body, _ = provider.token("x" * 64, alg="HS256").split(".")
    signature = jwt.utils.base64url_encode(
        jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(f"{head}.{body}".encode(), pem)
    ).decode()
    tampered = provider.token().split(".")
    tampered[1] = jwt.utils.base64url_encode(b'{"iss": "%s"}' % provider.url.encode()).decode()
    for token in (
        provider.token(OTHER_RSA_KEY),
        provider.token(OTHER_RSA_KEY, kid=None),
        provider.token(EC_KEY, "one", "ES256"),
        provider.token(alg="RS512"),
        none,
        f"{head}.{body}.{signature}",
        ".".join(tampered),
        "a.b.c",
        "..",
        jwt.utils.base64url_encode(b"[" * 3000).decode() + ".e30.e30",
    ):
        with pytest.raises(NotTrusted):
            vouched(issuers, token)


def test_a_new_key_is_found_and_unknown_ones_are_not_looked_for_again_and_again(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    issuers = Issuers([provider.issuer()])
    vouched(issuers, provider.token())
    provider.keys.append(provider.public("three", OTHER_RSA_KEY))
    new = provider.token(OTHER_RSA_KEY, "three")
    # when
    for _ in range(5):
        with pytest.raises(NotTrusted):
            vouched(issuers, new)
    asked = len(provider.asked)
    monkeypatch.setattr(oidc, "PAUSE", 0.0)
    # then
    assert asked == 2
    assert vouched(issuers, new).tenant == "D1-1"


def test_known_keys_are_good_for_a_while_when_the_issuer_is_down(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuers = Issuers([provider.issuer()])
    vouched(issuers, provider.token())
    provider.works = False
    monkeypatch.setattr(oidc, "FRESH", 0.0)
    monkeypatch.setattr(oidc, "PAUSE", 0.0)
    assert vouched(issuers, provider.token()).tenant == "D1-1"
    with pytest.raises(IssuerUnavailable):
        vouched(issuers, provider.token(OTHER_RSA_KEY, "three"))
    monkeypatch.setattr(oidc, "STALE", 0.0)
    with pytest.raises(IssuerUnavailable):
        vouched(issuers, provider.token())


def test_keys_that_are_not_for_signing_or_secret_are_none(provider: Provider) -> None:
    provider.keys = [
        {**provider.public("one", RSA_KEY), "use": "enc"},
        {"kty": "oct", "kid": "two", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "three"},
    ]
    issuers = Issuers([provider.issuer()])
    for kid in ("one", "two", "three"):
        with pytest.raises(NotTrusted):
            vouched(issuers, provider.token(kid=kid))


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"tenant": None},
        {"tenant_claim": "shop"},
        {"tenant": None, "tenant_claim": "shop"},
        {"leeway": 3600},
        {"secret": "x"},
    ],
)
def test_a_setting_that_would_open_too_much_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Issuer(**{"issuer": "https://id.example", "audience": "headwater", "tenant": "D1", **wrong})
