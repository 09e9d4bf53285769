"""`./headwater COMMAND`, inside the environment."""

import sys
from importlib import import_module

import pydantic
import typer

from server.cli import COMMANDS
from server.cli.refusal import Refusal
from server.embedded import EmbeddedError


def application(arguments: list[str]) -> typer.Typer:
    """The command named first in `arguments`; all of them when none is, which help needs."""
    app = typer.Typer(
        name="headwater",
        help="Sell cloud services down a chain of distributors, resellers and child resellers.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)  # makes it a group, also of one command
    asked = [name for name in arguments[:1] if name in COMMANDS]
    for name in asked or COMMANDS:
        command = import_module(COMMANDS[name]).command
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main() -> None:
    try:
        application(sys.argv[1:])(prog_name="./headwater")
    except (Refusal, EmbeddedError) as error:
        sys.exit(f"headwater: {error}")
    except PermissionError as error:
        sys.exit(f"headwater: {error.strerror}: {error.filename}")
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        sys.exit(f"headwater: setting {'.'.join(map(str, first['loc']))}: {first['msg']}")


if __name__ == "__main__":
    main()
