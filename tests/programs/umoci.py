"""umoci: works on OCI image layouts (Debian: umoci)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.programs.command import find, run

PACKAGE = "umoci"


class Umoci:
    """The umoci command; it checks every digest and diff_id of what it unpacks."""

    def __init__(self) -> None:
        self._program = find("umoci", PACKAGE)

    def command(self, *arguments: str) -> str:
        """Run ``umoci ARGUMENTS`` and give its standard output; raises ProgramError when it fails."""
        return run([self._program, *arguments])

    def tags(self, layout: Path) -> list[str]:
        """List the names in a layout's index."""
        return self.command("list", "--layout", str(layout)).split()

    def stat(self, layout: Path, tag: str) -> dict[str, Any]:
        """Give the history of an image and what its layers are."""
        result: dict[str, Any] = json.loads(self.command("stat", "--json", "--image", f"{layout}:{tag}"))
        return result

    def unpack(self, layout: Path, tag: str, root: Path) -> Path:
        """Unpack an image's whole file system into the new folder ``root``."""
        self.command("raw", "unpack", "--image", f"{layout}:{tag}", str(root))
        return root
