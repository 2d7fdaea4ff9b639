"""The commands together, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from importer import __version__
from importer.cli.console import say
from importer.errors import BlobfixError
from importer.report.exit_codes import INTERRUPTED, TROUBLE
from importer.report.printable import for_terminal


class _Edge(TyperGroup):
    """Turns what commands return and raise into exit codes."""

    def invoke(self, ctx: Any) -> Any:
        try:
            code = super().invoke(ctx)
        except BlobfixError as error:
            code = _fail(str(error), error.exit_code)
        except KeyboardInterrupt:
            code = _fail("interrupted; nothing unfinished is left behind", INTERRUPTED)
        except BrokenPipeError:
            # The reader has seen enough, as `head` does; Python must not complain at its end either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = TROUBLE
        raise typer.Exit(code or 0)


app = typer.Typer(
    name="blobfix",
    cls=_Edge,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_COMMANDS: Final = ("scan", "to-registry-tree", "to-docker-tar", "pull", "complete", "push", "tags", "inspect", "serve")


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"blobfix {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Get a container image back from the wreckage of a failed download."""


def run() -> None:
    """Run the command that the arguments name, and leave with its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    # Each command loads rooms that the others don't need; only what is asked for is loaded.
    for name in [word for word in sys.argv[1:] if word in _COMMANDS][:1] or _COMMANDS:
        module = import_module(f"importer.cli.{name.replace('-', '_')}")
        app.command(name, epilog=module.EXAMPLES)(getattr(module, name.replace("-", "_")))
    app()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(message: str, code: int) -> int:
    say(f"blobfix: {for_terminal(message)}")
    return code
