"""`./headwater mail`: the mails that the local mailbox caught."""

from typing import Annotated

import typer

from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from server.mailbox import kept_mails

__all__ = ["command"]

command = typer.Typer(help="Show the mails caught by the local mailbox of `up`.", add_completion=False)


@command.callback(invoke_without_command=True)
def mail(context: typer.Context, data_dir: DataDir = None) -> None:
    context.obj = kept_mails(settings_with(data_dir=data_dir).data_dir)
    if context.invoked_subcommand is None:
        list_mails(context)


@command.command("list")
def list_mails(context: typer.Context) -> None:
    """All of them, oldest first."""
    if not context.obj:
        print("No mails.")
    for number, kept in enumerate(context.obj, 1):
        print(f"{number:4}  {kept['Date'] or '-':31}  {kept['X-Envelope-To']:32}  {kept['Subject'] or '(no subject)'}")


@command.command()
def show(
    context: typer.Context, number: Annotated[int, typer.Argument(help="The number that `list` shows.", min=1)]
) -> None:
    """One of them, as text."""
    if number > len(context.obj):
        raise Refusal(f"there is no mail {number}; `./headwater mail` lists {len(context.obj)}")
    kept = context.obj[number - 1]
    for name in ("Date", "From", "To", "X-Envelope-To", "Subject"):
        if kept[name]:
            print(f"{name}: {kept[name]}")
    body = kept.get_body(preferencelist=("plain", "html"))
    print()
    print(body.get_content() if body is not None else "(no text)")
