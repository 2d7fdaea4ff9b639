"""Where decoding fails: never before the damage, and at the first byte at which a decoder can notice it."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest
import zstandard

from importer.formats.signatures import FileKind
from importer.formats.streams import Ending
from importer.inspection.content import Content, examine_content
from importer.places.address import Literal
from importer.places.opener import Opener
from tests.images.content import text

PLAIN = text("place", 900_000) + bytes(random.Random(1).randbytes(400_000))
GZIP = gzip.compress(PLAIN, mtime=0)
ZSTD = zstandard.ZstdCompressor(write_checksum=True, threads=0).compress(PLAIN)
MEMBERS = gzip.compress(PLAIN[:5000], mtime=0) + gzip.compress(PLAIN[5000:9000], mtime=0)
PLACES = (0, 1, 2, 10, 11, 30, 5_000, 100_001, 262_144, 262_145, 400_000, -9, -8, -5, -4, -1)


def examined(content: bytes, kind: FileKind) -> Content:
    return examine_content(Literal(content), kind, Opener())


def flipped(content: bytes, place: int, bit: int = 4) -> tuple[bytes, int]:
    place %= len(content)
    return content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :], place


def first_that_zlib_notices(content: bytes) -> int | None:
    """The plain way: one byte after the other."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for offset in range(len(content)):
        try:
            inflate.decompress(content[offset : offset + 1])
        except zlib.error:
            return offset
    return None


@pytest.mark.parametrize("bit", [0, 4, 7])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("content", "kind"), [(GZIP, FileKind.GZIP), (ZSTD, FileKind.ZSTD)], ids=["gzip", "zstd"])
def test_it_is_never_named_before_the_damage(content: bytes, kind: FileKind, place: int, bit: int) -> None:
    damaged, offset = flipped(content, place, bit)
    found = examined(damaged, kind)
    if found.ending is Ending.CORRUPT:
        assert found.broken_at is not None
        assert offset <= found.broken_at < len(damaged)
    elif found.ending is Ending.COMPLETE:
        assert found.broken_at is None


@pytest.mark.parametrize("place", [15, 700, 2_500, 4_000])
@pytest.mark.parametrize("bit", range(8))
def test_gzip_is_broken_where_zlib_says_so_byte_by_byte(place: int, bit: int) -> None:
    damaged, _ = flipped(gzip.compress(PLAIN[:12_000], mtime=0), place, bit)
    noticed = first_that_zlib_notices(damaged)
    found = examined(damaged, FileKind.GZIP)
    if noticed is not None and noticed < len(damaged) - 8:
        assert found.broken_at == noticed
    elif found.ending is Ending.CORRUPT:
        assert found.broken_at is not None
        assert found.broken_at >= len(damaged) - 8


def test_damage_in_a_second_member() -> None:
    first = len(gzip.compress(PLAIN[:5000], mtime=0))
    for place in (first + 1, first + 20, first + 600):
        damaged, offset = flipped(MEMBERS, place)
        found = examined(damaged, FileKind.GZIP)
        assert found.broken_at is not None
        assert found.broken_at >= offset


def test_a_whole_stream_is_broken_nowhere() -> None:
    assert examined(GZIP, FileKind.GZIP).broken_at is None
    assert examined(ZSTD, FileKind.ZSTD).broken_at is None
