"""Images made by the real docker, without any network: built from tars, pushed to a local registry."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.images.content import Files, tar_of
from tests.programs.docker_registry import DockerRegistry
from tests.programs.dockerd import Dockerd

# Few instructions: the vfs driver makes each wait for the next full second. The characters < > & are in it because
# Go's JSON, and so docker's configs, escape them.
_SETTINGS = """\
ENV APP_HOME=/srv/app GREETING="<hello> & welcome"
CMD ["/srv/app/run", "--settings", "/srv/app/settings.ini"]
"""


@dataclass(frozen=True)
class PushedImage:
    """An image in a registry; the digests are what docker and the registry said, not computed here."""

    host: str
    name: str
    tag: str
    image_id: str
    manifest_digest: str

    @property
    def reference(self) -> str:
        """``HOST/NAME:TAG``."""
        return f"{self.host}/{self.name}:{self.tag}"


def write_build_context(layers: Sequence[Files], folder: Path) -> Path:
    """Write a Dockerfile ``FROM scratch`` that adds one tar for each layer, and the tars."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["FROM scratch"]
    for number, files in enumerate(layers):
        (folder / f"layer{number}.tar").write_bytes(tar_of(files))
        lines.append(f"ADD layer{number}.tar /")
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n" + _SETTINGS)
    return folder


def build_and_push(
    dockerd: Dockerd, registry: DockerRegistry, layers: Sequence[Files], name: str, tag: str
) -> PushedImage:
    """Build an image with docker, push it, and take it out of docker's store again."""
    reference = f"{registry.host}/{name}:{tag}"
    with tempfile.TemporaryDirectory(prefix="bf-context-") as folder:
        image_id = dockerd.build(write_build_context(layers, Path(folder)), reference)
    digest = re.findall(r"digest: (sha256:[0-9a-f]{64})", dockerd.push(reference))[-1]
    dockerd.remove(reference)
    return PushedImage(registry.host, name, tag, image_id, digest)
