"""Asking a server as fast as it answers."""

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass

from bench.cores import keep_to
from bench.servers import CannotCompare, Served

__all__ = ["GENERATOR", "Load", "load"]

GENERATOR = "wrk" if shutil.which("wrk") else "a loop of our own (wrk is not installed)"


@dataclass(frozen=True)
class Load:
    """What came of one round."""

    per_second: float
    """Requests answered."""


def load(served: Served, operation: str, *, clients: int, seconds: float, core: int | None) -> Load:
    """Ask with so many clients at once, each waiting for its answer. Raises CannotCompare when one is an error."""
    bodies = [json.dumps(body) for body in served.operations[operation].bodies]
    with keep_to(core):
        if shutil.which("wrk"):
            return _wrk(served, operation, bodies, clients, seconds)
        return asyncio.run(_loop(served, operation, bodies, clients, seconds))


def _wrk(served: Served, operation: str, bodies: list[str], clients: int, seconds: float) -> Load:
    lines = ["wrk.method = 'POST'"]
    lines += [f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in served.headers.items()]
    lines += ["local bodies = {" + ",".join(map(_lua, bodies)) + "}", "local requests, n = {}, 0"]
    # Formatted once: the load generator shares its core with PostgreSQL.
    lines += [
        "function init(args)",
        "  for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, nil, nil, body) end",
    ]
    lines += ["end", "function request()", "  n = n % #requests + 1", "  return requests[n]", "end"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("\n".join(lines))
        script.flush()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "-s", script.name, served.url(operation)],
            check=False,
            capture_output=True,
            text=True,
        )
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise CannotCompare(f"{served.name} fails under load: {done.stdout}{done.stderr}")
    return Load(float(found[1]))


def _lua(text: str) -> str:
    """A Lua string. JSON's escapes of control characters and quotes are Lua's too, but for those in hexadecimal."""
    return json.dumps(text, ensure_ascii=False)


async def _loop(served: Served, operation: str, bodies: list[str], clients: int, seconds: float) -> Load:
    head = "".join(f"{name}: {value}\r\n" for name, value in served.headers.items())
    requests = [
        f"POST {served.paths[operation]} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()
        for body in bodies
    ]
    deadline = time.monotonic() + seconds

    async def client(position: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        count = 0
        while time.monotonic() < deadline:
            writer.write(requests[(position + count * clients) % len(requests)])
            headers = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", headers)
            if not headers.startswith(b"HTTP/1.1 200") or length is None:
                raise CannotCompare(f"{served.name} fails under load: {headers!r}")
            await reader.readexactly(int(length[1]))
            count += 1
        writer.close()
        return count

    began = time.monotonic()
    counts = await asyncio.gather(*(client(position) for position in range(clients)))
    return Load(sum(counts) / (time.monotonic() - began))
