"""Reading a tar front to back, member by member, and writing members anew under other names.

Everything is bytes: names, and pax records as they stand, so that extended attributes, sparse maps
and whatever else a header tells come through as they were. Sources: POSIX.1-2001 pax, "ustar
Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format" and "Storing Sparse Files".
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from importer.errors import CannotWriteError
from importer.formats.signatures import TAR_BLOCK, is_tar_header
from importer.formats.tar_numbers import MAX_METADATA, header_number, pax_number, pax_records
from importer.writers.tar_stream import padding

HARD_LINK: Final = b"1"
SYMBOLIC_LINK: Final = b"2"
FOLDER: Final = b"5"

_NAME, _SIZE, _SUM, _TYPE, _LINK = slice(0, 100), slice(124, 136), slice(148, 156), slice(156, 157), slice(157, 257)
_MAGIC, _PREFIX = slice(257, 263), slice(345, 500)
_USTAR: Final = b"ustar\0"
_EMPTY_KINDS: Final = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
# Volume labels and parts of multi-volume archives stand for no file.
_NO_FILES: Final = frozenset({b"V", b"M", b"N"})
_OLD_SPARSE: Final = b"S"
_IS_EXTENDED_IN_HEADER, _IS_EXTENDED_IN_BLOCK = 482, 504
_NAME_KEYS: Final = frozenset({b"path", b"GNU.sparse.name"})

_Records = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class TarEntry:
    """A member.

    Attributes:
        header: its header block.
        map_blocks: what follows the header of a sparse file of old GNU kind.
        records: its pax records; the last of a name counts.
        path, link: its name and what it links to, from wherever they stand.
        kind: the header's type flag.
        size: bytes of its content in the tar.
    """

    header: bytes
    map_blocks: bytes
    records: _Records
    path: bytes
    link: bytes
    kind: bytes
    size: int

    def renamed(self, path: bytes, link: bytes | None = None) -> bytes:
        """The header under another name, as a hard link when ``link`` is given; content isn't part of it."""
        kind = self.kind if link is None else HARD_LINK
        target = self.link if link is None else link
        path = path + b"/" if kind == FOLDER else path
        dropped = {b"path", b"linkpath", b"comment"} | ({b"size"} if kind in _EMPTY_KINDS else set())
        kept = [record for record in self.records if record[0] not in dropped]
        if kind == HARD_LINK:
            kept = [record for record in kept if not record[0].startswith(b"GNU.sparse.")]
        records = [(key, path if key in _NAME_KEYS else value) for key, value in kept]
        records += [(b"path", path)] * (len(path) > 100) + [(b"linkpath", target)] * (len(target) > 100)
        extended = _extended_header(records) if records else b""
        return extended + self._main_header(path, target, kind) + (b"" if kind == HARD_LINK else self.map_blocks)

    def _main_header(self, path: bytes, link: bytes, kind: bytes) -> bytes:
        block = bytearray(self.header)
        block[_NAME] = path[:100].ljust(100, b"\0")
        block[_LINK] = link[:100].ljust(100, b"\0")
        block[_TYPE] = kind
        if kind in _EMPTY_KINDS:
            block[_SIZE] = b"%011o\0" % 0
        if block[_MAGIC] == _USTAR:
            block[_PREFIX] = bytes(155)
        block[_SUM] = b" " * 8
        block[_SUM] = b"%06o\0 " % sum(block)
        return bytes(block)


class TarReader:
    """Yields the members of a tar that comes block by block; reads all of it, so that it can be proven.

    Raises CannotWriteError where no header stands though one should.
    """

    def __init__(self, blocks: Iterator[bytes], title: str) -> None:
        self._blocks = blocks
        self._title = title
        self._buffer = b""
        self._at = 0
        self._left = 0

    def __iter__(self) -> Iterator[TarEntry]:
        while header := self._next_header():
            entry = self._entry(header)
            self._left = entry.size + len(padding(entry.size))
            if entry.kind not in _NO_FILES:
                yield entry
            for _ in self.content():
                pass
        for _ in self._blocks:
            pass

    def content(self) -> Iterator[bytes]:
        """The content of the member that came last, up to a whole block."""
        while self._left:
            piece = self._piece(self._left)
            if not piece:
                raise self._error("ends within a file")
            self._left -= len(piece)
            yield piece

    def _next_header(self) -> bytes:
        block = self._take(TAR_BLOCK)
        if not block.strip(b"\0"):
            return b""
        if not is_tar_header(block):
            raise self._error("stops being a valid tar partway through")
        return block

    def _entry(self, header: bytes) -> TarEntry:
        records: list[tuple[bytes, bytes]] = []
        left = MAX_METADATA
        while (kind := header[_TYPE]) in (b"x", b"g", b"L", b"K"):
            size = header_number(header[_SIZE])
            # A header's block costs time as well, and a layer packs a million of them into a few thousand bytes.
            left -= size + TAR_BLOCK
            if left < 0:
                raise self._error("holds headers of more than 1 MiB before a file")
            content = self._take(size + len(padding(size)))[:size]
            if kind == b"x":
                records += pax_records(content)
            elif kind != b"g":
                records.append((b"path" if kind == b"L" else b"linkpath", content.split(b"\0", 1)[0]))
            header = self._next_header()
            if not header:
                raise self._error("ends within a header")
        # Docker reads global records and ignores them (moby, pkg/archive/archive.go, TypeXGlobalHeader).
        return self._named(header, tuple(records))

    def _named(self, header: bytes, records: _Records) -> TarEntry:
        values = dict(records)
        kind = header[_TYPE]
        path = values.get(b"GNU.sparse.name") or values.get(b"path") or _name(header)
        if kind == b"\0" and path.endswith(b"/"):
            # So were folders told before there was a type for them.
            kind = FOLDER
        size = pax_number(values.get(b"size", b""))
        length = header_number(header[_SIZE]) if size is None else size
        map_blocks = self._map_blocks(header) if kind == _OLD_SPARSE else b""
        link = values.get(b"linkpath") or header[_LINK].split(b"\0", 1)[0]
        return TarEntry(header, map_blocks, records, path, link, kind, 0 if kind in _EMPTY_KINDS else length)

    def _map_blocks(self, header: bytes) -> bytes:
        blocks = b""
        more = header[_IS_EXTENDED_IN_HEADER]
        while more:
            block = self._take(TAR_BLOCK)
            if len(block) < TAR_BLOCK or len(blocks) > MAX_METADATA:
                raise self._error("has a sparse file whose map doesn't end")
            blocks += block
            more = block[_IS_EXTENDED_IN_BLOCK]
        return blocks

    def _take(self, size: int) -> bytes:
        pieces, left = [], size
        while left and (piece := self._piece(left)):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        while self._at == len(self._buffer):
            self._buffer, self._at = next(self._blocks, b""), 0
            if not self._buffer:
                return b""
        piece = self._buffer[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def _error(self, what: str) -> CannotWriteError:
        return CannotWriteError(f"{self._title} {what}; docker can't unpack it either")


def _name(header: bytes) -> bytes:
    name = header[_NAME].split(b"\0", 1)[0]
    prefix = header[_PREFIX].split(b"\0", 1)[0] if header[_MAGIC] == _USTAR else b""
    return prefix + b"/" + name if prefix else name


def _extended_header(records: list[tuple[bytes, bytes]]) -> bytes:
    content = b"".join(_record(key, value) for key, value in records)
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, len(content)
    return info.tobuf(format=tarfile.USTAR_FORMAT) + content + padding(len(content))


def _record(key: bytes, value: bytes) -> bytes:
    # The length counts its own digits.
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)
