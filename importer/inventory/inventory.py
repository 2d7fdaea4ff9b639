"""The inventory: every file's facts, and ways to find them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from importer.domain.digest import Digest
from importer.domain.file_names import MANIFEST_NAMES
from importer.inspection.content import Content
from importer.inspection.file_facts import FileFacts
from importer.inspection.inspecting import SIDECAR_ALGORITHMS
from importer.inventory.ingests import INGEST, named_by_references
from importer.places.address import is_a_file
from importer.sources.source_file import SourceFile, SourceProblem

MARKER_ENDING: Final = ".marker"
"""Artifactory's placeholder for a layer that a remote repository never cached."""

_EXPORT_NOTES: Final = ".artifactory-metadata"
_NEXUS_NOTE: Final = ".properties"
_SEPARATORS: Final = tuple(dict.fromkeys((os.sep, "/")))
_NAMED_BY_FOLDER: Final = frozenset({*MANIFEST_NAMES, "data"})

_TAGS_ABOUT_A_DIGEST: Final = (".sig", ".att", ".sbom")

_ByDigest = Mapping[Digest, tuple[FileFacts, ...]]


@dataclass(frozen=True)
class Inventory:
    """What there is: all facts, and what could not be read. Build it with ``Inventory.of``.

    Its indexes are made when they are first asked for.
    """

    facts: tuple[FileFacts, ...]
    problems: tuple[SourceProblem, ...]

    @classmethod
    def of(cls, facts: Iterable[FileFacts], problems: Iterable[SourceProblem] = ()) -> Inventory:
        """Put the facts in their order; the user's own files come before borrowed ones."""
        ordered = sorted(named_by_references(facts), key=lambda fact: (fact.file.borrowed, fact.file.path))
        return cls(tuple(ordered), tuple(problems))

    def __reduce__(self) -> tuple[type[Inventory], tuple[object, ...]]:
        return Inventory, (self.facts, self.problems)

    @cached_property
    def files(self) -> tuple[FileFacts, ...]:
        """The facts of files alone, without those of what lies in one of them."""
        return tuple(fact for fact in self.facts if is_a_file(fact.file.address))

    @cached_property
    def _by_digest(self) -> _ByDigest:
        return _group(self.facts, lambda fact: fact.digests)

    @cached_property
    def _by_content(self) -> _ByDigest:
        return _group(self.facts, _content_digest)

    @cached_property
    def _by_claim(self) -> _ByDigest:
        return _group(self.facts, lambda fact: _optional(claimed_digest(fact.file)))

    @cached_property
    def _by_path(self) -> Mapping[str, FileFacts]:
        return {fact.file.path: fact for fact in self.facts}

    def with_contents(self, contents: Mapping[str, Content]) -> Inventory:
        """The same inventory, knowing more: what the files at these paths hold."""
        known = (replace(f, content=contents[f.file.path]) if f.file.path in contents else f for f in self.facts)
        return Inventory(tuple(known), self.problems)

    def with_further_digests(self, digests: Mapping[str, tuple[Digest, ...]]) -> Inventory:
        """The same inventory, knowing more digests of the files at these paths."""
        further = (
            replace(fact, other_digests=(*fact.other_digests, *digests.get(fact.file.path, ()))) for fact in self.facts
        )
        return Inventory(tuple(further), self.problems)

    def with_digest(self, digest: Digest) -> tuple[FileFacts, ...]:
        """Files whose bytes have the digest."""
        return self._by_digest.get(digest, ())

    def with_content(self, digest: Digest) -> tuple[FileFacts, ...]:
        """Files that hold, compressed, a whole content with the digest."""
        return self._by_content.get(digest, ())

    def claiming(self, digest: Digest) -> tuple[FileFacts, ...]:
        """Files that are named after the digest, whatever they hold."""
        return self._by_claim.get(digest, ())

    def at(self, path: str) -> FileFacts | None:
        """The file at a path."""
        return self._by_path.get(path)


def claimed_digest(file: SourceFile) -> Digest | None:
    """The digest after which a file, or the folder that stands for it, is named."""
    return None if is_sidecar(file) else digest_in_parts(file.parts)


def digest_in_parts(parts: tuple[str, ...]) -> Digest | None:
    """The digest after which the last of these names, or the folder that stands for it, is named."""
    claimed = Digest.from_name(parts[-1])
    if parts[-3:-2] == (INGEST,):
        return claimed
    if claimed is None and parts[-1] in _NAMED_BY_FOLDER and len(parts) > 1:
        return folder_digest(parts[-2])
    return claimed


def folder_digest(name: str) -> Digest | None:
    """The digest of the manifest for which a folder stands.

    ``sha256-<hex>.sig`` is none: that is a tag, under which cosign keeps the signature *of* the digest.
    """
    return None if name.lower().endswith(_TAGS_ABOUT_A_DIGEST) else Digest.from_name(name)


def file_beside(inventory: Inventory, file: SourceFile, relative: str) -> FileFacts | None:
    """The file that a document names by a path relative to its own folder; None when that leads out."""
    names = [name for name in relative.replace("\\", "/").split("/") if name not in ("", ".")]
    if ".." in names:
        return None
    folder = file.path.removesuffix(file.name)
    return next((fact for sep in _SEPARATORS if (fact := inventory.at(folder + sep.join(names)))), None)


def described_file(inventory: Inventory, fact: FileFacts) -> FileFacts | None:
    """The file of which a repository program's note tells, or None when it is no such note.

    ``x.artifactory-metadata/properties.xml`` tells of ``x``, ``<uuid>.properties`` of ``<uuid>.bytes``.
    """
    if not fact.properties:
        return None
    if fact.file.name.endswith(_NEXUS_NOTE):
        return inventory.at(fact.file.path.removesuffix(_NEXUS_NOTE) + ".bytes")
    folder = fact.file.path.removesuffix(fact.file.name)[:-1]
    return inventory.at(folder.removesuffix(_EXPORT_NOTES)) if folder.endswith(_EXPORT_NOTES) else None


def is_sidecar(file: SourceFile) -> bool:
    """Whether a file's name says that it holds a neighbour's digest."""
    return file.name.lower().endswith(tuple(SIDECAR_ALGORITHMS))


def is_marker(file: SourceFile) -> bool:
    """Whether a file's name says that it stands for a layer that was never cached."""
    return file.name.lower().endswith(MARKER_ENDING)


def _content_digest(fact: FileFacts) -> tuple[Digest, ...]:
    return (fact.content.digest,) if fact.content and fact.content.is_whole else ()


def _optional(digest: Digest | None) -> tuple[Digest, ...]:
    return (digest,) if digest else ()


def _group(facts: Iterable[FileFacts], keys: Callable[[FileFacts], Iterable[Digest]]) -> _ByDigest:
    groups: dict[Digest, list[FileFacts]] = {}
    for fact in facts:
        for key in keys(fact):
            groups.setdefault(key, []).append(fact)
    return {key: tuple(group) for key, group in groups.items()}
