"""containerd with a content store of its own (Debian: containerd)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs.command import find, run
from tests.programs.process import Server

PACKAGE = "containerd"

_CONFIG = """\
version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{socket}"
"""


class Containerd:
    """A containerd over a root folder; start and end it with ``with``."""

    def __init__(self, root: Path) -> None:
        self.content = root / "io.containerd.content.v1.content"
        self._program, self._client = find("containerd", PACKAGE), find("ctr", PACKAGE)
        # A socket's path must be short.
        self._folder = tempfile.TemporaryDirectory(prefix="bf-ctd-", dir="/tmp")
        self._socket = Path(self._folder.name) / "s"
        self._config = Path(self._folder.name) / "config.toml"
        state = Path(self._folder.name) / "state"
        self._config.write_text(_CONFIG.format(root=root, state=state, socket=self._socket))
        self._server: Server | None = None

    def __enter__(self) -> Self:
        log = Path(self._folder.name) / "log"
        self._server = Server([self._program, "--config", str(self._config)], log)
        self._server.wait_for(lambda: True if "containerd successfully booted" in log.read_text() else None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.stop()
        self._folder.cleanup()

    def import_image(self, tar: Path) -> str:
        """Take the blobs of a tar into the content store, without unpacking them."""
        arguments = ["--address", str(self._socket), "images", "import", "--no-unpack", "--all-platforms", str(tar)]
        return run([self._client, *arguments])
