"""Bearer tokens of OpenID Connect issuers that the operator trusts: JSON Web Tokens, signed with published keys.

Nothing of a token is believed before its signature is checked, but the issuer's name: whose keys to check it with.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import jwt
from pydantic import BaseModel, Field, field_validator, model_validator

__all__ = ["FRESH", "PAUSE", "STALE", "Issuer", "IssuerUnavailable", "Issuers", "NotTrusted", "Vouched"]

FRESH = 600.0
"""Seconds after which keys are fetched anew."""
PAUSE = 30.0
"""Seconds between two fetches, however many tokens name keys that nobody knows, or however often one fails."""
STALE = 3600.0
"""Seconds that known keys are still good for while the issuer cannot be reached."""
TIMEOUT = 5.0
"""Seconds for each answer of an issuer."""
LONGEST = 16_000
"""Characters of a token."""

_ASYMMETRIC = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""What may be allowed. With a shared secret, or none, whoever reads a public key could sign."""


class NotTrusted(Exception):
    """The token is from nobody that is trusted, or not for us, or not good any more."""


class IssuerUnavailable(Exception):
    """The issuer's keys are not known and cannot be fetched now: the token may be good."""


class Issuer(BaseModel, frozen=True, extra="forbid"):
    """An issuer, and how its people are found among managers."""

    issuer: str
    """Its URL, exactly as in tokens; its keys are found from there."""
    audience: str
    """Whom its tokens have to be for."""
    tenant: str | None = None
    """The number of the tenant whose managers they are; or:"""
    tenant_claim: str | None = None
    """the claim that holds that number."""
    distributor: str | None = None
    """With `tenant_claim`: the number of the distributor outside of which nothing is believed."""
    email_claim: str = "email"
    """The claim by which the manager is found."""
    unverified_email: bool = False
    """True: also without `email_verified`, for issuers that tell no other addresses."""
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    leeway: float = Field(default=30, ge=0, le=300)
    """Seconds by which clocks may differ."""

    @field_validator("algorithms")
    @classmethod
    def _asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not set(value) <= _ASYMMETRIC:
            raise ValueError(f"algorithms must be some of {', '.join(sorted(_ASYMMETRIC))}")
        return value

    @model_validator(mode="after")
    def _names_a_tenant(self) -> "Issuer":
        if (self.tenant is None) == (self.tenant_claim is None):
            raise ValueError("give either tenant or tenant_claim")
        if self.tenant_claim is not None and self.distributor is None:
            raise ValueError("tenant_claim needs distributor: an issuer must not name everybody's managers")
        return self


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who an issuer says somebody is."""

    tenant: str
    """The tenant's number."""
    email: str
    """In lower case."""


class _Keys:
    """The keys of one issuer."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._known: dict[str | None, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def find(self, kid: str | None) -> jwt.PyJWK:
        """The key of this id. Raises NotTrusted (there is none), IssuerUnavailable."""
        now = time.monotonic()
        if kid not in self._known or now - self._fetched_at > FRESH:
            async with self._fetching:
                if time.monotonic() - self._tried_at > PAUSE:
                    await self._fetch()
        if kid in self._known and time.monotonic() - self._fetched_at <= STALE:
            return self._known[kid]
        if self._fetched_at < self._tried_at:  # the latest try failed: this may be a new key
            raise IssuerUnavailable(self._issuer.issuer)
        raise NotTrusted

    async def _fetch(self) -> None:
        """Ask the issuer. What goes wrong is remembered by `_fetched_at` staying behind `_tried_at`."""
        self._tried_at = time.monotonic()
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT) as client:
                known = await _json(client, f"{self._issuer.issuer.rstrip('/')}/.well-known/openid-configuration")
                uri = known["jwks_uri"]
                if known["issuer"] != self._issuer.issuer or not _is_as_safe(uri, self._issuer.issuer):
                    return
                keys = (await _json(client, uri))["keys"]
            self._known = {key.key_id: key for each in keys if (key := _signing(each)) is not None}
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError, AttributeError):
            return
        self._fetched_at = time.monotonic()


async def _json(client: httpx2.AsyncClient, url: str) -> Mapping[str, Any]:
    response = await client.get(url)
    response.raise_for_status()
    found: Mapping[str, Any] = response.json()
    return found


def _is_as_safe(uri: str, issuer: str) -> bool:
    return uri.startswith("https://") or not issuer.startswith("https://")


def _signing(key: Mapping[str, Any]) -> jwt.PyJWK | None:
    """A public key for signatures; None: something else, or of a kind that is not known here."""
    if key.get("kty") not in {"RSA", "EC", "OKP"} or key.get("use", "sig") != "sig":
        return None
    try:
        return jwt.PyJWK(dict(key))
    except jwt.PyJWTError:
        return None


class Issuers:
    """All that are trusted. Each web process fetches and keeps their keys for itself."""

    def __init__(self, issuers: Sequence[Issuer]) -> None:
        self._known = {each.issuer: (each, _Keys(each)) for each in issuers}

    def may_have_made(self, token: str) -> bool:
        """Whether it has the form of their tokens, which ours never have."""
        return bool(self._known) and token.count(".") == 2 and len(token) <= LONGEST

    async def vouched(self, token: str) -> Vouched:
        """Who the token says its bearer is, once all of it is checked. Raises NotTrusted, IssuerUnavailable."""
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise NotTrusted from None
        if not isinstance(claimed, str) or claimed not in self._known:
            raise NotTrusted
        issuer, keys = self._known[claimed]
        if header.get("alg") not in issuer.algorithms:
            raise NotTrusted
        key = await keys.find(header.get("kid"))
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=list(issuer.algorithms),
                audience=issuer.audience,
                issuer=issuer.issuer,
                leeway=issuer.leeway,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except (jwt.PyJWTError, TypeError, ValueError):  # the latter two: a key of another kind than the algorithm's
            raise NotTrusted from None
        return _mapped(issuer, claims)


def _mapped(issuer: Issuer, claims: Mapping[str, Any]) -> Vouched:
    email = claims.get(issuer.email_claim)
    tenant = issuer.tenant if issuer.tenant_claim is None else claims.get(issuer.tenant_claim)
    if not isinstance(email, str) or not isinstance(tenant, str):
        raise NotTrusted
    if not issuer.unverified_email and claims.get("email_verified") is not True:
        raise NotTrusted
    if (
        issuer.distributor is not None
        and tenant != issuer.distributor
        and not tenant.startswith(f"{issuer.distributor}-")
    ):
        raise NotTrusted
    return Vouched(tenant, email.strip().lower())
