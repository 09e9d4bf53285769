"""The triggers that write the audit log: on every tenant's table, kept so after each migration by itself.

A table of a later migration is watched without a word; one that should not be stands in `UNWATCHED`, with the reason.
"""

from sqlalchemy import Connection, text

__all__ = ["UNWATCHED", "watch"]

UNWATCHED = {
    "audit_entries": "it is the log",
    "counters": "the numbers stand in the rows that were given them",
    "deprecated_uses": "who reads, not what changes",
    "events": "told besides what changed, never changed itself",
    "file_chunks": "the file's row has the hash of its content",
    "idempotency_records": "what was done once is logged once",
    "job_errors": "what a job was given and refused, which changes nothing",
    "jobs": "what a job does is logged with the job's id",
    "ledger_entries": "a log of its own, only added to, and checked against the balances",
    "mails": "a log of its own; texts may hold secrets for one person",
    "outside_calls": "a log of its own; answers may hold secrets",
    "price_list_entries": "made from plans, whose changes are logged",
    "price_sheet_reports": "a log of its own, of changes that are logged",
    "price_versions": "a log of its own, made from changes that are logged",
    "schedules": "the platform's, not a tenant's",
}
"""Tables that the log says nothing of, and why."""

_TABLES = text("""
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
   AND 4 = (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
              AND a.attname IN ('distributor_id', 'id', 'tenant_id', 'tenant_path'))
 ORDER BY c.relname
""")
_WATCHED = text("""
SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = 'audit_created'
""")
_IS_THERE = text("SELECT to_regprocedure('public.app_audit_created()') IS NOT NULL")
_SIDES = {
    "created": ("INSERT", "NEW TABLE AS new_rows"),
    "changed": ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "deleted": ("DELETE", "OLD TABLE AS old_rows"),
}


def watch(connection: Connection) -> None:
    """Put the triggers where they are missing, and take them where they are not wanted. Needs the tables' owner.

    Locks a table against writers for the moment in which its triggers change. Before the log's migration: nothing.
    """
    if not connection.scalar(_IS_THERE):
        return
    wanted = set(connection.scalars(_TABLES)) - UNWATCHED.keys()
    watched = set(connection.scalars(_WATCHED))
    for table in sorted(wanted - watched):
        for name, (event, sides) in _SIDES.items():
            connection.exec_driver_sql(
                f"CREATE TRIGGER audit_{name} AFTER {event} ON {table} REFERENCING {sides}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION app_audit_{name}()"
            )
    for table in sorted(watched - wanted):
        for name in _SIDES:
            connection.exec_driver_sql(f"DROP TRIGGER audit_{name} ON {table}")
