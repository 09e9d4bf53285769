"""HTTP as connectors use it: a timeout for everything, and every outcome by what it means for the effect."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2

from connectors.errors import CallRefused, CallUnavailable, CallUnknown

__all__ = ["HttpService"]

LARGEST_ANSWER = 10_000_000
"""Bytes."""

_NOT_NOW = {408, 425, 429}
"""Statuses that a server answers before it has done anything."""


class HttpService:
    """A service at `base_url`. `headers` go with every request and are nowhere written down: keys belong there.

    One connection a request: what a server sends after its answer is nobody's.
    """

    def __init__(self, base_url: str, *, headers: Mapping[str, str] | None = None, timeout: float = 20.0) -> None:
        self.host = httpx2.URL(base_url).host
        self._timeout = timeout
        self._base_url = base_url
        self._headers = dict(headers or {})

    def ask(self, path: str, *, parameters: Mapping[str, str] | None = None) -> Any:
        """GET; the answer's JSON, None for 404. Raises CallRefused, CallUnavailable, CallUnknown."""
        answer = self._request("GET", path, params=dict(parameters or {}))
        return None if answer.status == httpx2.codes.NOT_FOUND else _meaning(self.host, answer)

    def tell(self, path: str, body: Mapping[str, Any], *, key: str, method: str = "POST") -> Any:
        """POST, or another method that changes something, with `Idempotency-Key`; the answer's JSON.

        Raises CallRefused, CallUnavailable, CallUnknown.
        """
        return _meaning(self.host, self._request(method, path, json=dict(body), headers={"Idempotency-Key": key}))

    def _request(self, method: str, path: str, **more: Any) -> "_Answer":
        limits = httpx2.Limits(max_keepalive_connections=0)
        deadline = time.monotonic() + self._timeout
        try:
            with (
                httpx2.Client(
                    base_url=self._base_url, headers=self._headers, timeout=self._timeout, limits=limits
                ) as client,
                client.stream(method, path, **more) as response,
            ):
                body = b"".join(_within(response, deadline))
                return _Answer(response.status_code, response.headers.get("Retry-After", ""), body)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise CallUnavailable(f"{self.host} was not reached: {error}") from error
        except httpx2.HTTPError as error:
            raise CallUnknown(f"{self.host} did not answer: {type(error).__name__} {error}".rstrip()) from error


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    retry_after: str
    body: bytes


def _within(response: httpx2.Response, deadline: float) -> Iterator[bytes]:
    """The answer's bytes, all of them before the deadline, however slowly they drip."""
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise CallUnknown(f"the answer is longer than {LARGEST_ANSWER} bytes")
        if time.monotonic() > deadline:
            raise CallUnknown("the answer takes too long")
        yield chunk


def _meaning(host: str, answer: _Answer) -> Any:
    text = f"{host} answered {answer.status}: {answer.body[:500].decode(errors='replace')}"
    after = timedelta(seconds=int(answer.retry_after)) if answer.retry_after.isdecimal() else None
    if answer.status in _NOT_NOW:
        raise CallUnavailable(text, after=after)
    if 400 <= answer.status < 500:
        raise CallRefused(text)
    if not 200 <= answer.status < 300:
        # Also 503: what stands before a service says it for one that has done its work and could not tell.
        raise CallUnknown(text, after=after)
    try:
        return json.loads(answer.body) if answer.body else {}
    except ValueError as error:
        raise CallUnknown(f"{host} answered {answer.status} with what is no JSON") from error
