"""docker-registry: the registry:2 server (Debian: docker-registry)."""

from __future__ import annotations

import json
import re
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from importer.domain import media_types
from tests.programs.command import find, run
from tests.programs.process import Server

PACKAGE = "docker-registry"
MANIFEST_TYPES = (
    media_types.DOCKER_MANIFEST,
    media_types.DOCKER_MANIFEST_LIST,
    media_types.OCI_MANIFEST,
    media_types.OCI_INDEX,
)

_LISTENING = re.compile(r"listening on (127\.0\.0\.1:[0-9]+)")
# Port 0 lets the kernel choose a free port, and the log tells which: no two servers can get in each other's way.
_CONFIG = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage:
  {driver}
  delete: {{enabled: true}}
  maintenance: {{readonly: {{enabled: {readonly}}}, uploadpurging: {{enabled: false}}}}
http: {{addr: "127.0.0.1:0"}}
"""
# A proxy in the environment has nothing to do with a server on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Response:
    """What the registry answered; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class DockerRegistry:
    """A registry over a root folder, the one that is mounted at /var/lib/registry in the container.

    ``settings`` are further sections of its configuration, ``driver`` is the line for storage that is no folder. Start
    and end it with ``with``.
    """

    def __init__(self, root: Path, *, readonly: bool = False, settings: str = "", driver: str = "") -> None:
        self.root = root
        self._program = find("docker-registry", PACKAGE)
        self._folder = tempfile.TemporaryDirectory(prefix="bf-registry-")
        self._config = Path(self._folder.name) / "config.yml"
        driver = driver or f"filesystem: {{rootdirectory: {json.dumps(str(root))}}}"
        config = _CONFIG.format(driver=driver, readonly=str(readonly).lower())
        self._config.write_text(config + settings)
        self._server: Server | None = None
        self.host = ""

    def __enter__(self) -> Self:
        self._server = Server(
            # Its s3 driver stops at a bundle of certificates that it can't take.
            [self._program, "serve", str(self._config)],
            Path(self._folder.name) / "log",
            {"AWS_CA_BUNDLE": ""},
        )
        self.host = self._server.wait_for(self._address)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.stop()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://{self.host}"

    @property
    def log(self) -> str:
        """What the registry has logged; the reason of a 500 stands only here."""
        return self._server.read_log() if self._server else ""

    def _address(self) -> str | None:
        match = _LISTENING.search(self.log)
        return match[1] if match else None

    def garbage_collect(self, *, dry_run: bool = False, delete_untagged: bool = False) -> str:
        """Run ``docker-registry garbage-collect`` on the root; raises ProgramError when it aborts."""
        flags = ["--dry-run"] * dry_run + ["--delete-untagged"] * delete_untagged
        return run([self._program, "garbage-collect", *flags, str(self._config)])

    def request(self, path: str, method: str = "GET") -> Response:
        """Ask for ``/v2/...``, accepting every kind of manifest; an error status is a response as well."""
        request = urllib.request.Request(self.url + path, method=method, headers={"Accept": ", ".join(MANIFEST_TYPES)})
        try:
            with _OPENER.open(request, timeout=30) as answer:
                return _response(answer)
        except urllib.error.HTTPError as error:
            with error:
                return _response(error)

    def get(self, path: str) -> bytes:
        """Get the body of ``/v2/...``; raises AssertionError for another status than 200."""
        response = self.request(path)
        assert response.status == 200, f"GET {path}: {response.status} {response.body!r}\n{self.log}"
        return response.body

    def head(self, path: str) -> Response:
        """Ask for the headers of ``/v2/...`` alone."""
        return self.request(path, "HEAD")

    def manifest(self, name: str, reference: str) -> bytes:
        """Get a manifest's exact bytes by tag or digest."""
        return self.get(f"/v2/{name}/manifests/{reference}")

    def blob(self, name: str, digest: str) -> bytes:
        """Get a config's or layer's bytes."""
        return self.get(f"/v2/{name}/blobs/{digest}")

    def tags(self, name: str) -> list[str]:
        """List a repository's tags."""
        return list(json.loads(self.get(f"/v2/{name}/tags/list"))["tags"] or [])

    def catalog(self) -> list[str]:
        """List the repositories."""
        return list(json.loads(self.get("/v2/_catalog"))["repositories"] or [])


def _response(answer: Any) -> Response:
    return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())
