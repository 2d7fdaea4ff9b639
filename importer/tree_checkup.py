"""The walk through the rooms for a registry's storage: tree, contents, diagnosis, rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from importer.errors import UsageError
from importer.places.changes import WritableStore
from importer.places.durability import Durability
from importer.places.store import EntryKind, Store, kind_at
from importer.recovery.recompress.recompressing import Effort, Recompressor
from importer.rules.catalogue import find_in_tree
from importer.rules.rule import Finding
from importer.storage_tree.checksums import whole_by_checksum
from importer.storage_tree.contents import ContentReader, Contents, Remembered
from importer.storage_tree.defects import Defect, LayersFolderMissing, LinkDangling, NotRegistryStorage
from importer.storage_tree.diagnosis import Census, RepositoryCensus, diagnose
from importer.storage_tree.foreign_stores import ForeignStore
from importer.storage_tree.layout import Layout
from importer.storage_tree.reading import read_tree
from importer.storage_tree.recognition import find_tree, object_store_in
from importer.storage_tree.space import Space, space_of
from importer.storage_tree.stock import Stock
from importer.storage_tree.supplies import Supplies
from importer.work.executor import Executor
from importer.work.share import Share
from importer.writers.tree_repair import clear_workshop, repair_tree
from importer.writers.verifying_reader import VerifyingReader

CACHE_STATE: Final = "scheduler-state.json"
"""What a pull-through cache keeps at its root (distribution v2.8.3, registry/proxy/proxyregistry.go)."""


@dataclass(frozen=True, slots=True)
class TreeQuestion:
    """What the user asks about a storage tree.

    Attributes:
        store: what is mounted at /var/lib/registry, or the storage itself.
        blobs: places that may hold what is missing.
        quick: whether only links and sizes are looked at.
        subset: the share of the blobs that is hashed; None: all.
        checksums: a table of checksums that were computed elsewhere.
        effort: how much is done to compute the lost gzip of layers again.
        space: whether to say what the bytes are for.
    """

    store: WritableStore
    blobs: tuple[Store, ...] = ()
    quick: bool = False
    subset: Share | None = None
    checksums: Path | None = None
    effort: Effort = field(default_factory=Effort)
    space: bool = False


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found, and what is served all the same.

    Attributes:
        store: the tree's, above docker/registry/v2.
        layout: None for a store that is no registry's.
        space: what the bytes are for; None unless it was asked for.
        repositories: the census of each.
        is_cache: whether it is the storage of a pull-through cache.
        hashed: how many blobs were hashed, now or in an earlier run.
    """

    question: TreeQuestion
    store: WritableStore
    layout: Layout | None
    defects: tuple[Defect, ...]
    findings: tuple[Finding, ...]
    census: Census
    space: Space | None = None
    hashed: int = 0
    repositories: tuple[RepositoryCensus, ...] = ()
    is_cache: bool = False


def check_tree(question: TreeQuestion, executor: Executor, remembered: Remembered | None = None) -> Checkup:
    """Look at a whole tree and explain what is wrong with it.

    Files that are ``remembered`` and have not changed are not read again. Raises UsageError,
    NoImageError and InputError.
    """
    layout = find_tree(question.store)
    if isinstance(layout, ForeignStore):
        return _refused(question, layout)
    recompressor = Recompressor(question.effort, executor)
    supplies = Supplies(
        layout.store, question.blobs, executor, recompressor, is_quick=question.quick or question.subset is not None
    )
    tree = read_tree(layout, executor.progress)
    if store := object_store_in(tree):
        return _refused(question, store)
    reader = ContentReader(tree, executor, executor.progress, remembered)
    contents = _read(question, layout, reader)
    diagnosis = diagnose(tree, contents, Stock(tree, contents, supplies))
    is_cache = kind_at(layout.store, CACHE_STATE) is EntryKind.FILE
    # A cache holds what somebody has asked for so far; what it lacks is no defect.
    defects = tuple(defect for defect in diagnosis.defects if not (is_cache and _is_absent(defect)))
    findings = find_in_tree(defects, is_cache=is_cache)
    space = space_of(tree, contents) if question.space else None
    return Checkup(
        question,
        layout.store,
        layout,
        defects,
        findings,
        diagnosis.census,
        space,
        reader.hashed,
        diagnosis.repositories,
        is_cache,
    )


def _read(question: TreeQuestion, layout: Layout, reader: ContentReader) -> Contents:
    if question.checksums:
        return reader.read_rest(whole_by_checksum(question.checksums, layout))
    if question.subset:
        return reader.read_subset(question.subset)
    return reader.read_linked() if question.quick else reader.read_all()


def read_share(question: TreeQuestion, share: Share, executor: Executor) -> None:
    """Hash a share of a tree's files, for an executor that remembers; raises as ``check_tree`` does."""
    layout = find_tree(question.store)
    if isinstance(layout, ForeignStore):
        place = question.store.shown("")
        raise UsageError(f"{place} is {layout.kind}, not a registry's storage (BF509); nothing was touched")
    ContentReader(read_tree(layout, executor.progress), executor, executor.progress, None).read_share(share)


def mended(found: Checkup, executor: Executor, durability: Durability, remembered: Remembered) -> Checkup | None:
    """Carry out the steps that mend what was found, and look again; None for a store that is left alone.

    Raises what ``repair_tree`` and ``check_tree`` raise.
    """
    steps = [step for defect in found.defects for step in defect.steps]
    if found.layout is None:
        return None
    if not steps:
        clear_workshop(found.layout)
        return found
    repair_tree(found.layout, steps, VerifyingReader(executor.tools.opener), executor.progress, durability)
    return check_tree(found.question, executor, remembered)


def _is_absent(defect: Defect) -> bool:
    return isinstance(defect, LayersFolderMissing) or (isinstance(defect, LinkDangling) and not defect.steps)


def _refused(question: TreeQuestion, store: ForeignStore) -> Checkup:
    defects = (NotRegistryStorage(path=store.evidence, kind=store.kind, place=question.store.shown("")),)
    return Checkup(question, question.store, None, defects, find_in_tree(defects), Census())
