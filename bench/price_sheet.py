"""A long price sheet: how long its import takes and how much memory, from the command line and over the API."""

import csv
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil

from db import ids
from db.engine import application_engine
from migrations.run import upgrade
from server.embedded import EmbeddedPostgres
from server.settings import ROOT
from tenancy.hierarchy import create_distributor
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tenancy.tokens import issue_token

__all__ = ["measure", "write_sheet"]

HEADER = (
    *("ProductTitle", "ProductId", "SkuId", "SkuTitle", "Publisher", "SkuDescription", "UnitOfMeasure"),
    *("TermDuration", "BillingPlan", "Market", "Currency", "UnitPrice", "PricingTierRangeMin", "PricingTierRangeMax"),
    *("EffectiveStartDate", "EffectiveEndDate", "Tags", "ERP Price", "Segment"),
)
OFFERS = (("P1Y", "Annual", 12), ("P1Y", "Monthly", 12), ("P1M", "Monthly", 1))
PATIENCE = 3600
"""Seconds for one import."""
LOOK = 0.2
"""Seconds between two looks at the memory."""
ASK = """mutation ($input: ImportPriceSheetInput!) {
  importPriceSheet(input: $input) { job { id } errors { message } } }"""
SEEN = "query ($id: ID!) { job(id: $id) { state done total errorMessage file { bytes } } }"


def write_sheet(file: Path, rows: int, *, dearer: int = 0) -> None:
    """So many rows in the layout of the new-commerce list; `dearer`: percent on every net cost."""
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(HEADER)
        for number in range(rows):
            product, (term, plan, months) = number // 3, OFFERS[number % 3]
            price = (5 + product % 90) * months
            writer.writerow(
                (
                    *(f"Brine Product {product}", f"CFQ7TTC{product:06}", f"{product % 50:04}", f"Brine {product}"),
                    *("Brine Software", f"BRINE_{product}", "1 License", term, plan, "US", "EUR"),
                    *(f"{price * (80 + dearer) / 100:.2f}", "", "", "10/1/2026 12:00:00 AM"),
                    *("10/31/2026 11:59:59 PM", "License", f"{price:.2f}", "Commercial"),
                )
            )


def measure(folder: Path, *, rows: int) -> Iterator[str]:
    """Lines of a table."""
    sheet, dearer = folder / "sheet.csv", folder / "dearer.csv"
    write_sheet(sheet, rows)
    write_sheet(dearer, rows, dearer=5)
    with EmbeddedPostgres(folder / "postgres") as server:
        upgrade(server.owner_url())
        environment = {"DATABASE_URL": server.owner_url(), "HEADWATER_APP_DATABASE_URL": server.app_url()}
        yield f"{rows:,} rows, {sheet.stat().st_size / 1e6:.1f} MB; peak of resident memory"
        yield ""
        yield f"{'':34} {'time':>9} {'memory':>9}"
        founded = _distributor(server.app_url(), "by command")
        to = ["--distributor", ids.encode("dst", founded[0])]
        for told, more in (
            ("command, all new", [str(sheet)]),
            ("command, the same again", [str(sheet)]),
            ("command, every price changes", [str(dearer)]),
        ):
            command = [sys.executable, "-m", "server.cli", "import", "price-sheet", *more, *to]
            began = time.monotonic()
            with _running(command, environment) as process:
                (peak,) = _watched({told: process}, until=lambda process=process: process.poll() is not None)
            assert process.returncode == 0, told
            yield _line(told, time.monotonic() - began, peak)
        yield from _over_the_api(server.app_url(), environment, sheet, dearer)


def _line(told: str, seconds: float, *peaks: float) -> str:
    return f"{told:34} {seconds:7.1f} s " + " ".join(f"{peak / 1e6:6.0f} MB" for peak in peaks)


def _distributor(app_url: str, name: str) -> tuple[Any, str]:
    """A new one's id and token."""
    engine = application_engine(app_url, pool_size=1)
    try:
        with Sessions(engine).begin(PLATFORM) as session:
            email = "admin@delta.example"
            founded = create_distributor(session, PLATFORM, name=name, currency="EUR", admin_email=email)
            return founded.tenant.id, issue_token(session, founded.manager)
    finally:
        engine.dispose()


def _over_the_api(app_url: str, environment: Mapping[str, str], sheet: Path, dearer: Path) -> Iterator[str]:
    """With a web process and a worker as `up` starts them."""
    _, token = _distributor(app_url, "by API")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**environment, "HEADWATER_PORT": str(port), "HEADWATER_EXPLORER": "0"}
    with (
        _running([sys.executable, "-m", "server.web"], environment) as web,
        _running([sys.executable, "-m", "jobs.worker"], environment) as worker,
        httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=60
        ) as client,
    ):
        _until_it_answers(client)
        for told, file in (
            ("API, all new", sheet),
            ("API, every price changes", dearer),
        ):
            began = time.monotonic()
            sent = client.put("/files?name=sheet.csv", content=file.read_bytes(), headers={"Content-Type": "text/csv"})
            variables = {"input": {"fileId": sent.json()["id"]}}
            asked = _asked(client, ASK, variables)["importPriceSheet"]
            assert asked["errors"] == [], asked
            job: dict[str, Any] = {}

            def has_ended(job: dict[str, Any] = job, id: str = asked["job"]["id"]) -> bool:
                job.update(_asked(client, SEEN, {"id": id})["job"])
                return job["state"] in {"DONE", "FAILED"}

            peaks = _watched({"web": web, "worker": worker}, until=has_ended)
            assert job["state"] == "DONE", job
            yield _line(told, time.monotonic() - began, *peaks) + "  (web, worker)"


def _asked(client: httpx2.Client, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    answer = client.post("/graphql", json={"query": document, "variables": variables}).json()
    assert "errors" not in answer, answer["errors"]
    return dict(answer["data"])


def _until_it_answers(client: httpx2.Client) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            client.get("/healthz")
        except httpx2.TransportError:
            time.sleep(LOOK)
        else:
            return
    raise TimeoutError("the web process does not answer")


@contextmanager
def _running(command: list[str], environment: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


def _watched(processes: "Mapping[str, subprocess.Popen[bytes]]", *, until: Any) -> list[float]:
    """The most resident memory of each, in bytes, as seen every `LOOK` seconds."""
    peaks = dict.fromkeys(processes, 0)
    seen = {name: psutil.Process(process.pid) for name, process in processes.items()}
    deadline = time.monotonic() + PATIENCE
    while not until():
        for name, process in seen.items():
            try:
                peaks[name] = max(peaks[name], process.memory_info().rss)
            except psutil.NoSuchProcess:
                break
        if time.monotonic() > deadline:
            raise TimeoutError("the import takes longer than an hour")
        time.sleep(LOOK)
    return list(peaks.values())
