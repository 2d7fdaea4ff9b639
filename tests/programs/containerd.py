"""containerd and its ctr command (Debian: containerd)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs.command import ProgramError, demand_root, find, run
from tests.programs.process import Server

PACKAGE = "containerd"

_CONFIG = """\
version = 2
root = "{home}/r"
state = "{home}/t"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "{home}/s"
"""


class Containerd:
    """A containerd with a store of its own; start and end it with ``with``."""

    def __init__(self) -> None:
        self._daemon = find("containerd", PACKAGE)
        self._client = find("ctr", PACKAGE)
        demand_root("containerd")
        # A unix socket's path may have about 100 characters at most, which pytest's own folders exceed.
        self._folder = tempfile.TemporaryDirectory(prefix="bf-containerd-", dir="/tmp", ignore_cleanup_errors=True)
        self._home = Path(self._folder.name)
        self._server: Server | None = None

    def __enter__(self) -> Self:
        config = self._home / "config.toml"
        config.write_text(_CONFIG.format(home=self._home))
        self._server = Server([self._daemon, "--config", str(config)], self._home / "log")
        self._server.wait_for(self._ping)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.stop()
        self._folder.cleanup()

    def _ping(self) -> bool | None:
        try:
            self.command("version")
        except ProgramError:
            return None
        return True

    @property
    def address(self) -> Path:
        """The socket, as ``CONTAINERD_ADDRESS`` takes it."""
        return self._home / "s"

    def command(self, *arguments: str) -> str:
        """Run ``ctr ARGUMENTS`` and give its standard output; raises ProgramError when it fails."""
        return run([self._client, "--address", str(self.address), *arguments])

    @property
    def content(self) -> Path:
        """The folder of its content store."""
        return self._home / "r" / "io.containerd.content.v1.content"

    def import_image(self, tar: Path) -> None:
        """Take the blobs of a tar into the content store, without unpacking them."""
        self.command("images", "import", "--no-unpack", "--all-platforms", str(tar))

    def pull(self, name: str) -> str:
        """Pull ``HOST/NAME:TAG`` over plain HTTP; gives the digest that the name then has."""
        self.command("images", "pull", "--plain-http", "--snapshotter=native", name)
        (line,) = [line for line in self.command("images", "ls").splitlines() if line.startswith(f"{name} ")]
        return line.split()[2]
