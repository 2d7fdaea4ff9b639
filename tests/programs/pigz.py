"""pigz: a parallel gzip, with which Debian's base layer is made (Debian: pigz)."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.programs.command import DEFAULT_TIMEOUT, find

PACKAGE = "pigz"


class Pigz:
    """The pigz command."""

    def __init__(self) -> None:
        self._program = find("pigz", PACKAGE)

    def compress(self, content: bytes, *flags: str) -> bytes:
        """Compress a file ``rootfs.tar`` with pigz's own flags."""
        with tempfile.TemporaryDirectory(prefix="bf-pigz-") as folder:
            Path(folder, "rootfs.tar").write_bytes(content)
            command = [self._program, "--stdout", *flags, "rootfs.tar"]
            return subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=DEFAULT_TIMEOUT).stdout
