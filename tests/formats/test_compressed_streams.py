"""The decompressors: at every cut, every byte that is good and an exact word on the end."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zlib
from collections.abc import Callable, Iterable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.formats.deflate import GzipStream
from importer.formats.library_streams import Bzip2Stream, XzStream
from importer.formats.streams import DecodedStream, Ending
from importer.formats.zstandard_frames import ZstdStream

SMALL = b"one two three, one two three, one two three four five" * 3
LARGE = random.Random(5).randbytes(150_000) + bytes(3 << 20) + b"end" * 40_000


def feed(stream: DecodedStream, data: bytes, step: int = 1 << 16) -> tuple[bytes, Ending]:
    pieces: list[bytes] = []
    for start in range(0, len(data), step):
        pieces += stream.feed(data[start : start + step])
        if stream.ending is not None:
            break
    return b"".join(pieces), stream.close()


def gzip_of(content: bytes, *, name: str = "", level: int = 6) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(name, "wb", level, buffer, mtime=0) as stream:
        stream.write(content)
    return buffer.getvalue()


def with_all_header_fields(content: bytes) -> bytes:
    """RFC 1952: extra field, name, comment and a checksum of the header."""
    plain = gzip_of(content)
    header = plain[:3] + bytes([2 | 4 | 8 | 16]) + plain[4:10] + b"\x05\x00extra" + b"name\0" + b"comment\0"
    return header + (zlib.crc32(header) & 0xFFFF).to_bytes(2, "little") + plain[10:]


def zstd_of(content: bytes, *, write_checksum: bool = False, write_content_size: bool = True) -> bytes:
    compressor = zstandard.ZstdCompressor(write_checksum=write_checksum, write_content_size=write_content_size)
    return compressor.compress(content)


class TestGzip:
    @pytest.mark.parametrize("step", [1, 7, 1 << 20])
    @pytest.mark.parametrize("make", [gzip_of, with_all_header_fields, lambda c: gzip_of(c, name="layer.tar", level=0)])
    def test_every_cut(self, make: Callable[[bytes], bytes], step: int) -> None:
        whole = make(SMALL)
        previous = -1
        for length in range(len(whole)):
            stream = GzipStream()
            content, ending = feed(stream, whole[:length], step)
            assert SMALL.startswith(content)
            assert len(content) >= previous, "more bytes give no less content"
            previous = len(content)
            in_trailer = length >= len(whole) - 8
            assert ending is (Ending.TRAILER_CUT if in_trailer else Ending.TRUNCATED), length
            assert stream.consumed <= length
            if in_trailer:
                assert content == SMALL
                assert whole[:length] + stream.missing_trailer == whole
                assert stream.consumed == length
        stream = GzipStream()
        assert feed(stream, whole, step) == (SMALL, Ending.COMPLETE)
        assert (stream.consumed, stream.members) == (len(whole), 1)

    def test_no_good_byte_is_withheld(self) -> None:
        whole = gzip_of(LARGE)
        content, ending = feed(GzipStream(), whole[:-9])
        assert ending is Ending.TRUNCATED
        assert len(content) > len(LARGE) - 70_000
        assert LARGE.startswith(content)

    @pytest.mark.parametrize("step", [1, 5, 1 << 20])
    def test_several_members_are_one_content(self, step: int) -> None:
        stream = GzipStream()
        data = gzip_of(b"first ") + gzip_of(b"") + gzip_of(b"second")
        assert feed(stream, data, step) == (b"first second", Ending.COMPLETE)
        assert (stream.members, stream.consumed) == (3, len(data))

    def test_every_cut_of_the_second_member(self) -> None:
        first, second = gzip_of(b"first "), gzip_of(b"second")
        for length in range(1, len(second)):
            stream = GzipStream()
            content, ending = feed(stream, first + second[:length])
            assert content.startswith(b"first ")
            # One or two bytes may be the beginning of a member or anything else.
            assert ending in {Ending.TRUNCATED, Ending.TRAILER_CUT, Ending.TRAILING_DATA}
            assert ending is not Ending.TRAILING_DATA or length < 10

    @pytest.mark.parametrize("junk", [b"\0", bytes(512), b"junk", b"\x1f", b"\x1f\x8c", b"\x1f\x8b\x07", b"<html>"])
    @pytest.mark.parametrize("step", [1, 1 << 20])
    def test_trailing_junk_is_told_and_not_swallowed(self, junk: bytes, step: int) -> None:
        whole = gzip_of(SMALL)
        stream = GzipStream()
        content, ending = feed(stream, whole + junk, step)
        assert content == SMALL
        assert ending is Ending.TRAILING_DATA
        assert stream.consumed == len(whole)

    def test_every_flipped_byte_of_data_or_trailer_is_noticed(self) -> None:
        whole = gzip_of(SMALL)
        for offset in range(10, len(whole)):
            broken = bytearray(whole)
            broken[offset] ^= 0x55
            content, ending = feed(GzipStream(), bytes(broken))
            assert ending is not Ending.COMPLETE, offset
            assert (content, ending) != (SMALL, Ending.TRAILING_DATA)

    @pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x08"])
    def test_hardly_anything_is_truncated(self, data: bytes) -> None:
        assert feed(GzipStream(), data) == (b"", Ending.TRUNCATED)

    @pytest.mark.parametrize("data", [b"no", b"\x1f\x8b\x09" + bytes(20), b"\x1f\x8b\x08\xe0" + bytes(20)])
    def test_what_is_none_is_corrupt(self, data: bytes) -> None:
        assert feed(GzipStream(), data)[1] is Ending.CORRUPT

    def test_an_endless_header_is_corrupt(self) -> None:
        data = b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 200_000
        assert feed(GzipStream(), data)[1] is Ending.CORRUPT

    def test_large_content_comes_in_bounded_pieces(self) -> None:
        pieces = list(GzipStream().feed(gzip_of(bytes(20 << 20))))
        assert max(map(len, pieces)) <= 1 << 20
        assert sum(map(len, pieces)) == 20 << 20


class TestZstd:
    @pytest.mark.parametrize("step", [1, 7, 1 << 20])
    @pytest.mark.parametrize("options", [{}, {"write_checksum": True}, {"write_content_size": False}])
    def test_every_cut(self, options: dict[str, bool], step: int) -> None:
        whole = zstd_of(SMALL, **options)
        for length in range(len(whole)):
            stream = ZstdStream()
            content, ending = feed(stream, whole[:length], step)
            assert SMALL.startswith(content)
            assert ending is Ending.TRUNCATED, length
            assert stream.consumed <= length
        stream = ZstdStream()
        assert feed(stream, whole, step) == (SMALL, Ending.COMPLETE)
        assert (stream.consumed, stream.members) == (len(whole), 1)

    def test_good_blocks_before_a_cut_are_given(self) -> None:
        whole = zstd_of(LARGE)
        content, ending = feed(ZstdStream(), whole[:-1])
        assert ending is Ending.TRUNCATED
        assert len(content) > 128 * 1024
        assert LARGE.startswith(content)

    @pytest.mark.parametrize("step", [1, 1 << 20])
    def test_frames_and_skippable_frames_are_one_content(self, step: int) -> None:
        skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
        empty = b"\x5f\x2a\x4d\x18" + bytes(4)
        data = skippable + zstd_of(b"first ") + empty + zstd_of(b"second", write_checksum=True) + skippable
        stream = ZstdStream()
        assert feed(stream, data, step) == (b"first second", Ending.COMPLETE)
        assert stream.consumed == len(data)

    @pytest.mark.parametrize("junk", [b"junk", bytes(512), b"\x1f\x8b\x08\x00"])
    @pytest.mark.parametrize("step", [1, 1 << 20])
    def test_trailing_junk_is_told_and_not_swallowed(self, junk: bytes, step: int) -> None:
        whole = zstd_of(SMALL)
        stream = ZstdStream()
        assert feed(stream, whole + junk, step) == (SMALL, Ending.TRAILING_DATA)
        assert stream.consumed == len(whole)

    def test_every_flipped_byte_under_a_checksum_is_noticed(self) -> None:
        whole = zstd_of(SMALL, write_checksum=True)
        for offset in range(len(whole)):
            broken = bytearray(whole)
            broken[offset] ^= 0x55
            assert feed(ZstdStream(), bytes(broken)) != (SMALL, Ending.COMPLETE), offset

    def test_a_window_beyond_reason_is_no_memory_bomb(self) -> None:
        data = b"\x28\xb5\x2f\xfd\x00\xff" + b"\x01\x00\x00"
        assert feed(ZstdStream(), data)[1] in {Ending.CORRUPT, Ending.TRUNCATED}

    def test_an_empty_file_is_truncated(self) -> None:
        assert feed(ZstdStream(), b"") == (b"", Ending.TRUNCATED)


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.integers(1, 40), st.booleans())
def test_any_content_in_any_pieces_comes_out_whole(contents: list[bytes], step: int, zstd: bool) -> None:
    make, stream = (zstd_of, ZstdStream()) if zstd else (gzip_of, GzipStream())
    data = b"".join(make(content) for content in contents)
    assert feed(stream, data, step) == (b"".join(contents), Ending.COMPLETE)
    assert stream.consumed == len(data)


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"]))
def test_any_bytes_end_with_a_word(data: bytes, start: bytes) -> None:
    streams: Iterable[DecodedStream] = (GzipStream(), ZstdStream())
    for stream in streams:
        _, ending = feed(stream, start + data, 13)
        assert isinstance(ending, Ending)
        assert stream.consumed <= len(start + data)


class TestXzAndBzip2:
    LIBRARIES = pytest.mark.parametrize(
        ("stream", "pack"), [(XzStream, lzma.compress), (Bzip2Stream, bz2.compress)], ids=["xz", "bz2"]
    )

    @LIBRARIES
    @pytest.mark.parametrize("step", [1, 7, 1 << 20])
    def test_every_cut(self, stream: type[DecodedStream], pack: Callable[[bytes], bytes], step: int) -> None:
        whole = pack(SMALL)
        for length in range(len(whole)):
            content, ending = feed(stream(), whole[:length], step)
            assert SMALL.startswith(content)
            assert ending is Ending.TRUNCATED, length
        decoder = stream()
        assert feed(decoder, whole, step) == (SMALL, Ending.COMPLETE)
        assert (decoder.consumed, decoder.members) == (len(whole), 1)

    @LIBRARIES
    @pytest.mark.parametrize("step", [7, 1000, 1 << 20])
    def test_several_streams_and_what_follows_them(
        self, stream: type[DecodedStream], pack: Callable[[bytes], bytes], step: int
    ) -> None:
        assert feed(stream(), pack(SMALL) + pack(LARGE), step) == (SMALL + LARGE, Ending.COMPLETE)
        decoder = stream()
        small = pack(SMALL) * 2
        assert feed(decoder, small + b"rest", step) == (SMALL * 2, Ending.TRAILING_DATA)
        assert decoder.consumed == len(small)

    def test_zeros_between_xz_streams_are_padding(self) -> None:
        whole = lzma.compress(SMALL) + bytes(8) + lzma.compress(SMALL) + bytes(512)
        decoder = XzStream()
        assert feed(decoder, whole, 5) == (SMALL * 2, Ending.COMPLETE)
        assert decoder.consumed == len(whole)

    @LIBRARIES
    def test_what_comes_before_damage_is_given(
        self, stream: type[DecodedStream], pack: Callable[[bytes], bytes]
    ) -> None:
        content = random.Random(3).randbytes(4 << 20)
        whole = bytearray(pack(content))
        whole[len(whole) // 2] ^= 0xFF
        got, ending = feed(stream(), bytes(whole))
        assert ending is Ending.CORRUPT
        # Both notice it by a checksum, behind the block.
        good = len(content) // 2 - (1 << 20)
        assert got[:good] == content[:good]

    def test_a_header_that_asks_for_too_much_memory_is_refused(self) -> None:
        whole = lzma.compress(SMALL)
        header = bytearray(whole[12 : 12 + (whole[12] + 1) * 4])
        header[header.index(b"\x21\x01") + 2] = 34  # 512 MiB, section 5.3.1
        header[-4:] = zlib.crc32(bytes(header[:-4])).to_bytes(4, "little")
        hostile = whole[:12] + bytes(header) + whole[12 + len(header) :]
        assert feed(XzStream(), hostile) == (b"", Ending.TOO_LARGE)

    @LIBRARIES
    def test_zeros_come_out_in_small_pieces(self, stream: type[DecodedStream], pack: Callable[[bytes], bytes]) -> None:
        decoder = stream()
        sizes = [len(piece) for piece in decoder.feed(pack(bytes(8 << 20)))]
        assert sum(sizes) == 8 << 20
        assert max(sizes) <= 64 << 10
        assert decoder.close() is Ending.COMPLETE
