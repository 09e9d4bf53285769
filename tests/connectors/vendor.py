"""A service outside that misbehaves as told: a real HTTP server. It honours no idempotency key: each POST acts."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.calls import Answer, Call
from connectors.http import HttpService

__all__ = ["Things", "Vendor", "opened_vendor", "thing"]


LIMIT = 30.0
"""Seconds of silence."""


@dataclass
class Vendor:
    """What it does with the next POSTs, and what became of all of them."""

    port: int = 0
    behaviours: list[str] = field(default_factory=list)
    """Of the next POSTs, in order; when none is left it answers as it should."""
    effects: list[str] = field(default_factory=list)
    """The keys of all effects: one twice is what must not be."""
    looked_up: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    """Of all POSTs."""
    go_on: threading.Event = field(default_factory=threading.Event)
    """Ends every silence."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Things:
    """A connector to it."""

    def __init__(self, url: str, *, timeout: float = 20) -> None:
        self._http = HttpService(url, headers={"Authorization": "Bearer secret"}, timeout=timeout)

    def send(self, call: Call) -> Answer:
        answer = self._http.tell("/things", {"key": call.key, **call.request}, key=call.key)
        return {"id": answer["id"]}

    def look_up(self, call: Call) -> Answer | None:
        found = self._http.ask("/things", parameters={"key": call.key})
        return None if found is None else {"id": found["id"]}


def thing(key: str = "order 1 create", **request: Any) -> Call:
    return Call(service="things", host="127.0.0.1", operation="create", key=key, request={"name": "Box", **request})


@contextmanager
def opened_vendor() -> Iterator[Vendor]:
    """An open vendor on a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.vendor
    finally:
        server.vendor.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_activate(self) -> None:
        self.vendor = Vendor(port=self.server_address[1])
        super().server_activate()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        vendor = self.server.vendor
        key = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["key"]
        vendor.headers.append(dict(self.headers.items()))
        behaviours: dict[str, Callable[[str], None]] = {
            "answer": self._do_it,
            "answer twice": self._do_it_and_answer_twice,
            "be silent": self._do_it_in_silence,
            "be silent and do nothing": self._do_nothing_in_silence,
            "hang up": self._do_it_and_hang_up,
            "hang up and do it later": self._hang_up_and_do_it_later,
            "fail": lambda key: self._do_it_and_answer(key, 500, b"oh"),
            "talk nonsense": lambda key: self._do_it_and_answer(key, 200, b"<html>"),
            "drip": self._do_it_and_drip,
            "be busy": lambda _: self._answer(429, b"later", {"Retry-After": "7"}),
            "refuse": lambda _: self._answer(422, b'{"error": "no such box"}'),
        }
        behaviours[vendor.behaviours.pop(0) if vendor.behaviours else "answer"](key)

    def do_GET(self) -> None:
        (key,) = parse_qs(urlsplit(self.path).query)["key"]
        vendor = self.server.vendor
        vendor.looked_up.append(key)
        if key in vendor.effects:
            self._answer(200, _thing(vendor.effects.index(key) + 1))
        else:
            self._answer(404, b"{}")

    def _do_it(self, key: str) -> None:
        self._answer(201, self._effect(key))

    def _do_it_and_answer(self, key: str, status: int, body: bytes) -> None:
        self._effect(key)
        self._answer(status, body)

    def _do_it_and_answer_twice(self, key: str) -> None:
        self._do_it(key)
        self._answer(201, b'{"id": "of nobody"}')

    def _do_it_in_silence(self, key: str) -> None:
        answer = self._effect(key)
        self.server.vendor.go_on.wait(LIMIT)
        self._answer(201, answer)

    def _do_nothing_in_silence(self, key: str) -> None:  # noqa: ARG002 - the form of them all
        self.server.vendor.go_on.wait(LIMIT)
        self._hang_up()

    def _do_it_and_hang_up(self, key: str) -> None:
        self._effect(key)
        self._hang_up()

    def _hang_up_and_do_it_later(self, key: str) -> None:
        self._hang_up()
        time.sleep(0.3)
        self._effect(key)

    def _do_it_and_drip(self, key: str) -> None:
        self._effect(key)
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        try:
            while not self.server.vendor.go_on.wait(0.1):
                self.wfile.write(b" ")
        except OSError:
            self.close_connection = True

    def _effect(self, key: str) -> bytes:
        self.server.vendor.effects.append(key)
        return _thing(len(self.server.vendor.effects))

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # nobody listens any more

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


def _thing(number: int) -> bytes:
    return json.dumps({"id": f"thing {number}"}).encode()
