"""Blobs from elsewhere: other places that the user names, what was set aside, and what is left of the blob itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.well_known import WELL_KNOWN_BLOBS
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.signatures import DOCUMENT_KINDS
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts, inspect_file
from importer.inspection.inspecting import inspect
from importer.inventory.inventory import Inventory
from importer.places.changes import SET_ASIDE
from importer.places.store import EntryKind, Store, kind_at
from importer.plan.blobs import ProvenBlob, Role, WantedBlob
from importer.plan.causes import Cause
from importer.plan.content import literal, whole_file
from importer.recovery.blobs.finding import BlobFinder
from importer.recovery.blobs.restoration import restorations
from importer.recovery.recompress.build_evidence import BuildEvidence
from importer.recovery.recompress.recompressing import Recompressor
from importer.sources.opening import open_sources
from importer.sources.source_file import Source, SourceFile
from importer.sources.stored_files import StoredFiles
from importer.storage_tree.documents import Manifest, Need, read_manifest
from importer.storage_tree.lost_manifests import rebuilt_manifest
from importer.work.executor import Executor


@dataclass(frozen=True, slots=True)
class Supply:
    """How a blob comes about that isn't in its place, and what is known of its remains."""

    blob: ProvenBlob | None
    cause: Cause | None = None


class Supplies:
    """Looks for blobs outside of their places; other places are read when something is first asked for.

    Args:
        store: the tree's.
        places: those that the user named.
        executor: reads files.
        recompressor: computes the gzip of unpacked layers again.
        is_quick: whether no manifest is put together again, for which layers are read.
    """

    def __init__(
        self,
        store: Store,
        places: Iterable[Store],
        executor: Executor,
        recompressor: Recompressor,
        *,
        is_quick: bool = False,
    ) -> None:
        self._store = store
        self._sources: list[Source] = [*open_sources(places, executor.tools.opener, borrowed=True)]
        if kind_at(store, SET_ASIDE) is EntryKind.FOLDER:
            self._sources.append(StoredFiles(store, SET_ASIDE, borrowed=True))
        self._executor = executor
        self._examiner = Examiner(executor.tools)
        self._recompressor = recompressor
        self._is_quick = is_quick
        self._found: dict[Digest, Supply] = {}

    def find(self, digest: Digest, need: Need | None, remains: str | None) -> Supply:
        """Find a blob.

        Args:
            digest: of the blob.
            need: its descriptor, when a manifest names it.
            remains: the key of the file that lies in its place.
        """
        known = self._found.get(digest)
        if known is None or (known.blob is None and need and not known.cause):
            known = self._found[digest] = self._find(digest, need, remains)
        return known

    def rebuilt(self, manifest: Digest, blobs: Iterable[str]) -> Supply:
        """A manifest that was lost, put together from blobs that its repository links, given by their keys."""
        known = self._found.get(manifest)
        if self._is_quick or (known and known.blob):
            return known or Supply(None)
        blob = rebuilt_manifest(manifest, self._store, blobs, self._executor)
        self._found[manifest] = Supply(blob, known.cause if known else None)
        return self._found[manifest]

    def manifest_of(self, supply: Supply) -> Manifest | None:
        """What a blob says as a manifest; None when it is none."""
        if supply.blob is None or supply.blob.size > MAX_DOCUMENT_SIZE:
            return None
        content = self._examiner.head_of(supply.blob.recipe, supply.blob.size)
        return read_manifest(content) if content else None

    @cached_property
    def _inventory(self) -> Inventory:
        inspection = inspect(self._sources, self._executor)
        return Inventory.of(inspection.facts, inspection.problems)

    def _find(self, digest: Digest, need: Need | None, remains: str | None) -> Supply:
        for fact in self._inventory.with_digest(digest):
            return Supply(replace(whole_file(fact), digest=digest))
        if digest in WELL_KNOWN_BLOBS:
            content = WELL_KNOWN_BLOBS[digest].content
            return Supply(literal(content))
        own, others = [*self._facts_of(remains, digest)], [*self._inventory.claiming(digest)]
        restored = next((supply for fact in (*own, *others) if (supply := self._restored(fact, digest))), None)
        if restored or not need or need.size < 0:
            return restored or Supply(None)
        supply = self._repaired([*own, *others], need)
        # Of several remains one alone is told; the layer without its compression may be among the others.
        elsewhere = self._repaired(others, need) if own and others and supply.blob is None else supply
        return elsewhere if elsewhere.blob else supply

    def _repaired(self, facts: list[FileFacts], need: Need) -> Supply:
        inventory = Inventory.of(map(self._examiner.looked_into, facts))
        finder = BlobFinder(inventory, (), self._executor)
        role = need.role if need.role is not Role.CHILD else Role.MANIFEST
        plan = finder.find(WantedBlob(Descriptor(need.media_type, need.digest, need.size), role))
        (mended,) = self._recompressor.mend(BuildEvidence((plan,)))
        return Supply(mended.exact, mended.cause)

    def _facts_of(self, remains: str | None, digest: Digest) -> Iterator[FileFacts]:
        for entry in StoredFiles(self._store, remains).entries() if remains else ():
            if isinstance(entry, SourceFile):
                try:
                    yield inspect_file(replace(entry, parts=(digest.hex, "data")), self._executor.tools.opener)
                except OSError:
                    continue

    def _restored(self, fact: FileFacts, digest: Digest) -> Supply | None:
        """A document whose text was changed, in its former form; its size need not be known."""
        if fact.kind not in DOCUMENT_KINDS or not digest.is_checkable:
            return None
        for form in restorations(self._examiner.text_of(fact)):
            if Digest.of(form.content, digest.algorithm) == digest:
                return Supply(literal(form.content), form.cause)
        return None
