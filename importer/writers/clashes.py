"""Two images that would end under one name: found before the first byte is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.errors import UsageError
from importer.plan.fidelity import OutputKind
from importer.plan.images import ImagePlan
from importer.words.text import FilePath
from importer.writers.named_image import NamedImage
from importer.writers.outputs import Output


@dataclass(frozen=True, slots=True)
class Clash:
    """Two different images that go by one name."""

    name: Reference
    first: ImagePlan
    second: ImagePlan


def demand_distinct_names(images: Sequence[NamedImage], output: Output) -> None:
    """Raise UsageError, which names both, when two different images go by one name."""
    clashes = tuple(clashes_among(images, output))
    if clashes:
        first = clashes[0]
        more = f" The same goes for {len(clashes) - 1} more names." if len(clashes) > 1 else ""
        raise UsageError(
            f"two images are called {first.name}: {_told(first.first)}, and {_told(first.second)}; one name "
            f"can't be used for both. Choose one with --select, or rename one with --select and --name.{more}"
        )


def clashes_among(images: Iterable[NamedImage], output: Output) -> Iterable[Clash]:
    """Each name that two different images want; an image that is there twice doesn't clash with itself."""
    holders: dict[str, tuple[Digest, ImagePlan]] = {}
    for image in images:
        identity = _identity(image.plan, output)
        for name in image.names:
            holder, plan = holders.setdefault(_key(name, output), (identity, image.plan))
            if holder != identity:
                yield Clash(name, plan, image.plan)


def _key(name: Reference, output: Output) -> str:
    """What has to be unlike: a registry's storage leaves the host out."""
    return f"{name.repository}:{name.tag}" if not output.keeps_hosts else name.fully_qualified


def _identity(image: ImagePlan, output: Output) -> Digest:
    """By which digest the output knows the image: docker by the image id, all others by the manifest's."""
    return (image.image_id if output.kind is OutputKind.DOCKER else None) or image.manifest.descriptor.digest


def _told(image: ImagePlan) -> str:
    """The image by its digest, and by the file that tells of it."""
    path = image.manifest.file_path or next((path for blob in image.blobs if (path := blob.file_path)), None)
    digest = f"manifest {image.manifest_digest}" if image.manifest_digest else f"image id {image.image_id}"
    return f"{digest}{f' of {FilePath(path)}' if path else ''}"
