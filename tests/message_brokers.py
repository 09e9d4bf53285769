"""Real RabbitMQ and Redis servers of the tests: free ports, folders of their own, nothing of an installed service."""

import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from jobs.messages import MessageBrokerAway, message_broker
from server.processes import dies_with_parent

__all__ = ["BROKERS", "MessageServer", "RabbitMQServer", "RedisServer", "installed_server"]

BROKERS = ("table", "rabbitmq", "redis")
"""What may bring jobs to workers: the table alone, or a message broker too."""

LIMIT = 60.0
"""Seconds for a server to answer."""


class MessageServer(ABC):
    """One server, on the same port and data again after each death."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """For BROKER_URL."""

    @abstractmethod
    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the program."""

    def start(self) -> None:
        """Start, and return when it answers."""
        self.begin()
        messages = message_broker(self.url)
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                messages.reach()
            except MessageBrokerAway as away:
                assert self.process is not None
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{away}\n{self.log.read_text()[-3000:]}") from away
                time.sleep(0.05)
            else:
                messages.close()
                return

    def begin(self) -> None:
        """Start, and do not wait."""
        self.process = self.spawn()

    def kill(self) -> None:
        """SIGKILL: nothing is written down or said."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """For good."""
        self.kill()

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def run(self, *command: str, **environment: str) -> "subprocess.Popen[bytes]":
        """A program that does not outlive us."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env={"PATH": os.defpath, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one system call, prepared before
            )


class RedisServer(MessageServer):
    """Without persistence: killed, it has forgotten everything."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def spawn(self) -> "subprocess.Popen[bytes]":
        address = ("--bind", "127.0.0.1", "--port", str(self.port))
        return self.run(_program("redis-server"), *address, "--save", "", "--appendonly", "no")


class RabbitMQServer(MessageServer):
    """A node with an epmd of its own, so that it meets no other node of the machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._epmd: subprocess.Popen[bytes] | None = None
        self._epmd_port = free_port()
        self._distribution_port = free_port()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    def spawn(self) -> "subprocess.Popen[bytes]":
        names = {"ERL_EPMD_PORT": str(self._epmd_port), "ERL_EPMD_ADDRESS": "127.0.0.1"}
        if self._epmd is None:
            self._epmd = self.run(_program("epmd"), "-port", str(self._epmd_port), **names)
            until_listening(self._epmd_port)
        (self.folder / "plugins").write_text("[].")
        (self.folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        return self.run(
            _program("rabbitmq-server"),
            **names,
            RABBITMQ_NODENAME=f"headwater{self.port}@localhost",
            RABBITMQ_DIST_PORT=str(self._distribution_port),
            RABBITMQ_MNESIA_BASE=str(self.folder / "mnesia"),
            RABBITMQ_LOG_BASE=str(self.folder),
            RABBITMQ_LOGS="-",
            RABBITMQ_CONFIG_FILE=str(self.folder / "rabbitmq.conf"),
            RABBITMQ_ENABLED_PLUGINS_FILE=str(self.folder / "plugins"),
            # The script becomes the server instead of watching over it: our signals reach who they are for.
            RABBITMQ_ALLOW_INPUT="1",
            RABBITMQ_SERVER_START_ARGS="-noinput",
            # One scheduler that does not spin: the tests want the cores.
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none",
        )

    def stop(self) -> None:
        super().stop()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None


def installed_server(name: str, folder: Path) -> MessageServer:
    """The server of `rabbitmq` or `redis`, not started.

    Where it is not installed the test is skipped; in CI it fails.
    """
    kinds: dict[str, tuple[type[MessageServer], tuple[str, ...]]] = {
        "rabbitmq": (RabbitMQServer, ("rabbitmq-server", "epmd")),
        "redis": (RedisServer, ("redis-server",)),
    }
    kind, programs = kinds[name]
    missing = [program for program in programs if _found(program) is None]
    if missing:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"{', '.join(missing)} not installed: apt-get install {name}-server")
    folder.mkdir()
    return kind(folder)


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_listening(port: int) -> None:
    """Wait for somebody to listen on the port. Raises TimeoutError."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on {port}")


def _found(name: str) -> str | None:
    # Debian puts a wrapper on the PATH that lets nobody but root and its own user pass.
    return shutil.which(name, path=f"/usr/lib/rabbitmq/bin:{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/bin")


def _program(name: str) -> str:
    found = _found(name)
    assert found is not None
    return found
