"""Compressors whose output is the same on every machine, for bytes that are committed.

Those of the libraries change from version to version. Two of these know just enough of the formats to be good examples
of them: gzip with fixed Huffman codes and back references, which no other program writes, and zstd with raw and
run-length blocks.

Sources: RFC 1951 (deflate), 3.2.5 and 3.2.6; RFC 1952 (gzip), 2.3; RFC 8878 (zstd), 3.1.1.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator

from importer.recompression import Compressor, Family, GzipHeader, gzip_encoder_of

_LENGTH_BITS = [0] * 8 + [bits for bits in range(1, 6) for _ in range(4)]
_LENGTHS = list(itertools.accumulate((1 << bits for bits in _LENGTH_BITS[:-1]), initial=3))
_DISTANCE_BITS = [0, 0, *(bits for bits in range(14) for _ in range(2))]
_DISTANCES = list(itertools.accumulate((1 << bits for bits in _DISTANCE_BITS[:-1]), initial=1))
_WINDOW = 32768
_LONGEST = 257
"""One less than deflate's: its last length has a code of its own."""

_RUN = 64
_ZSTD_MAGIC = 0xFD2FB528


def steady_gzip(content: bytes) -> bytes:
    """Pack into one gzip member without a name and a time."""
    trailer = struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + _deflate(content) + trailer


def go_gzip(content: bytes) -> bytes:
    """Pack into gzip as docker push does, with Go up to 1.26: by a port of our own, so it never changes either."""
    encoder = gzip_encoder_of(Compressor(Family.GO_CLASSIC, 6), GzipHeader())
    return encoder.write(content) + encoder.finish()


def steady_zstd(content: bytes) -> bytes:
    """Pack into one zstd frame that gives its content's size."""
    blocks = list(_zstd_blocks(content))
    headers = struct.pack("<IBI", _ZSTD_MAGIC, 0b1010_0000, len(content))
    body = b""
    for number, (kind, size, data) in enumerate(blocks, start=1):
        body += struct.pack("<I", size << 3 | kind << 1 | (number == len(blocks)))[:3] + data
    return headers + body


def _deflate(content: bytes) -> bytes:
    bits = ["1", "10"]  # the last block, with fixed codes; numbers stand with their lowest bit first
    for symbol, extra, distance in _tokens(content):
        bits.append(_code(symbol) + extra + distance)
    bits.append(_code(256))
    text = "".join(bits)
    return bytes(int(text[start : start + 8][::-1], 2) for start in range(0, len(text), 8))


def _tokens(content: bytes) -> Iterator[tuple[int, str, str]]:
    seen: dict[bytes, int] = {}
    position = 0
    while position < len(content):
        key = content[position : position + 4]
        before = seen.get(key, -_WINDOW - 1)
        length = _match(content, before, position) if position - before <= _WINDOW and len(key) == 4 else 0
        if length:
            code = max(n for n, least in enumerate(_LENGTHS) if least <= length)
            yield (
                257 + code,
                _number(length - _LENGTHS[code], _LENGTH_BITS[code]),
                _distance(position - before),
            )
        else:
            yield content[position], "", ""
        for covered in range(position, position + max(1, length)):
            seen[content[covered : covered + 4]] = covered
        position += max(1, length)


def _match(content: bytes, before: int, position: int) -> int:
    length = 0
    while (
        length < _LONGEST
        and position + length < len(content)
        and content[before + length] == content[position + length]
    ):
        length += 1
    return length


def _distance(distance: int) -> str:
    code = max(n for n, least in enumerate(_DISTANCES) if least <= distance)
    return f"{code:05b}" + _number(distance - _DISTANCES[code], _DISTANCE_BITS[code])


def _code(symbol: int) -> str:
    if symbol < 144:
        return f"{0x30 + symbol:08b}"
    if symbol < 256:
        return f"{0x190 + symbol - 144:09b}"
    return f"{symbol - 256:07b}" if symbol < 280 else f"{0xC0 + symbol - 280:08b}"


def _number(value: int, bits: int) -> str:
    return f"{value:0{bits}b}"[::-1] if bits else ""


def _zstd_blocks(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Kind, size and data of each block: a run of one byte (kind 1), or bytes as they are (kind 0)."""
    raw = b""
    for byte, run in ((key, len(list(group))) for key, group in itertools.groupby(content)):
        if run < _RUN:
            raw += bytes([byte]) * run
            continue
        if raw:
            yield 0, len(raw), raw
        raw = b""
        yield 1, run, bytes([byte])
    if raw or not content:
        yield 0, len(raw), raw
