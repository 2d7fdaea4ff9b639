"""The shopping list: what to fetch again, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from importer.domain.digest import Digest
from importer.recovery.causes import Foreign, Marker, PartialDownload, Truncated
from importer.recovery.plan import BlobPlan, BlobStatus, ImagePlan, Plan, Role
from importer.rules.catalogue import rule_explaining

_UNKNOWN_IMAGE = "<image>"
_UNKNOWN_TAG = "<tag>"


@dataclass(frozen=True, slots=True)
class Download:
    """One thing to fetch again.

    Attributes:
        digest, size: of the blob (bytes).
        have: bytes of it that are here and good to continue from.
        reason: the name of the rule that explains why.
        file_name: what Artifactory calls it.
        paths: where it lies: in Artifactory's storage, and in the registry API.
        command: a command line that fetches it, when the server is known.
    """

    digest: Digest
    size: int
    have: int
    reason: str
    file_name: str
    paths: tuple[str, ...]
    command: str | None = None


def downloads_of(plan: Plan) -> tuple[Download, ...]:
    """Everything that a download would mend, each blob once."""
    by_digest: dict[Digest, Download] = {}
    for image in plan.images:
        for blob in _lacking(image):
            by_digest.setdefault(blob.descriptor.digest, _download(image, blob))
    return tuple(by_digest.values())


def _lacking(image: ImagePlan) -> Iterator[BlobPlan]:
    for blob in image.blobs:
        if blob.status in (BlobStatus.MISSING, BlobStatus.DAMAGED) and not blob.is_dispensable and not blob.exact:
            yield blob


def _download(image: ImagePlan, blob: BlobPlan) -> Download:
    rule = rule_explaining(blob.cause) if blob.cause else None
    name = "manifest.json" if blob.role is Role.CHILD else blob.descriptor.digest.file_name
    return Download(
        digest=blob.descriptor.digest,
        size=blob.descriptor.size,
        have=_usable_bytes(blob),
        reason=rule.name if rule else str(blob.status),
        file_name=name,
        paths=tuple(_paths(image, blob)),
    )


def _usable_bytes(blob: BlobPlan) -> int:
    match blob.cause:
        case Truncated(have) | PartialDownload(have):
            return have
    return 0


def _paths(image: ImagePlan, blob: BlobPlan) -> Iterator[str]:
    if isinstance(blob.cause, Foreign):
        yield from blob.cause.urls
        return
    name = image.names[0] if image.names else None
    repository, tag = (name.repository, name.tag) if name else (_UNKNOWN_IMAGE, _UNKNOWN_TAG)
    digest = blob.descriptor.digest
    if blob.role is Role.CHILD:
        yield f"{repository}/{digest.algorithm}:{digest.hex}/manifest.json"
        yield f"{repository}/{digest.file_name}/manifest.json"
        yield f"/v2/{repository}/manifests/{digest}"
        return
    if not isinstance(blob.cause, Marker):
        yield f"{repository}/{_folder(image, tag)}/{digest.file_name}"
    yield f"/v2/{repository}/blobs/{digest}"


def _folder(image: ImagePlan, tag: str) -> str:
    return image.manifest.descriptor.digest.file_name if image.parents and not image.names else tag
