"""Putting a tar's members into a file, some of them while they are read for the first time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from importer.domain.digest import Digest
from importer.inspection.file_facts import BlockSink, FileFacts
from importer.places.durability import Durability
from importer.places.placing import Placing
from importer.places.space import demand_space, has_space
from importer.places.unfinished import output_errors, remove_leftovers, unfinished_folder, write_all
from importer.plan.blobs import ProvenBlob
from importer.progress import Progress
from importer.sources.source_file import SourceFile
from importer.writers.oci_layout import TarMember, blob_name
from importer.writers.tar_stream import END, TarStream, padding, tar_header
from importer.writers.verifying_reader import Advance, VerifyingReader


def stream_members(
    members: Iterable[TarMember], write: Callable[[bytes], object], reader: VerifyingReader, advance: Advance
) -> None:
    """Write an archive front to back, into a pipe for instance."""
    stream = TarStream(write)
    for member in members:
        stream.add(member.name, member.size, _blocks(member, reader, advance))
    stream.finish()


def size_of_tar(members: Iterable[TarMember]) -> int:
    """The bytes of an archive of these members."""
    return sum(_room_for(member) for member in members) + len(END)


class TarFile:
    """An archive that appears under its name only when it is whole.

    Use it as a context manager: what isn't finished is gone at the end. Raises OutputError.
    """

    def __init__(self, target: Path, reader: VerifyingReader, progress: Progress, durability: Durability) -> None:
        self._reader = reader
        self.target = Path(os.path.realpath(target))
        self._progress = progress
        self._durability = durability
        self._captured: dict[str, int] = {}

    def __enter__(self) -> TarFile:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with ExitStack() as stack:
            stack.enter_context(output_errors(self.target))
            remove_leftovers(self.target.parent)
            self._scratch = stack.enter_context(unfinished_folder(self.target.parent))
            self._path = self._scratch / "archive"
            self._descriptor = os.open(self._path, flags, 0o600)
            self._opened = stack.enter_context(ExitStack())
            self._opened.callback(os.close, self._descriptor)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def capture(self) -> TarCapture:
        """A capture that puts blobs at their places in the archive while they are first read."""
        return TarCapture(self)

    def write(self, members: Sequence[TarMember]) -> None:
        """Write the archive and give it its name."""
        new = [member for member in members if member.name not in self._captured]
        self._progress.start("Writing", sum(member.size for member in new))
        with output_errors(self.target):
            demand_space(self.target.parent, size_of_tar(new))
            offset = 0
            for member in members:
                offset = self._add(member, offset)
            self._write_at(offset, END)
            os.ftruncate(self._descriptor, offset + len(END))
            self._durability.stream(self._descriptor)
            # Windows moves no file that is open.
            self._opened.close()
            self._path.chmod(0o666 & ~_umask())
            with Placing(self._scratch, self._durability) as placing:
                placing.file(self._path, self.target)
                placing.settle()
        self._progress.stop()

    def has_space(self, size: int) -> bool:
        """Whether so many bytes may fit."""
        return has_space(self.target.parent, size)

    def _add(self, member: TarMember, offset: int) -> int:
        offset = self._write_at(offset, tar_header(member.name, member.size))
        if self._captured.get(member.name) == offset:
            offset += member.size
        else:
            for block in _blocks(member, self._reader, self._progress.advance):
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
        """Lay out the archive, when there is one manifest and so no choice, and room for it."""
        manifests = {fact.digest: fact for fact in facts if fact.document and fact.document.manifest}
        if len(manifests) != 1:
            return
        fact = next(iter(manifests.values()))
        sizes = {fact.digest: fact.size}
        if fact.document and fact.document.manifest:
            sizes |= {blob.digest: blob.size for blob in fact.document.manifest.blobs}
        with output_errors(self._tar.target):
            if self._tar.has_space(sum(sizes.values())):
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
        with output_errors(self._tar.target):
            os.close(self._descriptor)
        if digest == self._digest:
            self._tar.note_captured(blob_name(self._digest), self._offset)
        else:
            self._give_back()


def _blocks(member: TarMember, reader: VerifyingReader, advance: Advance) -> Iterator[bytes]:
    if isinstance(member.content, ProvenBlob):
        return reader.blocks(member.content, advance)
    return iter([member.content])


def _room_for(member: TarMember) -> int:
    """What a member takes in the archive, in bytes."""
    return len(tar_header(member.name, member.size)) + member.size + len(padding(member.size))


def _umask() -> int:
    # The system tells the mask only to those who set it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
