"""dockerd and the docker command (Debian: docker.io)."""

from __future__ import annotations

import json
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.programs.command import Input, ProgramError, demand_root, find, run
from tests.programs.process import Server

PACKAGE = "docker.io"
_DISTRIBUTION_CLIENT = Path("/usr/bin/docker")


class Dockerd:
    """A docker daemon with a store of its own, which disturbs no other on the same machine.

    Start and end it with ``with``. Every method runs the docker command; one that fails raises ProgramError.
    """

    def __init__(self) -> None:
        self._daemon = find("dockerd", PACKAGE)
        self._client = _client()
        demand_root("dockerd")
        # A unix socket's path may have about 100 characters at most, which pytest's own folders exceed.
        self._folder = tempfile.TemporaryDirectory(prefix="bf-docker-", dir="/tmp", ignore_cleanup_errors=True)
        self._home = Path(self._folder.name)
        self._socket = self._home / "s"
        self._server: Server | None = None

    def __enter__(self) -> Self:
        settings = self._home / "daemon.json"
        settings.write_text("{}")
        self._server = Server(self._daemon_arguments(settings), self._home / "log")
        self._server.wait_for(self._ping)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.stop()
        self._folder.cleanup()

    def _daemon_arguments(self, settings: Path) -> list[str]:
        return [
            self._daemon,
            f"--config-file={settings}",
            f"--data-root={self._home / 'd'}",
            f"--exec-root={self._home / 'e'}",
            f"--pidfile={self._home / 'p'}",
            f"--host=unix://{self._socket}",
            "--storage-driver=vfs",
            # No container is ever started, so the machine's network is left alone.
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            "--ip-forward=false",
            # A containerd that already runs on the machine is shared; its images and containers are not.
            "--containerd-namespace=blobfix-tests",
            "--containerd-plugins-namespace=blobfix-tests-plugins",
        ]

    def _ping(self) -> bool | None:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self._socket))
                connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
                return b" 200 " in connection.recv(64) or None
        except OSError:
            return None

    @property
    def host(self) -> str:
        """What ``docker -H`` and ``DOCKER_HOST`` take: ``unix:///tmp/...``."""
        return f"unix://{self._socket}"

    @property
    def log(self) -> str:
        """What the daemon has logged."""
        return self._server.read_log() if self._server else ""

    def command(self, *arguments: str, stdin: Input = None) -> str:
        """Run ``docker ARGUMENTS`` against this daemon and give its standard output."""
        environment = {
            # The user's own settings, logins and contexts stay out of it.
            "DOCKER_CONFIG": str(self._home / "client"),
            "DOCKER_CONTEXT": "",
            # BuildKit is another program (docker-buildx) for newer clients; the classic builder is always there.
            "DOCKER_BUILDKIT": "0",
        }
        return run([self._client, "-H", self.host, *arguments], stdin=stdin, environment=environment)

    def load(self, source: Input) -> str:
        """Load a docker tar from a file, from bytes or from an open stream; gives what docker says."""
        if isinstance(source, Path):
            return self.command("load", "--input", str(source))
        return self.command("load", stdin=source)

    def image_id(self, name: str) -> str:
        """Give ``sha256:<hex>`` of the image's config."""
        return self.command("image", "inspect", "--format", "{{.Id}}", name).strip()

    def inspect(self, name: str) -> dict[str, Any]:
        """Give all that docker knows of the image."""
        result: dict[str, Any] = json.loads(self.command("image", "inspect", name))[0]
        return result

    def image_ids(self) -> list[str]:
        """List the ids of all images in the store, tagged or not."""
        return self.command("image", "ls", "--all", "--quiet", "--no-trunc").split()

    def build(self, context: Path, tag: str) -> str:
        """Build the folder's Dockerfile; gives the image id."""
        self.command("build", "--tag", tag, str(context))
        return self.image_id(tag)

    def tag(self, name: str, new_name: str) -> None:
        """Give an image one more name."""
        self.command("tag", name, new_name)

    def push(self, name: str) -> str:
        """Push ``HOST/NAME:TAG``; gives what docker says, with the manifest digest in the last line."""
        return self.command("push", name)

    def pull(self, name: str) -> str:
        """Pull ``HOST/NAME:TAG``; gives the image id."""
        self.command("pull", name)
        return self.image_id(name)

    def save(self, name: str, target: Path) -> Path:
        """Write the image as docker's own tar."""
        self.command("save", "--output", str(target), name)
        return target

    def export(self, name: str) -> bytes:
        """Give the image's whole file system as a tar, as a container of it would see it."""
        container = self.command("create", name, "/none").strip()
        tar = self._home / f"{container}.tar"
        try:
            self.command("export", "--output", str(tar), container)
            return tar.read_bytes()
        finally:
            self.command("rm", container)
            tar.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove an image, even when it has other names."""
        self.command("image", "rm", "--force", name)

    def remove_all(self) -> None:
        """Empty the store: docker load doesn't look at a layer that it has already."""
        while ids := set(self.image_ids()):
            # An image that another one builds on goes only after that one: hence several rounds.
            with suppress(ProgramError):
                self.command("image", "rm", "--force", *ids)
            assert set(self.image_ids()) != ids, f"docker keeps its images: {ids}"


def _client() -> str:
    # The client of the daemon's own package knows every call of it; another one in front of it in PATH may not.
    if _DISTRIBUTION_CLIENT.exists():
        return str(_DISTRIBUTION_CLIENT)
    return find("docker", PACKAGE)
