"""What the audit log costs a mutation: a top-up without it, with it, and with a chain that is sealed at each commit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import psutil
import psycopg

from bench.changing import SUBSCRIPTIONS, account_ids, request
from bench.cores import two_cores
from bench.database import MeasuredDatabase, measured_database
from bench.load import load
from bench.operations import Operation
from bench.servers import headwater

__all__ = ["compare"]

CLIENTS = (1, 16)

# The way not taken: each transaction's last act is to wait for its distributor's head, and to hold it until the commit.
SEAL_AT_COMMIT = """
CREATE TABLE bench_heads (distributor_id uuid PRIMARY KEY, hash bytea NOT NULL);
INSERT INTO bench_heads SELECT DISTINCT distributor_id, sha256('') FROM tenants;
CREATE FUNCTION bench_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE bench_heads SET hash = sha256(hash || convert_to(to_jsonb(new)::text, 'UTF8'))
   WHERE distributor_id = new.distributor_id;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bench_seal AFTER INSERT ON audit_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION bench_seal();
"""
TABLES = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_created'"


def compare(folder: Path, *, rounds: int, seconds: float) -> Iterator[str]:
    """Lines of a table. All ways are loaded in turn, round after round, so that a slow minute meets each."""
    server_core, other_core = two_cores()
    with (
        measured_database(folder, SUBSCRIPTIONS, other_core) as database,
        headwater(database, server_core) as server,
        psycopg.connect(database.superuser_url, autocommit=True) as connection,
    ):
        tables = [table for (table,) in connection.execute(TABLES)]
        connection.execute(SEAL_AT_COMMIT)
        connection.execute("ALTER SYSTEM SET fsync = on")
        connection.execute("SELECT pg_reload_conf()")
        operations = {"topUp": Operation([request(id) for id in account_ids(database)], lambda data: data)}
        served = replace(server, operations=operations, paths={"topUp": "/graphql"})

        def switch(way: str) -> None:
            for table in tables:
                for name in ("created", "changed", "deleted"):
                    state = "DISABLE" if way == "without the log" else "ENABLE"
                    connection.execute(f"ALTER TABLE {table} {state} TRIGGER audit_{name}")
            state = "ENABLE" if way == "sealed at commit" else "DISABLE"
            connection.execute(f"ALTER TABLE audit_entries {state} TRIGGER bench_seal")

        ways = ["without the log", "with the log", "sealed at commit"]
        yield f"Top-ups of one distributor, fsync on; medians of {rounds} interleaved rounds of {seconds:.0f} s"
        for clients in CLIENTS:
            found: dict[str, list[Measured]] = {way: [] for way in ways}
            load(served, "topUp", clients=clients, seconds=2, core=other_core)
            for round_ in range(rounds):
                for way in ways if round_ % 2 == 0 else ways[::-1]:
                    switch(way)
                    before, used = payments(connection), processor_time(database)
                    per_second = load(served, "topUp", clients=clients, seconds=seconds, core=other_core).per_second
                    each = (processor_time(database) - used) / (payments(connection) - before)
                    found[way].append(Measured(per_second, each * 1000))
            yield ""
            yield f"{clients} {'client' if clients == 1 else 'clients'}"
            for way, measured in found.items():
                per_second = median(each.per_second for each in measured)
                processor = median(each.processor for each in measured)
                yield f"  {way:18}{per_second:8,.0f} a second, {processor:.2f} ms of PostgreSQL's processor time each"


@dataclass(frozen=True, slots=True)
class Measured:
    """One round."""

    per_second: float
    processor: float
    """Milliseconds a mutation that PostgreSQL was computing: other work on the machine adds little to it."""


def payments(connection: psycopg.Connection[tuple[int]]) -> int:
    """How many there are."""
    row = connection.execute("SELECT count(*) FROM payments").fetchone()
    assert row is not None
    return row[0]


def processor_time(database: MeasuredDatabase) -> float:
    """Seconds that PostgreSQL's processes have computed."""
    assert database.pid is not None
    times = [each.cpu_times() for each in psutil.Process(database.pid).children()]
    return sum(each.user + each.system for each in times)
