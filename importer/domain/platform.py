"""Platforms: for which machine an image is made.

Source: OCI image-spec, image-index.md, property ``platform``.
"""

from __future__ import annotations

import platform as host
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
_DEFAULT_VARIANTS: Final = {("arm64", "v8"), ("arm", "v7"), ("amd64", "v1")}


@dataclass(frozen=True, slots=True)
class Platform:
    """Operating system, CPU architecture and its variant."""

    os: str
    architecture: str
    variant: str | None = None

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read ``linux/arm64/v8``; raises ValueError for anything of another form."""
        parts = text.split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"not a platform: {text!r}")
        return cls(*parts)

    @classmethod
    def of_this_machine(cls) -> Platform:
        """The platform whose images run here; images are Linux images unless the host is Windows."""
        machine = host.machine().lower()
        return cls("linux", _ARCHITECTURES.get(machine, machine))

    @property
    def is_unknown(self) -> bool:
        """BuildKit labels attestations ``unknown/unknown`` so that nobody runs them."""
        return self.os == "unknown" and self.architecture == "unknown"

    @property
    def is_loadable_here(self) -> bool:
        """Whether docker on this machine takes the image: only Windows takes Windows images.

        Source: moby, image/tarexport/load.go, "cannot load … image on …".
        """
        return self.os != "windows" or host.system() == "Windows"

    def matches(self, wanted: Platform) -> bool:
        """Whether an image of this platform serves a user who asked for the other."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        return wanted.variant is None or self._variant_or_default == wanted._variant_or_default

    @property
    def _variant_or_default(self) -> str | None:
        if self.variant is not None:
            return self.variant
        return next((v for a, v in _DEFAULT_VARIANTS if a == self.architecture), None)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)
