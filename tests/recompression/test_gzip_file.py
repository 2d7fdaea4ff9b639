"""Gzip headers as values."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.recompression import GzipEncoder, GzipHeader
from importer.recompression.engines.zlib_encoder import ZlibEncoder
from importer.recompression.gzip_file import LONGEST_HEADER

bytes_without_zero = st.binary(max_size=40).map(lambda data: data.replace(b"\0", b"."))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (GzipHeader(), "1f8b08000000000000ff"),
        (GzipHeader(mtime=0x886E0900), "1f8b080000096e8800ff"),
        (GzipHeader(xfl=4), "1f8b08000000000004ff"),
        (GzipHeader(os=3), "1f8b0800000000000003"),
        (GzipHeader(xfl=2, os=3, name=b"rootfs.tar"), "1f8b0808000000000203" + b"rootfs.tar\0".hex()),
    ],
)
def test_known_headers(header: GzipHeader, expected: str) -> None:
    assert header.to_bytes().hex() == expected
    assert GzipHeader.parse(bytes.fromhex(expected) + b"more") == header
    assert header.length == len(expected) // 2


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """The bytes of a header with any of the optional fields."""
    flags = draw(st.sets(st.sampled_from([1, 2, 4, 8, 16])))
    extra = draw(st.binary(max_size=60))
    data = b"\x1f\x8b\x08" + bytes([sum(flags)]) + draw(st.binary(min_size=4, max_size=4)) + b"\x02\x03"
    data += (len(extra).to_bytes(2, "little") + extra) if 4 in flags else b""
    data += draw(bytes_without_zero) + b"\0" if 8 in flags else b""
    data += draw(bytes_without_zero) + b"\0" if 16 in flags else b""
    return data + (b"\xab\xcd" if 2 in flags else b"")


@given(data=headers(), behind=st.binary(max_size=5))
def test_any_header_is_read_and_written_alike(data: bytes, behind: bytes) -> None:
    header = GzipHeader.parse(data + behind)
    assert header.to_bytes() == data
    assert header.mtime == int.from_bytes(data[4:8], "little")
    for end in range(len(data)):
        with pytest.raises(ValueError, match=r"gzip header|subsection|not found"):
            GzipHeader.parse(data[:end])


def test_what_is_no_gzip_is_refused() -> None:
    for data in (b"", b"\x28\xb5\x2f\xfd" + bytes(20), b"\x1f\x8b\x08\xe0" + bytes(20)):
        with pytest.raises(ValueError, match="gzip header"):
            GzipHeader.parse(data)


def test_longest_header_is_read_whole() -> None:
    data = b"\x1f\x8b\x08\x1c" + bytes(6) + b"\xff\xff" + bytes(65535) + b"name\0" + b"comment\0"
    assert len(data) < LONGEST_HEADER
    assert GzipHeader.parse(data).to_bytes() == data


def test_encoder_writes_a_whole_file() -> None:
    data = b"blob" * 10_000
    encoder = GzipEncoder(GzipHeader(mtime=5, name=b"a"), ZlibEncoder(6))
    written = encoder.write(data[:100]) + encoder.write(data[100:]) + encoder.finish()
    with gzip.open(io.BytesIO(written)) as file:
        assert file.read() == data
    assert written[-8:-4] == zlib.crc32(data).to_bytes(4, "little")


def test_encoder_writes_an_empty_file() -> None:
    assert gzip.decompress(GzipEncoder(GzipHeader(), ZlibEncoder(6)).finish()) == b""
