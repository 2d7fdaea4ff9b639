"""Blobs from elsewhere: other places that the user names, what was set aside, and what is left of the blob itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.well_known import WELL_KNOWN_BLOBS
from importer.formats.signatures import DOCUMENT_KINDS
from importer.inspection.content import can_decompress, examine_content
from importer.inspection.file_facts import FileFacts, inspect_file
from importer.inspection.inspector import Inspector
from importer.inventory.inventory import Inventory
from importer.plan.blobs import ProvenBlob, Role
from importer.plan.causes import Cause
from importer.plan.content import literal, whole_file
from importer.recovery.blobs.finding import BlobFinder, BlobWish
from importer.recovery.blobs.repairs.text_document import read_small
from importer.recovery.documents.restoration import restorations
from importer.recovery.recompress.family import Family
from importer.recovery.recompress.recompressing import Recompressor
from importer.sources.folder import FolderSource
from importer.sources.opening import open_sources
from importer.sources.source_file import SourceFile
from importer.storage_tree.documents import Need
from importer.storage_tree.lost_manifests import rebuilt_manifest

SET_ASIDE: Final = ".blobfix-set-aside"
"""Below the root: where entries go that are taken out of the tree."""


@dataclass(frozen=True, slots=True)
class Supply:
    """How a blob comes about that isn't in its place, and what is known of its remains."""

    blob: ProvenBlob | None
    cause: Cause | None = None


class Supplies:
    """Looks for blobs outside of their places; other places are read when something is first asked for.

    Args:
        root: of the tree.
        paths: places that the user named.
        inspector: has the threads.
        recompressor: computes the gzip of unpacked layers again.
        is_quick: whether no manifest is put together again, for which layers are read.
    """

    def __init__(
        self,
        root: Path,
        paths: Iterable[Path],
        inspector: Inspector,
        recompressor: Recompressor,
        *,
        is_quick: bool = False,
    ) -> None:
        aside = root / SET_ASIDE
        self._sources = [*open_sources(paths, borrowed=True)]
        self._sources += [FolderSource(aside, borrowed=True)] if aside.is_dir() else []
        self._inspector = inspector
        self._recompressor = recompressor
        self._is_quick = is_quick
        self._found: dict[Digest, Supply] = {}

    def find(self, digest: Digest, need: Need | None, remains: Path | None) -> Supply:
        """Find a blob.

        Args:
            digest: of the blob.
            need: its descriptor, when a manifest names it.
            remains: the file that lies in its place.
        """
        known = self._found.get(digest)
        if known is None or (known.blob is None and need and not known.cause):
            known = self._found[digest] = self._find(digest, need, remains)
        return known

    def rebuilt(self, manifest: Digest, blobs: Iterable[Path]) -> Supply:
        """A manifest that was lost, put together from blobs that its repository links."""
        known = self._found.get(manifest)
        if self._is_quick or (known and known.blob):
            return known or Supply(None)
        blob = rebuilt_manifest(manifest, blobs, self._inspector)
        self._found[manifest] = Supply(blob, known.cause if known else None)
        return self._found[manifest]

    @cached_property
    def _inventory(self) -> Inventory:
        inspection = self._inspector.inspect(self._sources)
        return Inventory.of(inspection.facts, inspection.problems)

    def _find(self, digest: Digest, need: Need | None, remains: Path | None) -> Supply:
        for fact in self._inventory.with_digest(digest):
            return Supply(replace(whole_file(fact), digest=digest))
        if digest in WELL_KNOWN_BLOBS:
            content = WELL_KNOWN_BLOBS[digest].content
            return Supply(literal(content))
        facts = [*_facts_of(remains, digest), *self._inventory.claiming(digest)]
        restored = next((supply for fact in facts if (supply := _restored(fact, digest))), None)
        return restored or (self._repaired(facts, need) if need and need.size >= 0 else Supply(None))

    def _repaired(self, facts: list[FileFacts], need: Need) -> Supply:
        inventory = Inventory.of(map(self._examined, facts))
        finder = BlobFinder(inventory, (), self._inspector.advance)
        role = need.role if need.role is not Role.CHILD else Role.MANIFEST
        plan = finder.find(BlobWish(Descriptor(need.media_type, need.digest, need.size), role))
        (mended,) = self._recompressor.mend(Family((plan,)))
        return Supply(mended.exact, mended.cause)

    def _examined(self, fact: FileFacts) -> FileFacts:
        if not can_decompress(fact.kind):
            return fact
        try:
            return replace(fact, content=examine_content(fact.file, fact.kind, advance=self._inspector.advance))
        except OSError:
            return fact


def _facts_of(remains: Path | None, digest: Digest) -> Iterator[FileFacts]:
    for entry in FolderSource(remains).entries() if remains else ():
        if isinstance(entry, SourceFile):
            try:
                yield inspect_file(replace(entry, parts=(digest.hex, "data")))
            except OSError:
                continue


def _restored(fact: FileFacts, digest: Digest) -> Supply | None:
    """A document whose text was changed, in its former form; its size need not be known."""
    if fact.kind not in DOCUMENT_KINDS or not digest.is_checkable:
        return None
    for form in restorations(read_small(fact)):
        if Digest.of(form.content, digest.algorithm) == digest:
            return Supply(literal(form.content), form.cause)
    return None
