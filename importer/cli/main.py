"""The entry point."""

from __future__ import annotations

import gc
import sys

from importer import __version__


def main() -> None:
    """Run ``blobfix``."""
    if sys.argv[1:] == ["--version"]:
        # Scripts ask for the version often, and it needs none of what the commands load.
        sys.stdout.write(f"blobfix {__version__}\n")
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
