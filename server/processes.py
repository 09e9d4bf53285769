"""Starting programs so that none outlives us, and as somebody less powerful than root."""

import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["MAIL_SOCKET", "WEB_SOCKET", "Account", "AccountError", "dies_with_parent", "unprivileged_account"]

WEB_SOCKET = "HEADWATER_WEB_SOCKET"
MAIL_SOCKET = "HEADWATER_MAIL_SOCKET"
"""Environment variables: numbers of the listening sockets that `up` opens and hands over to web and mailbox."""

_PR_SET_PDEATHSIG = 1
_SYSTEM_USER = "headwater"
_ADMIN_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def dies_with_parent(last_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `last_signal` to the child when the thread that started it ends.

    Start children from the main thread: the kernel means the thread, not the process. Linux only; elsewhere it does
    nothing, and a child left over by a killed parent has to be found at the next start.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def before_exec() -> None:
        if prctl is None:
            return
        prctl(_PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died in between, and its signal was missed
            os._exit(1)

    return before_exec


class AccountError(RuntimeError):
    """No way to run a program as somebody else; the text is one line for the terminal."""


@dataclass(frozen=True)
class Account:
    """Whom a program runs as, when it is not ourselves."""

    uid: int
    gid: int
    groups: set[int] = field(default_factory=set)
    """Groups besides `gid`."""

    @property
    def popen_options(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": sorted(self.groups)}

    def open_way_to(self, path: Path) -> None:
        """Let this account pass through the folders above `path`, and nobody else.

        A folder that all may pass stays as it is. A closed one (`/root`, a `mktemp -d`) is not opened to all: its group
        gets the right to pass, not to list or read, and the account joins that group. The group of such a folder is
        nearly always its owner's own, so in effect nobody but this account gains anything.
        """
        for folder in path.parents:
            info = folder.stat()
            mine = info.st_uid == self.uid and info.st_mode & stat.S_IXUSR
            if info.st_mode & stat.S_IXOTH or mine:
                continue
            self.groups.add(info.st_gid)
            if not info.st_mode & stat.S_IXGRP:
                try:
                    folder.chmod(stat.S_IMODE(info.st_mode) | stat.S_IXGRP)
                except OSError as error:
                    raise AccountError(f"user {self.uid} cannot be let through {folder}: {error.strerror}") from error


def unprivileged_account(owner_of: Path) -> Account | None:
    """Who runs a program that refuses to be root; None when we are not root ourselves.

    The owner of `owner_of` if it exists and is not root's, so that data made by somebody stay theirs. Otherwise a
    system user `headwater`, made when missing; where none can be made, `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if owner_of.exists() and (info := owner_of.stat()).st_uid != 0:
        return Account(info.st_uid, info.st_gid)
    entry = _user(_SYSTEM_USER) or _made_user() or _user("nobody")
    if entry is None:
        raise AccountError("PostgreSQL does not run as root, and there is no other user; start as an ordinary user")
    return Account(entry.pw_uid, entry.pw_gid)


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _made_user() -> pwd.struct_passwd | None:
    commands = (
        ["useradd", "--system", "--no-create-home", "--home-dir", "/", "--shell", "/usr/sbin/nologin", _SYSTEM_USER],
        ["adduser", "-S", "-D", "-H", "-h", "/", "-s", "/sbin/nologin", _SYSTEM_USER],  # busybox
    )
    for program, *arguments in commands:
        if path := shutil.which(program, path=_ADMIN_PATH):
            subprocess.run([path, *arguments], check=False, capture_output=True)
            break
    return _user(_SYSTEM_USER)  # made by us, or by another start at the same moment
