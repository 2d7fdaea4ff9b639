"""Every decoder there is, by the coding that it reads."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from importer.formats.deflate import GzipStream
from importer.formats.library_streams import Bzip2Stream, DeflateStream, XzStream
from importer.formats.signatures import FileKind
from importer.formats.streams import DecodedStream, StoredStream
from importer.formats.zstandard_frames import ZstdStream


class Coding(StrEnum):
    """How bytes are packed."""

    STORED = "stored"
    DEFLATE = "deflate"
    """Without header and trailer, as zip members have it."""

    GZIP = "gzip"
    ZSTD = "zstd"
    XZ = "xz"
    BZIP2 = "bzip2"


_DECODERS: Final[dict[Coding, type[DecodedStream]]] = {
    Coding.STORED: StoredStream,
    Coding.DEFLATE: DeflateStream,
    Coding.GZIP: GzipStream,
    Coding.ZSTD: ZstdStream,
    Coding.XZ: XzStream,
    Coding.BZIP2: Bzip2Stream,
}
_OF_KINDS: Final = {
    FileKind.GZIP: Coding.GZIP,
    FileKind.ZSTD: Coding.ZSTD,
    FileKind.XZ: Coding.XZ,
    FileKind.BZIP2: Coding.BZIP2,
}
_OF_LAYERS: Final = frozenset({FileKind.GZIP, FileKind.ZSTD})


def decoder_of(coding: Coding) -> DecodedStream:
    """A fresh decoder."""
    return _DECODERS[coding]()


def coding_of(kind: FileKind) -> Coding | None:
    """How a file of that kind is packed; None when it isn't. Docker load reads them all (moby, pkg/archive)."""
    return _OF_KINDS.get(kind)


def can_decompress(kind: FileKind) -> bool:
    """Whether a layer of that kind can be looked into: our own readers tell exactly how far it is good."""
    return kind in _OF_LAYERS


def decoder_for(kind: FileKind) -> DecodedStream:
    """A fresh decoder for a kind that has a coding; raises KeyError for others."""
    return decoder_of(_OF_KINDS[kind])
