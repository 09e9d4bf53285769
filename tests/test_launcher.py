import ast
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.settings import ROOT

SCRIPT = ROOT / "headwater"

# A uv that writes down what it is asked, and makes an environment whose Python prints its arguments.
FAKE_UV = """#!/bin/sh
if [ "$1" = --version ]; then echo "uv {version} (x)"; exit; fi
echo "$@" >> {root}/uv.log
sleep {seconds}
mkdir -p {root}/.venv/bin
printf '#!/bin/sh\\necho "$PWD|$@"\\n' > {root}/.venv/bin/python
chmod +x {root}/.venv/bin/python
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script and what it reads, and a PATH without uv."""
    root = tmp_path / "checkout"
    root.mkdir()
    shutil.copy(SCRIPT, root)
    (root / "uv.lock").write_text("lock 1")
    (root / "pyproject.toml").write_text("project")
    (tmp_path / "bin").mkdir()
    return root


def pinned_version() -> str:
    return next(line.split('"')[1] for line in SCRIPT.read_text().splitlines() if line.startswith("UV_VERSION = "))


def put_uv_on_path(checkout: Path, *, version: str | None = None, seconds: float = 0) -> None:
    uv = checkout.parent / "bin" / "uv"
    uv.write_text(FAKE_UV.format(version=version or pinned_version(), root=checkout, seconds=seconds))
    uv.chmod(0o755)


def environment(checkout: Path, index: str) -> dict[str, str]:
    path = f"{checkout.parent / 'bin'}:/usr/bin:/bin"
    return {"PATH": path, "HOME": str(checkout.parent), "UV_DEFAULT_INDEX": index}


def start(
    checkout: Path, *arguments: str, index: str = "https://pypi.org/simple", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, checkout / "headwater", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment(checkout, index),
        cwd=cwd,
    )


Serve = Callable[[dict[str, tuple[str, bytes]]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves pages (content type and body by path) on localhost and returns the address of `/simple`."""
    servers: list[ThreadingHTTPServer] = []

    def run(pages: dict[str, tuple[str, bytes]]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = pages.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/simple"

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def wheels() -> list[str]:
    """Names of all wheels that the script knows the hash of."""
    tree = ast.parse(SCRIPT.read_text())
    values = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "UV_WHEELS"
    ]
    return sorted({f"uv-{pinned_version()}-py3-none-{tag}.whl" for tag, _ in ast.literal_eval(values[0]).values()})


def json_index() -> dict[str, tuple[str, bytes]]:
    files = [{"filename": wheel, "url": f"../../files/{wheel}#sha256=0"} for wheel in wheels()]
    page = json.dumps({"files": files}).encode()
    return {"/simple/uv/": ("application/vnd.pypi.simple.v1+json", page)}


def html_index() -> dict[str, tuple[str, bytes]]:
    page = "".join(f'<a href="/files/{wheel}#sha256=0">{wheel}</a><br>' for wheel in wheels()).encode()
    return {"/simple/uv/": ("text/html", page)}


@pytest.mark.parametrize("index", [json_index, html_index])
def test_a_uv_with_another_hash_is_refused_and_not_kept(
    checkout: Path, serve: Serve, index: Callable[[], dict[str, tuple[str, bytes]]]
) -> None:
    # given
    files = {f"/files/{wheel}": ("application/zip", b"not the one we know") for wheel in wheels()}
    address = serve(index() | files)
    # when
    done = start(checkout, "up", index=address)
    # then
    assert done.returncode == 1
    assert f"from {address} has sha256 " in done.stderr.splitlines()[-1]
    assert list((checkout / ".headwater" / "bin").iterdir()) == []
    assert not (checkout / ".venv").exists()


def test_an_index_without_the_pinned_uv_is_named(checkout: Path, serve: Serve) -> None:
    address = serve({"/simple/uv/": ("application/vnd.pypi.simple.v1+json", b'{"files": []}')})
    done = start(checkout, "up", index=address)
    assert done.returncode == 1
    assert done.stderr.startswith(f"headwater: {address} has no uv-{pinned_version()}")
    assert done.stderr.count("\n") == 1


def test_no_network_gives_one_line_without_the_password_of_the_index(checkout: Path) -> None:
    done = start(checkout, "up", index="http://me:secret@127.0.0.1:1/simple")
    assert done.returncode == 1
    assert done.stderr.startswith("headwater: cannot get uv from http://127.0.0.1:1/simple: ")
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_gives_one_line(checkout: Path) -> None:
    (checkout / ".headwater").write_text("a file where a folder belongs")
    done = start(checkout, "up")
    assert done.returncode == 1
    assert done.stderr == f"headwater: cannot write to {checkout / '.headwater'}: File exists\n"


def test_the_pinned_uv_on_the_path_is_used_and_the_rest_handed_over(checkout: Path, tmp_path: Path) -> None:
    # given
    put_uv_on_path(checkout)
    # when
    done = start(checkout, "up", "--port", "8001", cwd=tmp_path)
    # then
    assert done.stdout == f"{tmp_path}|-P -m server.cli up --port 8001\n"
    log = (checkout / "uv.log").read_text()
    assert log.startswith("sync --locked --python ")
    assert "--no-dev" in log


def test_another_uv_on_the_path_is_left_alone(checkout: Path, serve: Serve) -> None:
    put_uv_on_path(checkout, version="0.1.0")
    done = start(checkout, "up", index=serve({}))
    assert done.returncode == 1
    assert not (checkout / "uv.log").exists()


def test_a_later_start_installs_only_when_the_lock_changed(checkout: Path) -> None:
    # given
    put_uv_on_path(checkout)
    start(checkout, "up")
    # when
    start(checkout, "up")
    # then
    assert len((checkout / "uv.log").read_text().splitlines()) == 1
    # when
    (checkout / "uv.lock").write_text("lock 2")
    start(checkout, "up")
    # then
    assert len((checkout / "uv.log").read_text().splitlines()) == 2


def test_test_installs_its_tools_and_up_leaves_them(checkout: Path) -> None:
    put_uv_on_path(checkout)
    for command in ("up", "test", "up"):
        start(checkout, command)
    first, second = (checkout / "uv.log").read_text().splitlines()
    assert "--no-dev" in first
    assert "--group=dev" in second


def test_starts_at_the_same_time_install_once(checkout: Path) -> None:
    # given
    put_uv_on_path(checkout, seconds=0.5)
    # when
    command = [sys.executable, str(checkout / "headwater"), "up"]
    where = environment(checkout, "https://pypi.org/simple")
    together = [
        subprocess.Popen(command, env=where, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(3)
    ]
    said = [process.communicate()[0] for process in together]
    # then
    assert all(line.endswith(b"|-P -m server.cli up\n") for line in said)
    assert len((checkout / "uv.log").read_text().splitlines()) == 1


def test_an_older_python_gets_as_far_as_the_line_that_says_so() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))
    first = SCRIPT.read_text().split("import base64")[0]
    assert "sys.version_info < (3, 11)" in first


def test_the_script_is_executable() -> None:
    assert os.access(SCRIPT, os.X_OK)
