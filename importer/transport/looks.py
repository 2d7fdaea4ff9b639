"""What the first bytes of a body tell: the blob, a page in its place, or the blob after a proxy had its hands on it.

Source: RFC 9110 §8.4 (Content-Encoding), §12.5.3 (Accept-Encoding).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.media_types import Compression
from importer.formats.signatures import HEAD_SIZE, MARKUP_KINDS, FileKind, kind_of_head
from importer.inspection.content import compression_of_kind
from importer.transport.retry import PassingFailure

_PACKED: Final = frozenset({Compression.GZIP, Compression.ZSTD})
_ANY_ZLIB_FORM: Final = 47
_MOST_AT_ONCE: Final = 1 << 20


def looks_unpacked(descriptor: Descriptor, head: bytes) -> bool:
    """Whether the manifest wants a compressed layer and these aren't the first bytes of one."""
    declared = media_types.compression_of(descriptor.media_type)
    return bool(head) and declared in _PACKED and compression_of_kind(kind_of_head(head[:HEAD_SIZE])) is not declared


def looks_like_page(descriptor: Descriptor, head: bytes) -> bool:
    """Whether it is a web page or an XML error where neither is wanted."""
    return kind_of_head(head[:HEAD_SIZE]) in MARKUP_KINDS and not descriptor.media_type.endswith(("html", "xml"))


def was_packed_for_transport(descriptor: Descriptor, head: bytes) -> bool:
    """Whether a body that is said to be encoded must be decoded to get the blob.

    Servers that keep a layer compressed by gzip say ``Content-Encoding: gzip`` of the layer itself;
    decoding that would destroy it.
    """
    if media_types.compression_of(descriptor.media_type) not in _PACKED:
        return kind_of_head(head[:HEAD_SIZE]) is FileKind.GZIP
    inner = next(unpacked([head]), b"")
    return bool(inner) and not looks_unpacked(descriptor, inner)


def unpacked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Decode gzip or deflate as it comes; raises PassingFailure for what is neither."""
    decoder = zlib.decompressobj(_ANY_ZLIB_FORM)
    try:
        for block in blocks:
            rest = block
            while rest and not decoder.eof:
                if out := decoder.decompress(rest, _MOST_AT_ONCE):
                    yield out
                rest = decoder.unconsumed_tail
    except zlib.error as error:
        reason = "the body is marked as compressed (Content-Encoding), but can't be decompressed"
        raise PassingFailure(reason) from error
