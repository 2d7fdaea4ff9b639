"""Deciding which files are worth decompressing, and having it done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from importer.domain.digest import Digest
from importer.formats.decoders import can_decompress
from importer.formats.signatures import FileKind
from importer.inspection.content import Content
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.inspection.remembered import identity_of, key_of
from importer.inventory.inventory import Inventory, claimed_digest, is_sidecar
from importer.places.identity import identity_at
from importer.places.store import Identity
from importer.recovery.documents.embedded import with_embedded_manifests
from importer.recovery.documents.wanted import (
    has_contradictions,
    manifests_of,
    orphan_configs,
    schema1_manifests_of,
    wanted_blobs,
)
from importer.work.executor import Executor, run
from importer.work.notes import note_of, value_of
from importer.work.remembering import Key, Rememberable
from importer.work.task import Tools

_LAYER_KINDS: Final = frozenset({FileKind.GZIP, FileKind.ZSTD, FileKind.TAR})


@dataclass(frozen=True, slots=True)
class Depth:
    """How closely layers are looked at.

    Attributes:
        every_layer: decompress each layer, to check its diff_id and its tar headers.
        edited_configs: decompress the layers of images whose config was edited under its old name, to hold them
            against it.
        entries: keep the list of what is in the layers that are looked at.
        for_docker: hold layers against the config, as docker will, as far as ``layer_contents`` does.
    """

    every_layer: bool = False
    edited_configs: bool = False
    entries: bool = False
    for_docker: bool = True


@dataclass(frozen=True)
class LookInside(Rememberable["tuple[str, Content | None]"]):
    """Decompress a file, or walk a tar; ``keep_entries``: and keep the list of what is in it."""

    fact: FileFacts
    keep_entries: bool = False

    @property
    def size(self) -> int:
        """Bytes to read."""
        return self.fact.size

    def carry_out(self, tools: Tools) -> tuple[str, Content | None]:
        """Give the file's path and its content; None when it can no longer be read."""
        examiner, fact = Examiner(tools), self.fact
        try:
            content = examiner.content_of(fact, keep_entries=self.keep_entries)
            if self.keep_entries and not content.is_whole and fact.zeros_from < fact.size:
                content = _before_the_zeros(content, fact, examiner)
        except OSError:
            return fact.file.path, None
        return fact.file.path, content

    @property
    def key(self) -> Key:
        """The file's place, and whether the members are asked for."""
        return key_of(self.fact.file, "entries" if self.keep_entries else "content")

    @property
    def is_reading(self) -> bool:
        """The file was read before."""
        return False

    def identity(self) -> Identity:
        """That of the listing, if it tells one."""
        return identity_of(self.fact.file)

    def identity_now(self) -> Identity:
        """That of the file, or of the archive it is in."""
        return identity_at(self.fact.file.address)

    def noted(self, tools: Tools) -> tuple[tuple[str, Content | None], bytes]:
        """The content, and what recalls it."""
        path, content = self.carry_out(tools)
        return (path, content), note_of(content) if content else b""

    def recalled(self, note: bytes) -> tuple[str, Content | None]:
        """The content."""
        return self.fact.file.path, value_of(note, Content)


@dataclass(frozen=True, slots=True)
class HashFurther:
    """Compute a file's digests by other algorithms than sha256."""

    fact: FileFacts
    algorithms: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes to read."""
        return self.fact.size

    def carry_out(self, tools: Tools) -> tuple[str, tuple[Digest, ...]]:
        """Give the file's path and the digests; none when it can no longer be read."""
        path = self.fact.file.path
        try:
            return path, Examiner(tools).further_digests(self.fact.file, self.algorithms)
        except OSError:
            return path, ()


def examine(inventory: Inventory, depth: Depth, executor: Executor) -> Inventory:
    """Look into the files that are needed to explain what is missing, and those that were asked for."""
    inventory = with_embedded_manifests(inventory, Examiner(executor.tools))
    inventory = _hashed_as_wanted(inventory, executor)
    contents = contents_of(_chosen(inventory, depth), executor, entries=depth.entries)
    return inventory.with_contents(contents) if contents else inventory


def contents_of(facts: Iterable[FileFacts], executor: Executor, *, entries: bool = False) -> dict[str, Content]:
    """What files hold, by their paths, without those that can no longer be read; ``entries`` lists the members."""
    chosen = {fact.file.path: fact for fact in facts}
    if not chosen:
        return {}
    executor.progress.start("Unpacking", sum(fact.size for fact in chosen.values()))
    contents = run(executor, [LookInside(fact, entries) for fact in chosen.values()])
    executor.progress.stop()
    return {path: content for path, content in contents if content}


def _before_the_zeros(content: Content, fact: FileFacts, examiner: Examiner) -> Content:
    """The files of what was really downloaded: a decompressor makes something of zeros, too, before it stumbles."""
    good = examiner.content_of(fact, length=fact.zeros_from, keep_entries=True)
    return replace(content, size=good.size, entries=good.entries)


def _hashed_as_wanted(inventory: Inventory, executor: Executor) -> Inventory:
    """Compute digests of other algorithms than sha256 where one is wanted, of the files that have the blob's size."""
    wanted: dict[int, set[str]] = {}
    for descriptor in wanted_blobs(inventory).unresolved:
        if descriptor.digest.is_checkable and descriptor.digest.algorithm != "sha256":
            wanted.setdefault(descriptor.size, set()).add(descriptor.digest.algorithm)
    tasks = [HashFurther(fact, tuple(sorted(wanted[fact.size]))) for fact in inventory.facts if fact.size in wanted]
    if not tasks:
        return inventory
    executor.progress.start("Hashing", sum(task.size for task in tasks))
    found = dict(run(executor, tasks))
    executor.progress.stop()
    return inventory.with_further_digests(found)


def _chosen(inventory: Inventory, depth: Depth) -> Iterator[FileFacts]:
    wanted = wanted_blobs(inventory)
    if wanted.unresolved or orphan_configs(inventory) or has_contradictions(inventory):
        yield from (
            fact for fact in inventory.facts if _may_explain(fact, depth) and not wanted.digests & set(fact.digests)
        )
    edited = frozenset(_names_of_configs(inventory)) if depth.edited_configs else frozenset()
    for _, manifest in manifests_of(inventory):
        config = manifest.config.digest
        if depth.every_layer or (config in edited and not inventory.with_digest(config)):
            yield from _layer_files(inventory, (layer.digest for layer in manifest.layers))
    if depth.every_layer:
        for _, old in schema1_manifests_of(inventory):
            yield from _layer_files(inventory, (layer.digest for layer in old.layers))


def _names_of_configs(inventory: Inventory) -> Iterator[Digest]:
    for fact in inventory.facts:
        claimed = claimed_digest(fact.file) if fact.document and fact.document.config else None
        if claimed:
            yield claimed


def _may_explain(fact: FileFacts, depth: Depth) -> bool:
    # A plain tar says all it can without being looked into, but for its files.
    is_telling = can_decompress(fact.kind) or (depth.entries and fact.kind is FileKind.TAR)
    return is_telling and not is_sidecar(fact.file)


def _layer_files(inventory: Inventory, layers: Iterable[Digest]) -> Iterator[FileFacts]:
    for digest in layers:
        for fact in inventory.with_digest(digest)[:1]:
            if fact.kind in _LAYER_KINDS:
                yield fact
