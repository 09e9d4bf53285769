"""A client of the API that does not give up: what it asked for has happened once, whatever answered or did not."""

import threading
from datetime import datetime, timedelta
from typing import Any

import httpx2

__all__ = ["StubbornClient"]

CREATE_ACCOUNT = """mutation ($input: CreateAccountInput!, $key: String!) {
  createAccount(input: $input, idempotencyKey: $key) { account { id } errors { code message } }
}"""
ADVANCE_CLOCK = """mutation ($input: AdvanceClockInput!, $key: String!) {
  advanceClock(input: $input, idempotencyKey: $key) { job { id } errors { code message } }
}"""


class StubbornClient(threading.Thread):
    """Creates an account, then moves the sandbox's clock by an hour with a job, and again, until it is to end.

    Each is asked for with an idempotency key until there is an answer.
    """

    def __init__(self, url: str, *, reseller: str, distributor: str, clock: datetime) -> None:
        super().__init__(name="client", daemon=True)
        self.accounts = 0
        """How many were answered for."""
        self.hours = 0
        """How many moves of the clock were answered for."""
        self.unanswered = 0
        """How many requests got no answer, or one that says to try again."""
        self.failure: str | None = None
        """An answer that should not be."""
        self._url = f"{url}/graphql"
        self._reseller = reseller
        self._distributor = distributor
        self._clock = clock
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.is_set() and self.failure is None:
            number = self.accounts + 1
            account = {"name": f"Account {number}", "email": f"a{number}@chaos.example", "externalId": str(number)}
            self._until_answered(self._reseller, CREATE_ACCOUNT, account, f"account {number}")
            self.accounts = number
            to = self._clock + timedelta(hours=self.hours + 1)
            self._until_answered(self._distributor, ADVANCE_CLOCK, {"to": to.isoformat(), "wait": 0}, f"clock {to}")
            self.hours += 1
            self._end.wait(0.2)

    def end(self) -> None:
        """Finish what is under way, and end."""
        self._end.set()

    def _until_answered(self, token: str, document: str, input: dict[str, Any], key: str) -> None:
        while not self._is_answered(token, {"query": document, "variables": {"input": input, "key": key}}):
            self.unanswered += 1
            # Not `_end`: what was begun is to be known in the end.
            threading.Event().wait(0.1)

    def _is_answered(self, token: str, body: dict[str, Any]) -> bool:
        try:
            response = httpx2.post(self._url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=10)
            answer = response.json()
        except (httpx2.TransportError, ValueError):
            return False
        payload = next(iter((answer.get("data") or {}).values()), None)
        if response.status_code >= 500 or payload is None:
            return False
        codes = {error["code"] for error in payload["errors"]}
        if codes and codes != {"IN_PROGRESS"}:
            self.failure = str(answer)
            return True
        return not codes
