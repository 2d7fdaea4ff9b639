"""The commands together, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup

from importer import __version__
from importer.cli.console import say
from importer.cli.first_word import with_command
from importer.cli.interrupts import watch_signals
from importer.errors import BlobfixError
from importer.report.exit_codes import INTERRUPTED, TROUBLE

# Typer carries click inside or beside itself, by its version; this is click's own head of all usage errors.
_WrongUsage: Final = cast("type[Exception]", typer.BadParameter.__mro__[2])


class _Edge(TyperGroup):
    """Turns what commands return and raise into exit codes; where no command is named, it's scan."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            arguments = with_command(args, COMMANDS)
        except BlobfixError as error:
            raise typer.Exit(_fail(str(error), error.exit_code)) from error
        return super().parse_args(ctx, arguments)

    def invoke(self, ctx: Any) -> Any:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BlobfixError as error:
            code = _fail(str(error), error.exit_code)
        except KeyboardInterrupt:
            code = _fail("interrupted; no partial image was left behind", INTERRUPTED)
        except OSError as error:
            code = fail_to_print(error)
        except (typer.Exit, typer.Abort, _WrongUsage):
            raise
        except Exception as error:
            code = _fail(f"internal error, {type(error).__name__}: {error}. Please report it", TROUBLE)
        raise typer.Exit(code or 0)


_EXAMPLES: Final = """\b
Examples:
  blobfix ./downloads
  blobfix to-docker-tar ./downloads -n team/app:1.4 -o image.tar
  blobfix complete ./downloads --from registry.example/team/app:1.4
  blobfix explain "unexpected EOF"
"""

app = typer.Typer(
    name="blobfix",
    cls=_Edge,
    epilog=_EXAMPLES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS: Final = {
    "scan": "Show what is here, what is damaged, what can be written.",
    "fix": "Go the whole way: scan, download, write, verify.",
    "to-registry-tree": "Write a storage folder for registry:2.",
    "to-docker-tar": "Write a tarball for docker load.",
    "to-oci-layout": "Write an OCI image layout for skopeo, podman, umoci.",
    "to-build-context": "Write a Dockerfile and the layers for docker build.",
    "load": "Load images into docker, podman or containerd.",
    "verify": "Read an output back, digest by digest.",
    "repair-tree": "Check a registry's storage; with --apply, repair it.",
    "rules": "List all rules by code.",
    "explain": "Explain a finding or an error message.",
    "compressors": "Identify the program that wrote a gzip file.",
    "pull": "Download an image into a folder, resuming after breaks.",
    "complete": "Download only what is missing or damaged in a folder.",
    "push": "Upload an image to a registry.",
    "serve": "Serve these images as a read-only registry.",
    "tags": "List a repository's tags.",
    "inspect": "Show an image's manifest, config and layers.",
}
"""The commands, with what the list of them says; 60 columns are free for it on a terminal of 80."""


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
    """Recover a container image from a failed or damaged download.

    `blobfix PATH...` is short for `blobfix scan PATH...`, with the same options.
    """


def load_commands(names: Iterable[str] = tuple(COMMANDS)) -> None:
    """Load commands, by their names in ``COMMANDS``, and make them those of the program."""
    for name in names:
        module = import_module(f"importer.cli.{name.replace('-', '_')}")
        function = getattr(module, name.replace("-", "_"))
        app.command(name, short_help=COMMANDS[name], epilog=module.EXAMPLES)(function)


def run() -> None:
    """Run the command that the arguments name, and leave with its exit code."""
    watch_signals()
    _allow_many_files()
    # Each command loads rooms that the others don't need; only what is asked for is loaded.
    load_commands(_commands_in(sys.argv[1:]) or COMMANDS)
    gc.freeze()
    gc.enable()
    try:
        app()
    except OSError as error:
        # --help and --version print before there is a command.
        sys.exit(fail_to_print(error))


def _commands_in(arguments: list[str]) -> list[str]:
    """The command that the arguments name, if they do."""
    with contextlib.suppress(BlobfixError):
        return [word for word in with_command(arguments, COMMANDS) if word in COMMANDS][:1]
    return []


def _allow_many_files() -> None:
    """Have as many files open as the system lets a user have: each packed archive needs one for its copy."""
    try:
        import resource  # noqa: PLC0415 (Windows has none)
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def fail_to_print(error: OSError) -> int:
    """Say why nothing more can be read or written, and give the exit code."""
    _silence_stdout()
    # A reader that closes its pipe has seen enough, as `head` does.
    return TROUBLE if isinstance(error, BrokenPipeError) else _fail(_words_of(error), TROUBLE)


def _words_of(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {reason}" if error.filename else f"reading or writing failed: {reason}"


def _silence_stdout() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # It is said already, or nobody wants to know; Python must not complain at its end as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> int:
    say(f"blobfix: {message}")
    return code
