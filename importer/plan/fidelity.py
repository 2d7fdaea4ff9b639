"""What can be written of an image, and how true it would be: the one place that says so.

Reports promise what is said here, rules explain it, and writers, ``push`` and ``serve`` do it. Source of what docker
refuses: moby, daemon/internal/image/tarexport/load.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, IntEnum, StrEnum, auto
from typing import TypeGuard

from importer.domain.platform import Host
from importer.plan.flaws import ForeignSystem, NoImage, Obstacle
from importer.plan.images import Artifact, ContainerImage, ImageIndex, ImagePlan


class ImageStatus(StrEnum):
    """What became of an image."""

    INTACT = "intact"
    REPAIRABLE = "repairable"
    INCOMPLETE = "incomplete"


class OutputKind(Enum):
    """What an output holds of an image, on which its fidelity depends.

    ORIGINAL: the manifest and all that it wants, as registries and layouts hold it. DOCKER: config and layers of one
    image, as docker loads them.
    """

    ORIGINAL = auto()
    DOCKER = auto()


class Fidelity(IntEnum):
    """How true an output is to the original; the higher, the truer."""

    NONE = 0
    SAME_IMAGE = 1
    EXACT = 2

    def __str__(self) -> str:
        return self.name.lower().replace("_", "-")


def fidelity(image: ImagePlan, kind: OutputKind, host: Host) -> Fidelity:
    """How true an output would be, written with no further option; ``host`` is the machine whose docker loads it."""
    if not image.parsed:
        return Fidelity.NONE
    if kind is OutputKind.DOCKER:
        return _docker_fidelity(image, host)
    if isinstance(image, ImageIndex):
        return _index_fidelity(image, host)
    if image.manifest.is_here and all(blob.is_here or blob.is_dispensable for blob in image.blobs):
        return Fidelity.SAME_IMAGE if image.is_altered else Fidelity.EXACT
    return Fidelity.SAME_IMAGE if _is_whole(image) else Fidelity.NONE


def obstacles(image: ImagePlan, host: Host) -> tuple[Obstacle, ...]:
    """Why docker on that host can't load the image, whether or not its bytes are here; empty for an index."""
    return tuple(_obstacles(image.saved or image, host))


def docker_child(index: ImageIndex, host: Host) -> ContainerImage | None:
    """Which child of an index docker gets: the one asked for, else the only whole one, else the host's."""
    whole = whole_images(index, host)
    if len(whole) == 1 and not host.asked:
        return whole[0]
    wanted = host.asked or host.platform
    return next((child for child in whole if child.platform and child.platform.matches(wanted)), None)


def whole_images(index: ImagePlan, host: Host) -> tuple[ContainerImage, ...]:
    """The images below an index, or the image itself, that docker could load as they are."""
    return tuple(child for child in index.all_images if is_whole_image(child, host))


def is_whole_image(image: ImagePlan, host: Host) -> TypeGuard[ContainerImage]:
    """Whether docker could load it as it is."""
    return isinstance(image, ContainerImage) and fidelity(image, OutputKind.DOCKER, host) is Fidelity.EXACT


def status_of(image: ImagePlan, host: Host) -> ImageStatus:
    """Whether it is whole, can be made whole, or can't."""
    if isinstance(image, ImageIndex):
        return _status_of_index(image, host)
    best = max(fidelity(image, kind, host) for kind in OutputKind)
    if best is not Fidelity.EXACT and not (image.is_altered and best is Fidelity.SAME_IMAGE):
        return ImageStatus.INCOMPLETE
    is_intact = image.is_untouched and not image.flaws and not image.is_altered
    return ImageStatus.INTACT if is_intact else ImageStatus.REPAIRABLE


def _obstacles(image: ImagePlan, host: Host) -> Iterator[Obstacle]:
    if isinstance(image, Artifact):
        yield NoImage()
    yield from (flaw for flaw in image.flaws if isinstance(flaw, Obstacle))
    if image.config and not host.loads(image.config.platform):
        yield ForeignSystem(image.config.platform.os)


def _docker_fidelity(image: ImagePlan, host: Host) -> Fidelity:
    match image:
        case ImageIndex():
            return Fidelity.EXACT if docker_child(image, host) else Fidelity.NONE
        case ContainerImage(saved=ContainerImage() as saved):
            return _docker_fidelity(saved, host)
        case ContainerImage():
            return Fidelity.EXACT if _is_whole(image) and not obstacles(image, host) else Fidelity.NONE
        case Artifact():
            return Fidelity.NONE


def _is_whole(image: ImagePlan) -> bool:
    """Whether the config and the content of every layer are here, whatever manifest binds them."""
    config = image.config_blob
    if not isinstance(image, ContainerImage) or not image.config or not config or not config.is_here:
        return False
    return len(image.config.diff_ids) == len(image.layers) and all(
        layer.is_here or layer.content for layer in image.layers
    )


def _index_fidelity(index: ImageIndex, host: Host) -> Fidelity:
    if not _is_complete(index, host):
        return Fidelity.NONE
    if not all(fidelity(child, OutputKind.ORIGINAL, host) is Fidelity.EXACT for child in index.children):
        return Fidelity.NONE
    return Fidelity.SAME_IMAGE if index.is_altered else Fidelity.EXACT


def _is_complete(index: ImageIndex, host: Host) -> bool:
    """Whether the index and its children's manifests are here, at least one of them where a platform is asked for."""
    if host.asked and not index.blobs:
        return False
    return index.manifest.is_here and all(blob.is_here or blob.is_dispensable for blob in index.blobs)


def _status_of_index(index: ImageIndex, host: Host) -> ImageStatus:
    states = [status_of(child, host) for child in index.children if not isinstance(child, Artifact)]
    if not _is_complete(index, host) or ImageStatus.INCOMPLETE in states:
        return ImageStatus.INCOMPLETE
    intact = index.is_untouched and not index.is_altered and all(state is ImageStatus.INTACT for state in states)
    return ImageStatus.INTACT if intact else ImageStatus.REPAIRABLE
