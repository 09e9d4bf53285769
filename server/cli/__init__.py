"""The commands of `./headwater`."""

__all__ = ["COMMANDS"]

COMMANDS = {
    "up": "server.cli.up",
    "test": "server.cli.test",
    "mail": "server.cli.mail",
    "migrate": "server.cli.migrate",
    "import": "server.cli.import_",
    "synchronize": "server.cli.synchronize",
    "commitments": "server.cli.commitments",
    "audit": "server.cli.audit",
    "documents": "server.cli.documents",
    "explain": "server.cli.explain",
    "worker": "server.cli.worker",
    "jobs": "server.cli.jobs",
    "schema": "server.cli.schema",
    "texts": "server.cli.texts",
    "bench": "server.cli.bench",
}
"""Name of a command and the module that holds it.

The module's `command` is a function for typer, or a `typer.Typer` where the command has commands of its own. Only the
module of the command that is asked for is imported, so it may import at its top what it needs.
"""
