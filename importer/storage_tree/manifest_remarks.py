"""What is to be said of a manifest that is served as it should be: its digest forbids any change."""

from __future__ import annotations

from collections.abc import Iterator

from importer.domain.digest import Digest
from importer.domain.storage_paths import blob_path
from importer.formats.signatures import FileKind
from importer.storage_tree.defects import Defect, MediaTypeAbsent, Schema1Manifest
from importer.storage_tree.documents import Manifest


def remarks(repository: str, digest: Digest, manifest: Manifest) -> Iterator[Defect]:
    """Yield what a reader should know of it."""
    path = blob_path(digest)
    if manifest.kind is FileKind.SCHEMA1:
        yield Schema1Manifest(path=path, digest=digest, repository=repository)
    elif manifest.is_docker and not manifest.declares_type:
        yield MediaTypeAbsent(path=path, digest=digest, repository=repository)
