"""Pulling: everything an image wants, into a folder that any other command takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.platform import Platform
from importer.errors import NetworkError, UsageError
from importer.places.space import demand_space
from importer.progress import Progress
from importer.transport.blob_download import Beginning, BlobDownload
from importer.transport.breaks import RangeLimit
from importer.transport.client import Surroundings
from importer.transport.image_folder import ImageFolder
from importer.transport.partial_file import disk_errors, partial_path
from importer.transport.remote_blob import RemoteBlob
from importer.transport.remote_image import RemoteImage, RemoteManifest
from importer.transport.stop import run_all

_DEEPEST_INDEX: Final = 4
DEFAULT_JOBS: Final = 4


@dataclass(frozen=True, slots=True)
class Transfer:
    """A blob that is to lie at ``target``, maybe begun by another file.

    ``replaces_remains``: whether what lies at ``target`` is what is left of the blob, and may go.
    """

    blob: RemoteBlob
    target: Path
    beginning: Beginning | None = None
    replaces_remains: bool = False


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull saved: the image's manifest, its folder, and how many blobs and bytes it has."""

    manifest: RemoteManifest
    folder: Path
    blobs: int
    size: int


class Pull:
    """Pulls one image.

    Args:
        image: where it comes from.
        folder: where it goes to.
        surroundings: what all transfers share.
        progress: told of every byte.
        jobs: how many blobs are downloaded at once.
    """

    def __init__(
        self,
        image: RemoteImage,
        folder: ImageFolder,
        surroundings: Surroundings,
        progress: Progress,
        jobs: int = DEFAULT_JOBS,
    ) -> None:
        self._image = image
        self._folder = folder
        self._surroundings = surroundings
        self._progress = progress
        self._jobs = jobs
        self._refused: list[NetworkError] = []
        self._asked: set[Digest] = set()

    def run(self, platform: Platform | None = None) -> Pulled:
        """Download the image, or of an index one platform or all.

        The manifests are written first, so that whatever an interrupt leaves can be scanned and
        completed. Raises NetworkError after everything that the server gives is saved, UsageError
        for a platform that isn't there, and OutputError.
        """
        manifest = chosen_manifest(self._image, platform)
        folder = self._folder.of_root(manifest)
        transfers = tuple(_once(self._transfers(manifest, folder, 0)))
        transfer_all(transfers, self._surroundings, self._progress, self._jobs)
        if self._refused:
            raise self._refused[0]
        return Pulled(manifest, folder, len(transfers), sum(each.blob.descriptor.size for each in transfers))

    def _transfers(self, manifest: RemoteManifest, folder: Path, depth: int) -> Iterator[Transfer]:
        self._folder.write(manifest, folder)
        for descriptor in manifest.parsed.blobs:
            yield Transfer(self._image.blob(manifest.digest, descriptor), folder / descriptor.digest.file_name)
        for descriptor in manifest.parsed.manifests if isinstance(manifest.parsed, Index) else ():
            yield from self._child_transfers(descriptor, depth + 1)

    def _child_transfers(self, descriptor: Descriptor, depth: int) -> Iterator[Transfer]:
        if depth > _DEEPEST_INDEX:
            raise NetworkError("the index has nested indexes, deeper than in any real image")
        if descriptor.digest in self._asked:
            return
        self._asked.add(descriptor.digest)
        try:
            child = self._image.child(descriptor)
        except NetworkError as refusal:
            # The other platforms are worth having without this one.
            self._surroundings.tell(str(refusal))
            self._refused.append(refusal)
            return
        yield from self._transfers(child, self._folder.of_child(child.digest), depth)


def chosen_manifest(image: RemoteImage, platform: Platform | None) -> RemoteManifest:
    """The image's manifest, or of an index the child for a platform; raises NetworkError and UsageError."""
    manifest = image.root()
    if platform is None or isinstance(manifest.parsed, ImageManifest):
        return manifest
    children = manifest.parsed.children
    fitting = [child for child in children if child.platform and child.platform.matches(platform)]
    if not fitting:
        wanted, there = platform.with_version, ", ".join(c.platform.with_version for c in children if c.platform)
        raise UsageError(f"--platform: the image isn't made for {wanted}; there are {there or 'none named'}")
    if len({child.platform.os_version for child in fitting if child.platform}) > 1:
        builds = " or ".join(child.platform.with_version for child in fitting if child.platform)
        raise UsageError(f"--platform: there are {len(fitting)} images for {platform}; choose {builds}")
    return image.child(fitting[0])


def transfer_all(
    transfers: tuple[Transfer, ...], surroundings: Surroundings, progress: Progress, jobs: int = DEFAULT_JOBS
) -> None:
    """Download several blobs at once, the largest first; raises as ``run_all`` does."""
    if not transfers:
        return
    limit = RangeLimit()
    folder = transfers[0].target.parent
    with disk_errors(folder):
        demand_space(folder, sum(map(_bytes_to_come, transfers)), "downloaded")
    progress.start("Downloading", sum(each.blob.descriptor.size for each in transfers))
    ordered = sorted(transfers, key=lambda each: -each.blob.descriptor.size)
    run_all([_task(each, limit, progress.advance) for each in ordered], jobs, surroundings.abort)
    progress.stop()


def _task(transfer: Transfer, limit: RangeLimit, advance: Callable[[int], None]) -> Callable[[], None]:
    if not transfer.blob.descriptor.digest.is_checkable:
        return partial(_refuse_unsupported, transfer.blob)
    download = BlobDownload(transfer.blob, limit, advance)
    return partial(download.to, transfer.target, transfer.beginning, replaces_remains=transfer.replaces_remains)


def _refuse_unsupported(blob: RemoteBlob) -> None:
    raise NetworkError(f"{blob.descriptor.digest} can't be checked here, so it isn't downloaded")


def _bytes_to_come(transfer: Transfer) -> int:
    descriptor, target = transfer.blob.descriptor, transfer.target
    for path in (target, partial_path(target, descriptor.digest)):
        if path.is_file():
            return max(0, descriptor.size - path.stat().st_size)
    return descriptor.size


def _once(transfers: Iterator[Transfer]) -> Iterator[Transfer]:
    """Each blob one time: platforms share layers, and a recovery finds a blob in any folder."""
    seen: set[Digest] = set()
    for transfer in transfers:
        if transfer.blob.descriptor.digest not in seen:
            seen.add(transfer.blob.descriptor.digest)
            yield transfer
