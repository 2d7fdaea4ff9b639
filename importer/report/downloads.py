"""The shopping list: what to fetch again, and where it lies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.domain.file_names import manifest_name
from importer.domain.media_types import INDEX_TYPES, MANIFEST_TYPES
from importer.domain.platform import Platform
from importer.plan.blobs import BlobPlan, LostBlob, Role
from importer.plan.causes import (
    AttestationMissing,
    ContentMissing,
    Foreign,
    Marker,
    Missing,
    PartialDownload,
    SizeMismatch,
    Split,
    Truncated,
)
from importer.plan.images import ImagePlan, Plan, is_docker_save
from importer.recovery.blobs.remains import is_replaceable
from importer.report.origin import Origin
from importer.rules.catalogue import rule_explaining
from importer.words.printable import for_shell

_UNKNOWN_IMAGE = "<image>"
_UNKNOWN_TAG = "<tag>"
_MANIFESTS: Final = frozenset({Role.MANIFEST, Role.CHILD})


@dataclass(frozen=True, slots=True)
class Download:
    """One thing to fetch again.

    Attributes:
        digest, size: of the blob (bytes; 0 where nothing tells it).
        have: bytes of it that are here and good to continue from.
        reason: the name of the rule that explains why.
        file_name: what Artifactory calls it.
        paths: where it lies: in Artifactory's storage, and in the registry API.
        command: a command line that fetches it, when the server is known.
        platform: of a manifest.
    """

    digest: Digest
    size: int
    have: int
    reason: str
    file_name: str
    paths: tuple[str, ...]
    command: str | None = None
    platform: Platform | None = None


def downloads_of(plan: Plan, origin: str | None = None) -> tuple[Download, ...]:
    """Everything that a download would mend, each blob once.

    Args:
        plan: what is wanted.
        origin: the URL or reference from which the download came; makes complete commands, which write to no file
            that is there, but for the remains of the very blob.
    """
    by_digest: dict[Digest, Download] = {}
    for image in plan.images:
        for blob in _lacking(image):
            if blob.descriptor.digest not in by_digest:
                by_digest[blob.descriptor.digest] = _download(plan, image, blob, origin)
    return tuple(by_digest.values())


def _lacking(image: ImagePlan) -> Iterator[BlobPlan]:
    # A manifest whose digest nobody knows can be told by the folder of its tag alone, as the findings do.
    if image.is_only_named:
        yield image.manifest
    for blob in image.blobs:
        is_saved = blob.role is Role.LAYER and is_docker_save(image)
        is_no_help = isinstance(blob.cause, ContentMissing | AttestationMissing | SizeMismatch)
        if isinstance(blob, LostBlob) and not is_saved and not is_no_help:
            yield blob


def _download(plan: Plan, image: ImagePlan, blob: BlobPlan, origin: str | None) -> Download:
    rule = rule_explaining(blob.cause) if blob.cause else None
    name = _place_of(plan, image)
    have = _usable_bytes(blob)
    return Download(
        digest=blob.descriptor.digest,
        size=blob.descriptor.size,
        have=have,
        reason=rule.name if rule else str(blob.status),
        file_name=_manifest_name(blob) if blob.role in _MANIFESTS else blob.descriptor.digest.file_name,
        paths=tuple(_paths(image, blob, name)),
        command=_command(image, blob, _origin_of(plan, name, origin)) if origin else None,
        platform=blob.descriptor.platform if blob.role in _MANIFESTS else None,
    )


def _usable_bytes(blob: BlobPlan) -> int:
    # Pieces can be joined and continued; where more than that has happened, no download can go on from the file.
    if not all(isinstance(cause, Split) for cause in blob.earlier):
        return 0
    match blob.cause:
        case Truncated(have) | PartialDownload(have):
            return have
    return 0


def _place_of(plan: Plan, image: ImagePlan) -> tuple[str, str]:
    """The repository and the tag under which Artifactory keeps the image, or what stands for them."""
    parents = [other for other in plan.images if other.manifest.descriptor.digest in image.parents]
    for named in (image, *parents):
        if named.names:
            return named.names[0].repository, named.names[0].tag
        if named.repository:
            return named.repository.name, _UNKNOWN_TAG
    return _UNKNOWN_IMAGE, _UNKNOWN_TAG


def _paths(image: ImagePlan, blob: BlobPlan, place: tuple[str, str]) -> Iterator[str]:
    if isinstance(blob.cause, Foreign):
        yield from blob.cause.urls
        return
    repository, tag = place
    digest = blob.descriptor.digest
    if blob.role is Role.CHILD:
        yield from (f"{repository}/{folder}/{_manifest_name(blob)}" for folder in _child_folders(digest))
        yield f"/v2/{repository}/manifests/{digest}"
        return
    if blob.role is Role.MANIFEST:
        yield f"{repository}/{tag}/{_manifest_name(blob)}"
        yield f"/v2/{repository}/manifests/{digest}"
        return
    if isinstance(blob.cause, Marker):
        yield f"/artifactory/api/docker/<repository key without -cache>/v2/{repository}/blobs/{digest}"
    else:
        folders = _child_folders(image.manifest.descriptor.digest) if image.parents and not image.names else (tag,)
        yield from (f"{repository}/{folder}/{digest.file_name}" for folder in folders)
    yield f"/v2/{repository}/blobs/{digest}"


def _child_folders(digest: Digest) -> tuple[str, str]:
    """Both spellings of the folder of an index's child: in local repositories, and in caches of remote ones."""
    return f"{digest.algorithm}:{digest.hex}", digest.file_name


def _origin_of(plan: Plan, place: tuple[str, str], text: str) -> Origin | None:
    """The place of one image: what the user gave is that of one of them, or needs its name."""
    try:
        origin = Origin.parse(text, None if place[0] == _UNKNOWN_IMAGE else place[0])
    except ValueError:
        return None
    places = [(name.repository, name.tag) for image in plan.images for name in image.names]
    return origin.of_image(place, places) if place in places else origin


def _command(image: ImagePlan, blob: BlobPlan, origin: Origin | None) -> str | None:
    """A curl command that fetches a blob into its folder, going on where a true beginning ends.

    Only the remains of the blob itself are written to: a name that anything else has is avoided.
    """
    if origin is None or isinstance(blob.cause, Foreign):
        return None
    if blob.role in _MANIFESTS:
        return _manifest_command(image, blob, origin)
    # A child's folder has one of two spellings, which can't be told from here; the API knows the blob by its digest.
    from_api = isinstance(blob.cause, Marker) or (bool(image.parents) and not image.names)
    url = origin.blob_url(blob.descriptor.digest, from_api=from_api)
    if url is None:
        return _complete_command(image, origin)
    resumes = isinstance(blob.cause, Truncated) and _usable_bytes(blob) > 0 and _is_in_a_folder(blob)
    if resumes and blob.file and not blob.earlier:
        file = blob.file.file.path
    else:
        file = _free(_path_to_save(image, blob), blob)
    resume = "-C - " if resumes or isinstance(blob.cause, Missing) else ""
    joining = _joining(blob, file) if resumes else ""
    return f"{joining}curl -fL --retry 5 {resume}-o {for_shell(file)} {for_shell(url)}"


def _manifest_command(image: ImagePlan, blob: BlobPlan, origin: Origin) -> str | None:
    """A curl command that fetches a manifest by its digest; what that wants, the next scan tells."""
    url = origin.manifest_url(blob.descriptor.digest)
    if url is None:
        return _complete_command(image, origin)
    types = blob.descriptor.media_type if blob.descriptor.size else ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))
    accept = for_shell(f"Accept: {types}")
    file = for_shell(_free(f"{_path_to_save(image, blob)}/{_manifest_name(blob)}", blob))
    return f"curl -fL --retry 5 -H {accept} --create-dirs -o {file} {for_shell(url)}"


def _complete_command(image: ImagePlan, origin: Origin) -> str | None:
    """What does more than curl can: log in, and look in several places."""
    manifest = image.manifest.file.file if image.manifest.file else None
    folder = manifest.path.removesuffix(manifest.name) if manifest else ""
    return f"blobfix complete {for_shell(folder)} --from {for_shell(str(origin.place))}" if folder else None


def _joining(blob: BlobPlan, target: str) -> str:
    """The command that makes one file of the pieces there are, for a download to go on from."""
    pieces = next((cause.paths for cause in blob.earlier if isinstance(cause, Split)), ())
    if not pieces or not _usable_bytes(blob):
        return ""
    return f"cat {' '.join(map(for_shell, pieces))} > {for_shell(target)} && "


def _path_to_save(image: ImagePlan, blob: BlobPlan) -> str:
    """Beside what is left of the blob, else beside the manifest; what is in an archive has no such place."""
    files = [fact.file for fact in (blob.file, image.manifest.file) if fact and not fact.file.borrowed]
    folder = files[0].folder if files else ""
    return (folder if Path(folder).is_dir() else "") + blob.descriptor.digest.file_name


def _free(path: str, blob: BlobPlan) -> str:
    """The path, or where anything but the blob's own remains has this name, another one; names don't matter."""
    is_own = blob.file_path == path and is_replaceable(blob) and not _is_borrowed(blob)
    while not is_own and os.path.lexists(path):
        path += ".new"
    return path


def _is_in_a_folder(blob: BlobPlan) -> bool:
    """Whether what is left of it can be written to: it is no member of an archive, and not lent."""
    return bool(blob.file) and not _is_borrowed(blob) and os.path.isfile(blob.file_path or "")  # noqa: PTH113 (a text)


def _is_borrowed(blob: BlobPlan) -> bool:
    return bool(blob.file and blob.file.file.borrowed)


def _manifest_name(blob: BlobPlan) -> str:
    return manifest_name(is_index=blob.descriptor.media_type in INDEX_TYPES)
