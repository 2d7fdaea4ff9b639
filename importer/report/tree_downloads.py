"""The shopping list of a storage tree: what is nowhere, and where it may be had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from importer.domain.digest import Digest
from importer.plan.causes import Truncated
from importer.report.downloads import Download
from importer.rules.catalogue import rule_of_defect
from importer.storage_tree.defects import BlobDamaged, ChildMissing, Defect, LinkDangling, Wish


def downloads_of_tree(defects: Iterable[Defect]) -> tuple[Download, ...]:
    """Everything that is wanted and that can't be had from here, each blob once."""
    by_digest = {download.digest: download for defect in defects for download in _downloads(defect)}
    return tuple(by_digest.values())


def _downloads(defect: Defect) -> Iterator[Download]:
    if defect.digest is None or not defect.is_loss:
        return
    match defect:
        case LinkDangling(wish=wish):
            yield _download(defect, defect.digest, wish, 0)
        case BlobDamaged(wish=Wish() as wish, cause=cause):
            yield _download(defect, defect.digest, wish, cause.have if isinstance(cause, Truncated) else 0)
        case ChildMissing(repository=repository):
            wish = Wish(size=None, role="manifest", places=((repository, ""),))
            yield _download(defect, defect.digest, wish, 0)


def _download(defect: Defect, digest: Digest, wish: Wish, have: int) -> Download:
    is_manifest = wish.role == "manifest"
    return Download(
        digest=digest,
        size=wish.size or 0,
        have=have,
        reason=rule_of_defect(defect).name,
        file_name="manifest.json" if is_manifest else digest.file_name,
        paths=tuple(path for place in wish.places for path in _paths(digest, place, is_manifest)),
    )


def _paths(digest: Digest, place: tuple[str, str], is_manifest: bool) -> Iterator[str]:
    """Where Artifactory keeps it, as far as the tag is known, and where the registry API has it."""
    repository, tag = place
    if is_manifest:
        folders = (tag,) if tag else (f"{digest.algorithm}:{digest.hex}", digest.file_name)
        yield from (f"{repository}/{folder}/manifest.json" for folder in folders)
        yield f"/v2/{repository}/manifests/{digest}"
        return
    if tag:
        yield f"{repository}/{tag}/{digest.file_name}"
    yield f"/v2/{repository}/blobs/{digest}"
