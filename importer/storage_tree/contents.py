"""What the blobs of a tree really are: every one hashed by all processors, or only what links ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import BinaryIO, Final

from importer.domain.digest import Digest
from importer.domain.storage_paths import blob_path
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.signatures import HEAD_SIZE, FileKind, kind_of_head
from importer.places.byte_streams import BLOCK_SIZE, read_buffer
from importer.places.identity import identity_at
from importer.places.store import Identity, Stamp, Store
from importer.plan.blobs import Role
from importer.progress import Progress
from importer.storage_tree.documents import Manifest, Need, read_manifest
from importer.storage_tree.tree import OddBlob, Tree, Unreadable
from importer.work.executor import Executor, run
from importer.work.notes import note_of, value_of
from importer.work.remembering import Key, Rememberable
from importer.work.share import Share
from importer.work.task import Tools

_BATCH: Final = 4096
"""Blobs that wait for a thread at a time, so that a million of them take little room."""


_SMALL: Final = 64 << 10
"""Bytes up to which a blob is read whatever is known of it: it may be a manifest that no link leads to."""


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
        executor: reads files.
        progress: is told of the bytes.
        remembered: what files are known to be that have not changed since; is added to.
    """

    def __init__(self, tree: Tree, executor: Executor, progress: Progress, remembered: Remembered | None) -> None:
        self._tree = tree
        self._executor = executor
        self._progress = progress
        self._remembered = remembered
        self._done: set[Digest] = set()
        self._known_needs: dict[Need, Need] = {}
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

    def read_subset(self, share: Share) -> Contents:
        """Hash what ``read_linked`` does, and of all other blobs a share."""
        self.read_linked()
        self._read_share(share)
        return self.contents

    def read_rest(self, whole: Collection[bytes]) -> Contents:
        """Hash what ``read_linked`` does, small blobs, and those that aren't among the whole ones, by their sha256."""
        self.read_linked()
        blobs = self._tree.blobs
        chosen = [
            digest
            for digest, size in blobs.items()
            if digest not in self._done and (size <= _SMALL or not _is_among(digest, whole))
        ]
        self._progress.start("Checking", sum(blobs[digest] for digest in chosen))
        self._read_blobs(chosen)
        self._progress.stop()
        return self.contents

    def read_share(self, share: Share) -> Contents:
        """Hash a share of all files, and nothing else."""
        self._read_share(share)
        tasks = [self._task(blob.path, blob.size, blob.claimed) for blob in self._tree.odd_blobs]
        for _ in self._readings(task for task in tasks if share.takes_place(task.path)):
            pass
        return self.contents

    @property
    def hashed(self) -> int:
        """How many blobs in their places were hashed, now or in a run that is remembered."""
        return len(self._done)

    def _read_share(self, share: Share) -> None:
        chosen = [digest for digest in self._tree.blobs if digest not in self._done and share.takes(digest.hex)]
        self._progress.start("Checking", sum(self._tree.blobs[digest] for digest in chosen))
        self._read_blobs(chosen)
        self._progress.stop()

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
            tasks = [self._task(blob_path(digest), self._tree.blobs[digest], digest) for digest in batch]
            for task, reading in self._readings(tasks):
                if task.digest:
                    self._take(task.digest, reading)

    def _take(self, digest: Digest, reading: Reading | Unreadable) -> None:
        if isinstance(reading, Unreadable):
            self._tree.unreadable.append(reading)
            self.contents.unreadable[digest] = reading
        elif reading.digest != digest:
            self.contents.damaged[digest] = reading
        elif reading.manifest:
            self.contents.whole[digest] = reading.manifest

    def _read_odd(self) -> None:
        tasks = [self._task(blob.path, blob.size, blob.claimed) for blob in self._tree.odd_blobs]
        readings = {task.path: reading for task, reading in self._readings(tasks)}
        for blob in self._tree.odd_blobs:
            reading = readings[blob.path]
            if isinstance(reading, Unreadable):
                self._tree.unreadable.append(reading)
            else:
                self.contents.odd.append((blob, reading))

    def _task(self, path: str, size: int, digest: Digest | None) -> ReadBlob:
        return ReadBlob(self._tree.layout.store, self._tree.layout.key(path), path, size, digest)

    def _readings(self, tasks: Iterable[ReadBlob]) -> Iterator[tuple[ReadBlob, Reading | Unreadable]]:
        """What each file is, without a look at those that have not changed since they were read."""
        unknown = []
        for task in tasks:
            if known := self._known(task):
                self._executor.tools.advance(known.size)
                yield task, known
            else:
                unknown.append(task)
        for task, read in run(self._executor, unknown):
            reading = self._with_known_needs(read)
            if self._remembered is not None and isinstance(reading, Reading):
                self._remembered[reading.stamp, reading.digest.algorithm] = reading
            yield task, reading

    def _with_known_needs(self, reading: Reading | Unreadable) -> Reading | Unreadable:
        """A manifest shares what it needs with others: most layers are in many images."""
        if isinstance(reading, Unreadable) or not reading.manifest:
            return reading
        needs = tuple(self._known_needs.setdefault(need, need) for need in reading.manifest.needs)
        return replace(reading, manifest=replace(reading.manifest, needs=needs))

    def _known(self, task: ReadBlob) -> Reading | None:
        if not self._remembered:
            return None
        try:
            return self._remembered.get((task.store.stat(task.key_in_store).stamp, task.algorithm))
        except OSError:
            return None


@dataclass(frozen=True)
class ReadBlob(Rememberable["tuple[ReadBlob, Reading | Unreadable]"]):
    """Read a blob's file to its end.

    Attributes:
        store, key_in_store: where it is.
        path: its path in the storage.
        size: in bytes, as far as is known.
        digest: which blob should be there.
    """

    store: Store
    key_in_store: str
    path: str
    size: int
    digest: Digest | None

    @property
    def key(self) -> Key:
        """Its path in the storage, and the algorithm."""
        return Key(self.path, f"blob {self.algorithm}")

    @property
    def algorithm(self) -> str:
        """By which the digest is computed."""
        return self.digest.algorithm if self.digest else "sha256"

    def carry_out(self, tools: Tools) -> tuple[ReadBlob, Reading | Unreadable]:
        """Say what is there."""
        try:
            stream, stamp = tools.opener.opened(self.store, self.key_in_store)
            with stream:
                return self, _read(stream, stamp, self.algorithm, tools.advance)
        except OSError as error:
            return self, Unreadable(self.path, error.strerror or str(error))

    @property
    def is_reading(self) -> bool:
        """It is."""
        return True

    def identity(self) -> Identity:
        """As it is now: a walk keeps no more of a blob than its size."""
        return self.identity_now()

    def identity_now(self) -> Identity:
        """That of the file."""
        return identity_at(self.store.address(self.key_in_store))

    def noted(self, tools: Tools) -> tuple[tuple[ReadBlob, Reading | Unreadable], bytes]:
        """What is there, and what recalls it; what can't be read is tried again."""
        _, reading = self.carry_out(tools)
        return (self, reading), note_of(reading) if isinstance(reading, Reading) else b""

    def recalled(self, note: bytes) -> tuple[ReadBlob, Reading]:
        """What was there, as the object is known now."""
        try:
            return self, replace(value_of(note, Reading), stamp=self.store.stat(self.key_in_store).stamp)
        except OSError as error:
            raise LookupError(str(error)) from error


def _read(stream: BinaryIO, stamp: Stamp, algorithm: str, advance: Callable[[int], None]) -> Reading:
    hashed, size, head, text = hashlib.new(algorithm), 0, b"", bytearray()
    buffer = read_buffer(BLOCK_SIZE)
    while count := stream.readinto(buffer):  # type: ignore[attr-defined]
        hashed.update(buffer[:count])
        head = head or bytes(buffer[: min(count, HEAD_SIZE)])
        if size + count <= MAX_DOCUMENT_SIZE and head[:1] in b"{[\xef\xff \t\r\n":
            text += buffer[:count]
        size += count
        advance(count)
    manifest = read_manifest(bytes(text)) if len(text) == size and text else None
    return Reading(Digest(algorithm, hashed.hexdigest()), size, kind_of_head(head), manifest, stamp)


def _is_among(digest: Digest, whole: Collection[bytes]) -> bool:
    return digest.algorithm == "sha256" and bytes.fromhex(digest.hex) in whole


def _linked_manifests(tree: Tree) -> Iterator[Digest]:
    for repository in tree.repositories:
        yield from repository.revisions
        yield from repository.currents.values()
        yield from (odd.digest for odd in repository.odd if odd.digest)
        for indexed in repository.indexed.values():
            yield from indexed
