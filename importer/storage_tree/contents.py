"""What the blobs of a tree really are: every one hashed by all processors, or only what links ask for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.domain.storage_paths import blob_path
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.signatures import HEAD_SIZE, FileKind, kind_of_head
from importer.inspection.content import BLOCK_SIZE
from importer.inspection.inspector import Inspector
from importer.plan.blobs import Role
from importer.progress import Progress
from importer.sources.folder import open_regular
from importer.sources.source_file import SourceFile
from importer.storage_tree.documents import Manifest, Need, read_manifest
from importer.storage_tree.tree import OddBlob, Tree, Unreadable

_BATCH: Final = 4096
"""Blobs that wait for a thread at a time, so that a million of them take little room."""

Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of change: a file with all of these is known again."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One blob file, read to its end.

    Attributes:
        digest: of the bytes, by the algorithm that the path names, else sha256.
        size: in bytes.
        kind: what the first bytes say.
        manifest: what it says as a manifest.
        stamp: by which it is known again.
    """

    digest: Digest
    size: int
    kind: FileKind
    manifest: Manifest | None
    stamp: Stamp


Remembered = MutableMapping[tuple[Stamp, str], Reading]


@dataclass(frozen=True, slots=True)
class Contents:
    """What was read.

    Attributes:
        whole: kind and manifest of blobs that are whole and in their place, where these are more than data.
        damaged: blobs in their place whose bytes have another digest.
        odd: files that are in no blob's place.
        unreadable: blobs in their place that the system doesn't hand out.
    """

    whole: dict[Digest, Manifest] = field(default_factory=dict)
    damaged: dict[Digest, Reading] = field(default_factory=dict)
    odd: list[tuple[OddBlob, Reading]] = field(default_factory=list)
    unreadable: dict[Digest, Unreadable] = field(default_factory=dict)


class ContentReader:
    """Reads blobs of one tree.

    Args:
        tree: what was walked; files that can't be read are added to its list of these.
        inspector: has the threads.
        progress: is told of the bytes.
        remembered: what files are known to be that have not changed since; is added to.
    """

    def __init__(self, tree: Tree, inspector: Inspector, progress: Progress, remembered: Remembered | None) -> None:
        self._tree = tree
        self._inspector = inspector
        self._progress = progress
        self._remembered = remembered
        self._done: set[Digest] = set()
        self.contents = Contents()

    def read_all(self) -> Contents:
        """Hash everything."""
        self._progress.start("Checking", sum(self._tree.blobs.values()) + self._size_of_odd())
        self._read_blobs(self._tree.blobs)
        self._read_odd()
        self._progress.stop()
        return self.contents

    def read_linked(self) -> Contents:
        """Hash the manifests that links lead to, what lies in a wrong place, and what has a wrong size."""
        self._progress.start("Checking", self._size_of_odd())
        self._read_odd()
        waiting = {digest for digest in _linked_manifests(self._tree) if digest in self._tree.blobs}
        while waiting:
            self._read_blobs(waiting)
            children = {need.digest for need in self._needs() if need.role is Role.CHILD}
            waiting = {digest for digest in children - self._done if digest in self._tree.blobs}
        self._read_blobs({need.digest for need in self._needs() if self._has_other_size(need)} - self._done)
        self._progress.stop()
        return self.contents

    def _size_of_odd(self) -> int:
        return sum(blob.size for blob in self._tree.odd_blobs)

    def _needs(self) -> Iterator[Need]:
        for manifest in self.contents.whole.values():
            yield from manifest.needs

    def _has_other_size(self, need: Need) -> bool:
        return need.size >= 0 and self._tree.blobs.get(need.digest, need.size) != need.size

    def _read_blobs(self, digests: Iterable[Digest]) -> None:
        waiting = iter(digests)
        while batch := list(islice(waiting, _BATCH)):
            self._done.update(batch)
            files = [self._file(blob_path(digest), self._tree.blobs[digest], digest) for digest in batch]
            for digest, reading in self._inspector.run(self._reading, files):
                self._take(digest, reading)

    def _take(self, digest: Digest | None, reading: Reading | Unreadable) -> None:
        if digest is None or isinstance(reading, Unreadable):
            if isinstance(reading, Unreadable):
                self._tree.unreadable.append(reading)
                self.contents.unreadable.update({digest: reading} if digest else {})
        elif reading.digest != digest:
            self.contents.damaged[digest] = reading
        elif reading.manifest:
            self.contents.whole[digest] = reading.manifest

    def _read_odd(self) -> None:
        by_place = {self._tree.layout.place(blob.path): blob for blob in self._tree.odd_blobs}
        files = [self._file(blob.path, blob.size, blob.claimed) for blob in by_place.values()]
        for file in files:
            _, reading = self._reading(file)
            if isinstance(reading, Unreadable):
                self._tree.unreadable.append(reading)
            else:
                self.contents.odd.append((by_place[file.path], reading))

    def _file(self, path: str, size: int, digest: Digest | None) -> SourceFile:
        place = self._tree.layout.place(path)
        # The parts carry what the blob should be to the thread that reads it.
        parts = (path, digest.algorithm, digest.hex) if digest else (path,)
        return SourceFile(place, parts, size, partial(open_regular, Path(place)))

    def _reading(self, file: SourceFile) -> tuple[Digest | None, Reading | Unreadable]:
        digest = Digest(*file.parts[1:]) if len(file.parts) == 3 else None
        algorithm = digest.algorithm if digest else "sha256"
        try:
            return digest, self._read_file(file, algorithm)
        except OSError as error:
            return digest, Unreadable(file.parts[0], error.strerror or str(error))

    def _read_file(self, file: SourceFile, algorithm: str) -> Reading:
        with file.open() as stream:
            key = (_stamp(os.fstat(stream.fileno())), algorithm)
            known = self._remembered.get(key) if self._remembered is not None else None
            if known:
                self._inspector.advance(known.size)
                return known
            reading = self._read_stream(stream, key)
        if self._remembered is not None:
            self._remembered[key] = reading
        return reading

    def _read_stream(self, stream: object, key: tuple[Stamp, str]) -> Reading:
        hashed, size, head, text = hashlib.new(key[1]), 0, b"", bytearray()
        buffer = bytearray(BLOCK_SIZE)
        view = memoryview(buffer)
        while count := stream.readinto(buffer):  # type: ignore[attr-defined]
            hashed.update(view[:count])
            head = head or bytes(view[: min(count, HEAD_SIZE)])
            if size + count <= MAX_DOCUMENT_SIZE and head[:1] in b"{[\xef\xff \t\r\n":
                text += view[:count]
            size += count
            self._inspector.advance(count)
        manifest = read_manifest(bytes(text)) if len(text) == size and text else None
        return Reading(Digest(key[1], hashed.hexdigest()), size, kind_of_head(head), manifest, key[0])


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _linked_manifests(tree: Tree) -> Iterator[Digest]:
    for repository in tree.repositories:
        yield from repository.revisions
        yield from repository.currents.values()
        yield from (odd.digest for odd in repository.odd if odd.digest)
        for indexed in repository.indexed.values():
            yield from indexed
