"""The commands together, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import click
import typer

from importer import __version__
from importer.cli import scan, to_docker_tar, to_registry_tree
from importer.errors import BlobfixError
from importer.report.exit_codes import INTERRUPTED, TROUBLE, USAGE

app = typer.Typer(
    name="blobfix",
    help="Get a container image back from the wreckage of a failed download.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("scan", epilog=scan.EXAMPLES)(scan.scan)
app.command("to-registry-tree", epilog=to_registry_tree.EXAMPLES)(to_registry_tree.to_registry_tree)
app.command("to-docker-tar", epilog=to_docker_tar.EXAMPLES)(to_docker_tar.to_docker_tar)


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
    try:
        code = app(standalone_mode=False)
    except BlobfixError as error:
        code = _fail(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        code = USAGE
    except (KeyboardInterrupt, click.Abort):
        code = _fail("interrupted; nothing unfinished is left behind", INTERRUPTED)
    except BrokenPipeError:
        # The reader has seen enough, as `head` does; Python must not complain at its end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = TROUBLE
    sys.exit(code or 0)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(message: str, code: int) -> int:
    print(f"blobfix: {message}", file=sys.stderr)  # noqa: T201
    return code
