"""skopeo: copies images between kinds of places (Debian: skopeo)."""

from __future__ import annotations

import json
from typing import Any

from tests.programs.command import find, run

PACKAGE = "skopeo"


class Skopeo:
    """The skopeo command, with no signature policy and with plain HTTP allowed.

    Places are written as skopeo writes them: ``docker://HOST/NAME:TAG``, ``docker-archive:FILE``, ``oci:DIR:TAG``,
    ``oci-archive:FILE``, ``dir:DIR``.
    """

    def __init__(self) -> None:
        self._program = find("skopeo", PACKAGE)

    def command(self, *arguments: str) -> str:
        """Run ``skopeo ARGUMENTS`` and give its standard output; raises ProgramError when it fails."""
        return run([self._program, "--insecure-policy", *arguments])

    def copy(self, source: str, destination: str, *flags: str) -> None:
        """Copy an image; ``flags`` are skopeo's own, as in ``--dest-compress-format=zstd``."""
        self.command("copy", "--src-tls-verify=false", "--dest-tls-verify=false", *flags, source, destination)

    def inspect(self, place: str) -> dict[str, Any]:
        """Give skopeo's summary of an image."""
        result: dict[str, Any] = json.loads(self.command("inspect", "--tls-verify=false", place))
        return result

    def raw_manifest(self, place: str) -> str:
        """Give the manifest as it stands at the place."""
        return self.command("inspect", "--raw", "--tls-verify=false", place)
