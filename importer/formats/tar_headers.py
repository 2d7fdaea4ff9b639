"""Reads a tar's headers from a stream.

Source: POSIX.1-2001 pax, section "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from importer.formats.signatures import TAR_BLOCK, is_tar_header
from importer.formats.tar_numbers import MAX_METADATA, header_number, pax_number, pax_records

_NAME, _SIZE, _TYPE, _LINK, _PREFIX = (
    slice(0, 100),
    slice(124, 136),
    slice(156, 157),
    slice(157, 257),
    slice(345, 500),
)
_GNU_LONG_NAME, _GNU_LONG_LINK, _GNU_SPARSE = b"L", b"K", b"S"
_PAX_HEADERS: Final = frozenset({b"x", b"g"})
_METADATA: Final = _PAX_HEADERS | {_GNU_LONG_NAME, _GNU_LONG_LINK}
"""Headers that describe the next member."""
_SIZELESS: Final = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})


@dataclass(frozen=True, slots=True)
class TarEntry:
    """A member.

    Attributes:
        name: as its header, or the extended one before it, spells it.
        size: bytes of content in the tar.
        offset: where the content starts in the tar.
        kind: the header's typeflag; ``S`` for every form of a sparse file.
        link: where a link leads.
    """

    name: str
    size: int
    offset: int
    kind: bytes = b"0"
    link: str = ""

    @property
    def end(self) -> int:
        """The first byte after the content."""
        return self.offset + self.size


class TarWalker:
    """Follows the members of a tar fed to it block by block, from the header at ``start`` on.

    Attributes:
        entries: members whose headers were whole.
        broken_at: offset of the first block that should have been a header and isn't; None while
            there is none.
        ended_at: offset of the block of zeros that ends the archive; None until it was seen.
    """

    def __init__(self, *, keep_entries: bool = False, start: int = 0) -> None:
        self._keep = keep_entries
        self._buffer = bytearray()
        self._offset = start
        self._skip = 0
        self._metadata: bytearray | None = None
        self._metadata_type = b""
        self._metadata_left = 0
        self._long_name: str | None = None
        self._long_link: str | None = None
        self._pax_size: int | None = None
        self._is_sparse = False
        self.entry_count = 0
        self.entries: list[TarEntry] = []
        self.broken_at: int | None = None
        self.ended_at: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the archive's end was seen."""
        return self.ended_at is not None

    @property
    def content_left(self) -> int:
        """Bytes of content until the next header, none of which need to be fed."""
        return self._skip if self._metadata is None else 0

    def pass_over(self) -> None:
        """Take the ``content_left`` bytes as fed."""
        self._offset += self.content_left
        self._skip -= self.content_left

    def mend(self, header: bytes) -> None:
        """Take this header in place of the broken one, and go on behind it."""
        self.broken_at = None
        self._member(header)

    def feed(self, block: bytes) -> None:
        """Take the next bytes of the tar."""
        position = 0
        while position < len(block) and not self.ended and self.broken_at is None:
            if self._skip:
                step = min(self._skip, len(block) - position)
                self._skip -= step
                self._collect(block[position : position + step] if self._metadata is not None else b"")
            else:
                step = min(TAR_BLOCK - len(self._buffer), len(block) - position)
                self._buffer += block[position : position + step]
            position += step
            self._offset += step
            if len(self._buffer) == TAR_BLOCK:
                self._header(bytes(self._buffer))
                self._buffer.clear()

    def _header(self, block: bytes) -> None:
        if not block.strip(b"\0"):
            self.ended_at = self._offset - TAR_BLOCK
        elif not is_tar_header(block):
            self.broken_at = self._offset - TAR_BLOCK
        else:
            self._member(block)

    def _member(self, block: bytes) -> None:
        kind = block[_TYPE]
        size = 0 if kind in _SIZELESS else header_number(block[_SIZE])
        if kind in _METADATA:
            self._metadata, self._metadata_type, self._metadata_left = bytearray(), kind, size
        else:
            size = self._pax_size if self._pax_size is not None else size
            self._note(block, size)
        self._skip = -(-size // TAR_BLOCK) * TAR_BLOCK
        if not self._skip:
            self._collect(b"")

    def _note(self, block: bytes, size: int) -> None:
        name = self._long_name if self._long_name is not None else _name(block)
        self.entry_count += 1
        if self._keep:
            kind = _GNU_SPARSE if self._is_sparse else block[_TYPE]
            link = self._long_link if self._long_link is not None else _text(block[_LINK].split(b"\0", 1)[0])
            self.entries.append(TarEntry(name, size, self._offset, kind, link))
        self._long_name, self._long_link, self._pax_size, self._is_sparse = None, None, None, False

    def _collect(self, piece: bytes) -> None:
        if self._metadata is None:
            return
        if len(self._metadata) < MAX_METADATA:
            self._metadata += piece[: self._metadata_left]
        self._metadata_left -= min(len(piece), self._metadata_left)
        if not self._skip:
            self._apply_metadata(bytes(self._metadata))
            self._metadata = None

    def _apply_metadata(self, content: bytes) -> None:
        if self._metadata_type == _GNU_LONG_NAME:
            self._long_name = _text(content.rstrip(b"\0"))
        elif self._metadata_type == _GNU_LONG_LINK:
            self._long_link = _text(content.rstrip(b"\0"))
        elif self._metadata_type in _PAX_HEADERS:
            self._apply_records({_text(key): value for key, value in pax_records(content)})

    def _apply_records(self, records: dict[str, bytes]) -> None:
        # GNU tar puts a sparse file's map before its content and another name into its header.
        name = records.get("GNU.sparse.name", records.get("path"))
        self._long_name = self._long_name if name is None else _text(name)
        self._long_link = _text(records["linkpath"]) if "linkpath" in records else self._long_link
        self._is_sparse = self._is_sparse or any(key.startswith("GNU.sparse.") for key in records)
        size = pax_number(records.get("size", b""))
        self._pax_size = self._pax_size if size is None else size


def _name(block: bytes) -> str:
    name = _text(block[_NAME].split(b"\0", 1)[0])
    prefix = _text(block[_PREFIX].split(b"\0", 1)[0]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
