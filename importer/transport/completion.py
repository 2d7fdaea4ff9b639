"""Completing: what a scanned folder lacks or has damaged, and nothing else, is downloaded into it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.file_names import manifest_name
from importer.domain.manifest import ImageManifest, Index
from importer.domain.platform import Platform
from importer.errors import NetworkError
from importer.places.address import Address
from importer.places.durability import Durability
from importer.places.unfinished import remove_leftovers
from importer.plan.blobs import BlobPlan, Role
from importer.plan.causes import ManifestMissing, PartialDownload, Truncated, ZeroFilled
from importer.plan.images import ImagePlan, Plan, is_docker_save
from importer.recovery.blobs.remains import is_replaceable
from importer.transport.blob_download import Beginning
from importer.transport.image_folder import make_folder, put_document
from importer.transport.partial_file import remove_free_locks
from importer.transport.pull import Transfer
from importer.transport.remote_image import RemoteImage, RemoteManifest
from importer.transport.retry import Tell

_DEEPEST_INDEX: Final = 4


@dataclass(frozen=True, slots=True)
class Scanned:
    """A folder, and what a scan of it knows.

    Attributes:
        folder: what was scanned; nothing is written outside of it.
        plan: what the scan made of it.
        path_of: a file that holds a blob's very bytes, under whatever name.
        open: opens what is left of blobs.
    """

    folder: Path
    plan: Plan
    path_of: Callable[[Digest], Path | None]
    open: Callable[[Address], BinaryIO]


class Completion:
    """Finds out what to download for one folder.

    Args:
        scanned: the folder.
        image: where the rest is.
        platform: which child of an index matters; all do when it is None.
        tell: takes messages about what the server doesn't have.
        durability: whether manifests are on the disk before anything depends on them.
    """

    def __init__(
        self, scanned: Scanned, image: RemoteImage, platform: Platform | None, tell: Tell, durability: Durability
    ) -> None:
        self._folder = scanned.folder
        self._plan = scanned.plan
        self._path_of = scanned.path_of
        self._open = scanned.open
        self._perhaps = _possible_beginnings(scanned)
        self._image = image
        self._platform = platform
        self._tell = tell
        self._durability = durability
        self._root: RemoteManifest | None = None
        self._present = {
            image.manifest.file.file.path: image.manifest.descriptor.digest
            for image in scanned.plan.images
            if image.manifest.file and ((image.parsed and image.manifest.is_here) or is_docker_save(image))
        }

    def transfers(self) -> tuple[Transfer, ...]:
        """Write the manifests that are missing, and list the blobs that are; raises NetworkError.

        What runs that are dead have left is taken away, except for the beginnings of blobs.
        """
        _remove_leftovers_below(self._folder)
        found: dict[Digest, Transfer] = {}
        for transfer in self._transfers():
            found.setdefault(transfer.blob.descriptor.digest, transfer)
        return tuple(found.values())

    def _transfers(self) -> Iterator[Transfer]:
        readable = [image for image in self._plan.images if _has_manifest(image)]
        named = [image for image in self._plan.images if image.is_only_named]
        saved = [image for image in self._plan.images if image.parsed is None and is_docker_save(image)]
        for image in readable:
            if image.parents and not self._is_wanted(image.platform):
                continue
            if any(map(_is_lacking, image.blobs)):
                self._learn_places(image)
                yield from self._of_image(image)
        for image in named:
            if image.platform is None or self._is_wanted(image.platform):
                descriptor = image.manifest.descriptor
                yield from self._of_child(descriptor, self._folder / descriptor.digest.file_name, 0)
        for image in saved:
            yield from self._of_saved(image)
        if not (readable or named or saved) or any(map(_has_damaged_manifest, readable)):
            root = self._remote_root()
            yield from self._of_manifest(root, self._place_of_root(root), 0)

    def _of_image(self, image: ImagePlan) -> Iterator[Transfer]:
        beside = self._folder_of(image.manifest)
        for blob in filter(_is_lacking, image.blobs):
            if blob.role is Role.CHILD:
                if self._is_wanted(blob.descriptor.platform):
                    yield from self._of_child(blob.descriptor, self._sibling(beside, blob.descriptor), 1)
                continue
            folder = self._folder_of(blob) if blob.file and blob.certain else beside
            remote = self._image.blob(image.manifest.descriptor.digest, blob.descriptor)
            beginning = _beginning(blob, self._open) or self._perhaps.get(blob.descriptor.digest)
            target = folder / blob.descriptor.digest.file_name
            is_own = blob.file_path == str(target) and is_replaceable(blob)
            yield Transfer(remote, target, beginning, replaces_remains=is_own)

    def _of_child(self, descriptor: Descriptor, folder: Path, depth: int) -> Iterator[Transfer]:
        if depth > _DEEPEST_INDEX:
            raise NetworkError("the index has nested indexes, deeper than in any real image")
        try:
            child = self._manifest(descriptor)
        except NetworkError as refusal:
            # The scan at the end says that it is missing; the others are worth having.
            self._tell(str(refusal))
            return
        yield from self._of_manifest(child, folder, depth)

    def _of_saved(self, image: ImagePlan) -> Iterator[Transfer]:
        """The config that an entry of docker save names, where the image on the server has the same."""
        blob, root = image.config_blob, self._remote_root()
        if blob and isinstance(root.parsed, ImageManifest) and root.parsed.config.digest == blob.descriptor.digest:
            remote = self._image.blob(root.digest, root.parsed.config)
            yield Transfer(remote, self._place_of_saved(blob))

    def _place_of_saved(self, blob: BlobPlan) -> Path:
        """Where docker save's manifest says, unless that leads out of the folder."""
        path = Path(blob.file_path or "")
        parts = path.relative_to(self._folder).parts if path.is_relative_to(self._folder) else ()
        if not parts or ".." in parts:
            return self._folder / blob.descriptor.digest.file_name
        return make_folder(self._folder, parts[:-1], self._durability) / parts[-1]

    def _manifest(self, descriptor: Descriptor) -> RemoteManifest:
        """A manifest by its digest; in Artifactory that of a tag lies in the tag's folder alone."""
        try:
            return self._image.child(descriptor)
        except NetworkError:
            root = self._remote_root()
            if root.digest != descriptor.digest:
                raise
            return root

    def _of_manifest(self, manifest: RemoteManifest, folder: Path, depth: int) -> Iterator[Transfer]:
        name = manifest_name(is_index=isinstance(manifest.parsed, Index))
        if self._present.get(str(folder / name), manifest.digest) != manifest.digest:
            # What is there is another image's, or docker save's own.
            folder /= manifest.digest.file_name
        make_folder(self._folder, folder.relative_to(self._folder).parts, self._durability)
        self._put(folder / name, manifest.content)
        for descriptor in manifest.parsed.blobs:
            if self._path_of(descriptor.digest) is None:
                remote = self._image.blob(manifest.digest, descriptor)
                yield Transfer(remote, folder / descriptor.digest.file_name)
        for descriptor in manifest.parsed.manifests if isinstance(manifest.parsed, Index) else ():
            if self._is_wanted(descriptor.platform):
                yield from self._of_child(descriptor, self._sibling(folder, descriptor), depth + 1)

    def _put(self, path: Path, content: bytes) -> None:
        """Write a manifest; somebody's own document under its name is kept under another one."""
        put_document(path, content, self._durability, self._tell)

    def _learn_places(self, image: ImagePlan) -> None:
        """Let the server's layout be seen: in Artifactory a child's blobs lie beside the child."""
        root = self._remote_root()
        digest = image.manifest.descriptor.digest
        if digest != root.digest and isinstance(root.parsed, Index):
            for descriptor in root.parsed.children:
                if descriptor.digest == digest:
                    self._image.child(descriptor)

    def _remote_root(self) -> RemoteManifest:
        if self._root is None:
            self._root = self._image.root()
        return self._root

    def _place_of_root(self, root: RemoteManifest) -> Path:
        """Beside the blobs that are here already, else in the folder that was given."""
        if isinstance(root.parsed, ImageManifest):
            paths = (self._path_of(descriptor.digest) for descriptor in root.parsed.blobs)
            return next((path.parent for path in paths if path and path.parent.is_dir()), self._folder)
        return self._folder

    def _folder_of(self, blob: BlobPlan) -> Path:
        path = Path(blob.file.file.path).parent if blob.file else self._folder
        return path if path.is_dir() else self._folder

    def _sibling(self, folder: Path, descriptor: Descriptor) -> Path:
        """The child's own folder: a sibling, as in Artifactory, unless that would lie outside."""
        above = folder.parent if folder != self._folder else folder
        return above / descriptor.digest.file_name

    def _is_wanted(self, platform: Platform | None) -> bool:
        return self._platform is None or (platform is not None and platform.matches(self._platform))


def _remove_leftovers_below(root: Path) -> None:
    for folder, _, _ in os.walk(root):
        remove_leftovers(Path(folder))
        remove_free_locks(Path(folder))


def _has_manifest(image: ImagePlan) -> bool:
    """Whether the image's own manifest is here, and not one that was made up for its config."""
    return image.parsed is not None and not isinstance(image.manifest.cause, ManifestMissing)


def _has_damaged_manifest(image: ImagePlan) -> bool:
    """Whether the image could be read, or put together from its config, and its manifest's own bytes aren't here."""
    return not image.manifest.is_here and not image.parents and not is_docker_save(image)


def _is_lacking(blob: BlobPlan) -> bool:
    return blob.exact is None and not blob.is_dispensable


def _possible_beginnings(scanned: Scanned) -> Mapping[Digest, Beginning]:
    """Files that may be the beginning of several blobs, for each of them: a download asks the server whether it is."""
    return {
        digest: Beginning(partial(scanned.open, remains.file.file.address), remains.file.zeros_from)
        for remains in scanned.plan.ambiguous
        for digest in remains.digests
    }


def _beginning(blob: BlobPlan, open_address: Callable[[Address], BinaryIO]) -> Beginning | None:
    """The part of a blob that is here, if it seems to be its true beginning."""
    match blob.cause:
        case Truncated(have) | PartialDownload(have) | ZeroFilled(have) if blob.file and have:
            return Beginning(partial(open_address, blob.file.file.address), have)
    return None
