"""Platforms: for which machine an image is made.

Sources: OCI image-spec, image-index.md, property ``platform``; containerd/platforms, ``FormatAll``.
"""

from __future__ import annotations

import platform as machine
import re
from dataclasses import dataclass
from typing import Final

_ARCHITECTURES: Final = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "arm",
    "i386": "386",
    "i686": "386",
}
_PLATFORM: Final = re.compile(
    r"(?P<os>[^/():]+)(?:\((?P<version>[^/():]+)\))?/(?P<architecture>[^/():]+)"
    r"(?:/(?P<variant>[^/():]+))?(?::(?P<number>[^/():]+))?"
)
_DEFAULT_VARIANTS: Final = {("arm64", "v8"), ("arm", "v7"), ("amd64", "v1")}


@dataclass(frozen=True, slots=True)
class Platform:
    """Operating system, CPU architecture and its variant; of Windows the version, too, by which its builds differ."""

    os: str
    architecture: str
    variant: str | None = None
    os_version: str | None = None

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read ``linux/arm64/v8`` or ``windows/amd64:10.0.20348``; containerd writes ``windows(10.0.20348)/amd64``.

        Raises ValueError for anything of another form.
        """
        match = _PLATFORM.fullmatch(text)
        if not match or (match["version"] and match["number"]):
            raise ValueError(f"not a platform: {text!r}")
        return cls(match["os"], match["architecture"], match["variant"], match["version"] or match["number"])

    @property
    def is_unknown(self) -> bool:
        """BuildKit labels attestations ``unknown/unknown`` so that nobody runs them."""
        return self.os == "unknown" and self.architecture == "unknown"

    def matches(self, wanted: Platform) -> bool:
        """Whether an image of this platform serves a user who asked for the other."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        if wanted.os_version and not f"{self.os_version}.".startswith(f"{wanted.os_version}."):
            return False
        return wanted.variant is None or self._variant_or_default == wanted._variant_or_default

    @property
    def _variant_or_default(self) -> str | None:
        if self.variant is not None:
            return self.variant
        return next((v for a, v in _DEFAULT_VARIANTS if a == self.architecture), None)

    @property
    def with_version(self) -> str:
        """The platform, and after a colon the operating system's version where it is known."""
        return f"{self}:{self.os_version}" if self.os_version else str(self)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


@dataclass(frozen=True, slots=True)
class Host:
    """A machine whose docker loads images.

    Attributes:
        platform: what runs there.
        is_windows: whether it is Windows.
        asked: the one platform that the user wants of an index; None leaves the choice to docker.
    """

    platform: Platform
    is_windows: bool = False
    asked: Platform | None = None

    @classmethod
    def of_this_machine(cls) -> Host:
        """The machine this runs on; images are Linux images unless one asks for others."""
        architecture = machine.machine().lower()
        platform = Platform("linux", _ARCHITECTURES.get(architecture, architecture))
        return cls(platform, is_windows=machine.system() == "Windows")

    def loads(self, platform: Platform) -> bool:
        """Whether docker there takes an image of the platform: only Windows takes Windows images, none takes others.

        Source: moby, image/tarexport/load.go, "cannot load … image on …". An ``os`` that isn't spelt like this, or that
        docker doesn't know, ends in an error as well.
        """
        return platform.os == "linux" or (platform.os == "windows" and self.is_windows)
