"""busybox, whose gzip is none of those that blobfix knows (Debian: busybox)."""

from __future__ import annotations

import subprocess

from tests.programs.command import DEFAULT_TIMEOUT, find

PACKAGE = "busybox"


class Busybox:
    """The busybox command."""

    def __init__(self) -> None:
        self._program = find("busybox", PACKAGE)

    def gzip(self, content: bytes) -> bytes:
        """Compress from pipe to pipe."""
        command = [self._program, "gzip", "-c"]
        return subprocess.run(command, input=content, capture_output=True, check=True, timeout=DEFAULT_TIMEOUT).stdout
