"""Putting a tar's members into a file, some of them while they are read for the first time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from importer.domain.digest import Digest
from importer.inspection.file_facts import BlockSink, FileFacts
from importer.progress import Progress
from importer.recovery.plan import ProvenBlob
from importer.sources.source_file import SourceFile
from importer.writers.oci_layout import TarMember, blob_name
from importer.writers.tar_stream import END, TarStream, padding, tar_header
from importer.writers.unfinished import output_errors, unfinished_path, write_all
from importer.writers.verifying_reader import Advance, verified_blocks


def stream_members(members: Iterable[TarMember], write: Callable[[bytes], object], advance: Advance) -> None:
    """Write an archive front to back, into a pipe for instance."""
    stream = TarStream(write)
    for member in members:
        stream.add(member.name, member.size, _blocks(member, advance))
    stream.finish()


class TarFile:
    """An archive that appears under its name only when it is whole.

    Use it as a context manager: what isn't finished is gone at the end. Raises OutputError.
    """

    def __init__(self, target: Path, progress: Progress) -> None:
        self.target = Path(os.path.realpath(target))
        self._progress = progress
        self._captured: dict[str, int] = {}
        self._finished = False
        self._is_open = False

    def __enter__(self) -> TarFile:
        self._path = unfinished_path(self.target.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            with output_errors(self.target):
                self._descriptor = os.open(self._path, flags, 0o600)
                self._is_open = True
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        if not self._finished:
            self._close()
            self._path.unlink(missing_ok=True)

    def capture(self) -> TarCapture:
        """A capture that puts blobs at their places in the archive while they are first read."""
        return TarCapture(self)

    def write(self, members: Sequence[TarMember]) -> None:
        """Write the archive and give it its name."""
        new = [member for member in members if member.name not in self._captured]
        self._progress.start("Writing", sum(member.size for member in new))
        with output_errors(self.target):
            offset = 0
            for member in members:
                offset = self._add(member, offset)
            self._write_at(offset, END)
            os.ftruncate(self._descriptor, offset + len(END))
            # Windows moves no file that is open.
            self._close()
            self._path.chmod(0o666 & ~_umask())
            self._path.replace(self.target)
        self._finished = True
        self._progress.stop()

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._descriptor)

    def _add(self, member: TarMember, offset: int) -> int:
        offset = self._write_at(offset, tar_header(member.name, member.size))
        if self._captured.get(member.name) == offset:
            offset += member.size
        else:
            for block in _blocks(member, self._progress.advance):
                offset = self._write_at(offset, block)
        return self._write_at(offset, padding(member.size))

    def _write_at(self, offset: int, block: bytes) -> int:
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        write_all(self._descriptor, block)
        return offset + len(block)

    def open_part(self, offset: int) -> int:
        """A file descriptor of its own, standing at an offset of the unfinished archive."""
        descriptor = os.open(self._path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        os.lseek(descriptor, offset, os.SEEK_SET)
        return descriptor

    def note_captured(self, name: str, offset: int) -> None:
        """The content of a member stands at the offset, proven."""
        self._captured[name] = offset


class TarCapture:
    """Writes layers to where they will be in the archive of the one image there is.

    The blobs come first in the archive and their sizes are known from the manifest, so their
    places are. If the plan turns out otherwise, the copies are in the wrong place and are made anew.
    """

    def __init__(self, tar: TarFile) -> None:
        self._tar = tar
        self._offsets: dict[Digest, int] = {}
        self._free: dict[int, list[Digest]] = {}

    def expect(self, facts: Iterable[FileFacts]) -> None:
        """Lay out the archive, when there is one manifest and so no choice."""
        manifests = {fact.digest: fact for fact in facts if fact.document and fact.document.manifest}
        if len(manifests) != 1:
            return
        fact = next(iter(manifests.values()))
        sizes = {fact.digest: fact.size}
        if fact.document and fact.document.manifest:
            sizes |= {blob.digest: blob.size for blob in fact.document.manifest.blobs}
        self._lay_out(sizes)

    def _lay_out(self, sizes: Mapping[Digest, int]) -> None:
        offset = 0
        for digest in sorted(sizes):
            size = sizes[digest]
            offset += len(tar_header(blob_name(digest), size))
            self._offsets[digest] = offset
            self._free.setdefault(size, []).append(digest)
            offset += size + len(padding(size))

    def sink_for(self, file: SourceFile) -> BlockSink | None:
        """The place of a blob of that size, if one is still free."""
        free = self._free.get(file.size)
        if not free:
            return None
        digest = free.pop()
        return _PartSink(self._tar, digest, self._offsets[digest], lambda: free.append(digest))


class _PartSink:
    def __init__(self, tar: TarFile, digest: Digest, offset: int, give_back: Callable[[], None]) -> None:
        self._tar = tar
        self._digest = digest
        self._offset = offset
        self._give_back = give_back
        with output_errors(tar.target):
            self._descriptor = tar.open_part(offset)

    def write(self, block: memoryview) -> None:
        with output_errors(self._tar.target):
            write_all(self._descriptor, block)

    def close(self, digest: Digest | None) -> None:
        os.close(self._descriptor)
        if digest == self._digest:
            self._tar.note_captured(blob_name(self._digest), self._offset)
        else:
            self._give_back()


def _blocks(member: TarMember, advance: Advance) -> Iterator[bytes]:
    if isinstance(member.content, ProvenBlob):
        return verified_blocks(member.content, advance)
    return iter([member.content])


def _umask() -> int:
    # The system tells the mask only to those who set it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
