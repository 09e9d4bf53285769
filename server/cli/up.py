"""`./headwater up`: the whole house, from nothing."""

import errno
import http.client
import json
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from db.engine import application_engine
from server.cli.database import Database, first_line, named_database
from server.cli.metrics import counted, served
from server.cli.migrate import migrate
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from server.embedded import EmbeddedPostgres
from server.processes import MAIL_SOCKET, WEB_SOCKET
from server.settings import Settings
from server.supervisor import PostgresChild, ProgramChild, StartupError, Supervisor, put_aside_long_logs
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tenancy.tokens import new_token, set_operator_token

__all__ = ["command"]

READY_LIMIT = 60
"""Seconds from the start of the web process until it has to be ready."""


@dataclass(frozen=True)
class Kept:
    """The demo chain's tokens and query, as its loading told them; the database itself knows only digests."""

    tokens: dict[str, str]
    query: str


def command(
    port: Annotated[int | None, typer.Option(help="[default: 8000]", show_default=False, min=0, max=65535)] = None,
    host: Annotated[str | None, typer.Option(help="[default: 127.0.0.1]", show_default=False)] = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve the worker's /metrics there. [default: none]", show_default=False, min=0)
    ] = None,
    data_dir: DataDir = None,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Load the demo chain into an empty database.")] = True,
) -> None:
    """Start Headwater: database, web and worker, until Ctrl-C."""
    settings = settings_with(port=port, host=host, data_dir=data_dir, metrics_port=metrics_port)
    supervisor = Supervisor(say)
    with ExitStack() as stack:
        stack.enter_context(supervisor.signals())
        listening = stack.enter_context(opened_port(settings))
        log_dir = made_log_dir(settings)
        folder = stack.enter_context(counted())
        stack.callback(supervisor.stop)
        database = named_database(settings) or started_database(settings, supervisor)
        say("bringing the tables to this version")
        migrate(database.owner_url)
        operator_token = registered_operator_token(settings, database)
        kept = loaded_demo(settings, database) if demo else None
        if supervisor.is_stopping():
            return
        start_processes(settings, database, supervisor, log_dir, listening, folder)
        metrics = stack.enter_context(served(settings, database, supervisor, folder))
        try:
            supervisor.wait(lambda: is_ready(listening), limit=READY_LIMIT)
        except StartupError as error:
            raise Refusal(str(error)) from error
        if supervisor.is_stopping():
            return
        print(welcome(settings, listening, operator_token, kept, log_dir, metrics), flush=True)
        supervisor.wait()


def say(line: str) -> None:
    print(f"headwater: {line}", file=sys.stderr, flush=True)


@contextmanager
def opened_port(settings: Settings) -> Iterator[socket.socket]:
    """The port of the API, open from before anything else is started until the end."""
    where = f"{settings.host}:{settings.port}"
    try:
        family, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refusal(f"{where} is in use by another program; choose another with --port") from None
        raise Refusal(f"cannot listen on {where}: {error.strerror}") from None
    with listening:
        yield listening


def made_log_dir(settings: Settings) -> Path:
    log_dir = settings.data_dir.resolve() / "log"
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        log_dir.mkdir(exist_ok=True)
    except OSError as error:
        raise Refusal(f"cannot write to {settings.data_dir}: {error.strerror}") from None
    put_aside_long_logs(log_dir)
    return log_dir


def started_database(settings: Settings, supervisor: Supervisor) -> Database:
    say("starting PostgreSQL")
    server = EmbeddedPostgres(settings.data_dir)
    supervisor.add(PostgresChild(server))
    return Database.of(server)


def registered_operator_token(settings: Settings, database: Database) -> str:
    """The operator's token: the one that is set, or kept from an earlier start, or a new one."""
    file = settings.data_dir / "operator-token"
    if settings.operator_token is not None:
        token = settings.operator_token.get_secret_value()
    elif file.exists():
        token = file.read_text().strip()
    else:
        token = new_token()
        write_secret(file, token + "\n")
    engine = application_engine(database.app_url, pool_size=1, switch_role=database.switches_role)
    try:
        with Sessions(engine).begin(PLATFORM) as session:
            set_operator_token(session, token)
    except OperationalError as error:  # no login, or the login may not become the application's role
        raise Refusal(f"the application has no way into the database: {first_line(error.orig)}") from error
    finally:
        engine.dispose()
    return token


def loaded_demo(settings: Settings, database: Database) -> Kept | None:
    """The demo chain of an empty database; else what is kept of its loading, if it was this database's."""
    from server.demo import ensure  # noqa: PLC0415 - a start without the demo does not need it

    file = settings.data_dir / "demo.json"
    name = sha256(database.owner_url.encode()).hexdigest()
    demo = ensure(database.app_url, switch_role=database.switches_role)
    if demo is not None and demo.tokens:
        kept = Kept(demo.tokens, demo.query)
        write_secret(file, json.dumps({"database": name, "tokens": kept.tokens, "query": kept.query}, indent=2))
        return kept
    if not file.exists():
        return None
    content = json.loads(file.read_text())
    return Kept(content["tokens"], content["query"]) if content["database"] == name else None


def write_secret(file: Path, content: str) -> None:
    """Whole or not at all, and never readable by others."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(content)
    draft.replace(file)


def start_processes(
    settings: Settings,
    database: Database,
    supervisor: Supervisor,
    log_dir: Path,
    listening: socket.socket,
    metrics_folder: str,
) -> None:
    secret = {"DATABASE_URL", "HEADWATER_APP_DATABASE_URL", "HEADWATER_OPERATOR_TOKEN"}
    environment = {name: value for name, value in os.environ.items() if name not in secret}
    environment |= database.environment | {"HEADWATER_DATA_DIR": str(settings.data_dir.resolve())}
    if settings.smtp_host is None:
        say("starting the mailbox")
        mail_socket = socket.create_server(("127.0.0.1", 0))
        environment |= {"HEADWATER_SMTP_HOST": "127.0.0.1", "HEADWATER_SMTP_PORT": str(mail_socket.getsockname()[1])}
        descriptor = mail_socket.detach()
        mail_environment = environment | {MAIL_SOCKET: str(descriptor)}
        supervisor.add(ProgramChild("mail", "server.mailbox", log_dir, mail_environment, [descriptor]))
    if settings.broker_url is not None:
        say("starting the relay")
        supervisor.add(ProgramChild("relay", "jobs.relay", log_dir, environment))
    say("starting worker and web")
    counting = environment | {"PROMETHEUS_MULTIPROC_DIR": metrics_folder}
    supervisor.add(ProgramChild("worker", "jobs.worker", log_dir, counting))
    descriptor = listening.fileno()
    web_environment = environment | {WEB_SOCKET: str(descriptor)}
    supervisor.add(ProgramChild("web", "server.web", log_dir, web_environment, [descriptor]))


def is_ready(listening: socket.socket) -> bool:
    host, port = reachable(listening)
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def reachable(listening: socket.socket) -> tuple[str, int]:
    """An address of the port to connect to: one that listens everywhere is reached here."""
    host, port = listening.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared, not bound


def welcome(
    settings: Settings,
    listening: socket.socket,
    operator_token: str,
    kept: Kept | None,
    log_dir: Path,
    metrics: str | None,
) -> str:
    host, port = reachable(listening)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = ["", "Headwater is ready.", "", f"  {'explorer':14}  {address}/", f"  {'API':14}  {address}/graphql"]
    lines += [f"  {'metrics':14}  {metrics}"] if metrics is not None else []
    lines += ["", "Tokens:", ""]
    shown = operator_token if settings.operator_token is None else "the one of HEADWATER_OPERATOR_TOKEN"
    tokens = {"operator": shown, **(kept.tokens if kept else {})}
    width = max(14, *map(len, tokens))
    lines += [f"  {label:{width}}  {token}" for label, token in tokens.items()]
    if kept is not None:
        token = next(iter(kept.tokens.values()), operator_token)
        body = shlex.quote(json.dumps({"query": " ".join(kept.query.split())}, ensure_ascii=False))
        lines += [
            "",
            "A query to paste into the explorer:",
            "",
            *(f"  {line}" for line in kept.query.strip().split("\n")),
        ]
        lines += ["", "The same from a terminal:", ""]
        lines += [f"  curl -s {address}/graphql -H 'Authorization: Bearer {token}' \\"]
        lines += [f"    -H 'Content-Type: application/json' -d {body}"]
    mails = "`./headwater mail` shows the mails. " if settings.smtp_host is None else ""
    lines += ["", f"{mails}Data and logs: {log_dir.parent}. Ctrl-C stops everything.", ""]
    return "\n".join(lines)
