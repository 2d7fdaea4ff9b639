"""Deciding which files are worth decompressing, and having it done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from importer.domain.digest import Digest
from importer.formats.signatures import FileKind
from importer.inspection.content import Content, can_decompress, examine_content, further_digests
from importer.inspection.file_facts import FileFacts
from importer.inspection.inspector import Inspector
from importer.inventory.inventory import Inventory, claimed_digest, is_sidecar
from importer.progress import Progress
from importer.recovery.documents.wanted import (
    has_contradictions,
    manifests_of,
    orphan_configs,
    schema1_manifests_of,
    wanted_blobs,
)
from importer.sources.source_file import SourceFile

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


def examine(inventory: Inventory, depth: Depth, inspector: Inspector, progress: Progress) -> Inventory:
    """Look into the files that are needed to explain what is missing, and those that were asked for."""
    inventory = _hashed_as_wanted(inventory, inspector, progress)
    contents = contents_of(_chosen(inventory, depth), inspector, progress, entries=depth.entries)
    return inventory.with_contents(contents) if contents else inventory


def contents_of(
    facts: Iterable[FileFacts], inspector: Inspector, progress: Progress, *, entries: bool = False
) -> dict[str, Content]:
    """What files hold, by their paths, without those that can't be read any more; ``entries`` lists the members."""
    chosen = {fact.file.path: fact for fact in facts}
    if not chosen:
        return {}

    def look_into(file: SourceFile) -> tuple[str, Content | None]:
        fact = chosen[file.path]
        try:
            content = examine_content(file, fact.kind, keep_entries=entries, advance=inspector.advance)
            if entries and not content.is_whole and fact.zeros_from < fact.size:
                content = _before_the_zeros(content, fact, inspector)
        except OSError:
            return file.path, None
        return file.path, content

    progress.start("Unpacking", sum(fact.size for fact in chosen.values()))
    contents = inspector.run(look_into, [fact.file for fact in chosen.values()])
    progress.stop()
    return {path: content for path, content in contents if content}


def _before_the_zeros(content: Content, fact: FileFacts, inspector: Inspector) -> Content:
    """The files of what was really downloaded: a decompressor makes something of zeros, too, before it stumbles."""
    good = examine_content(fact.file, fact.kind, length=fact.zeros_from, keep_entries=True, advance=inspector.advance)
    return replace(content, size=good.size, entries=good.entries)


def _hashed_as_wanted(inventory: Inventory, inspector: Inspector, progress: Progress) -> Inventory:
    """Compute digests of other algorithms than sha256 where one is wanted, of the files that have the blob's size."""
    wanted: dict[int, set[str]] = {}
    for descriptor in wanted_blobs(inventory).unresolved:
        if descriptor.digest.is_checkable and descriptor.digest.algorithm != "sha256":
            wanted.setdefault(descriptor.size, set()).add(descriptor.digest.algorithm)
    sizes = {fact.file.path: fact.size for fact in inventory.facts if fact.size in wanted}
    if not sizes:
        return inventory

    def hash_one(file: SourceFile) -> tuple[str, tuple[Digest, ...]]:
        try:
            return file.path, further_digests(file, sorted(wanted[sizes[file.path]]), advance=inspector.advance)
        except OSError:
            return file.path, ()

    progress.start("Hashing", sum(sizes.values()))
    found = dict(inspector.run(hash_one, [fact.file for fact in inventory.facts if fact.file.path in sizes]))
    progress.stop()
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
