"""The entry point."""

from __future__ import annotations

import gc
import os
import sys

from importer import __version__


def main() -> None:
    """Run ``blobfix``."""
    _open_closed_streams()
    if sys.argv[1:] == ["--version"]:
        # Scripts ask for the version often, and it needs none of what the commands load.
        _print_version()
        return
    # All that loading makes is there to stay, and looking through it for garbage takes a twentieth of the time.
    gc.disable()
    try:
        from importer.cli.app import run  # noqa: PLC0415

        run()
    except KeyboardInterrupt:
        # So early that nothing was begun.
        sys.stderr.write("blobfix: interrupted\n")
        sys.exit(130)


def _print_version() -> None:
    try:
        sys.stdout.write(f"blobfix {__version__}\n")
        sys.stdout.flush()
    except OSError as error:
        from importer.cli.app import fail_to_print  # noqa: PLC0415

        sys.exit(fail_to_print(error))


def _open_closed_streams() -> None:
    """Take the places of streams that are closed (``>&-``), so that no file is opened there and written to instead."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 (open to the end)
