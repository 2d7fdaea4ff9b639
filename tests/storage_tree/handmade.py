"""A registry's storage as people make it by hand."""

from __future__ import annotations

from pathlib import Path

from tests.programs.command import run

SCRIPT = Path(__file__).with_name("script.sh")


def make_by_script(download: Path, beginning: Path, looks: str) -> None:
    """Make a storage that begins at ``beginning`` of a download, with the script's mistakes.

    ``looks``: how the script looks for gzip, ``always`` finding it or ``really`` looking.
    """
    run(["bash", str(SCRIPT), str(download), str(beginning), "image", "label", looks])
