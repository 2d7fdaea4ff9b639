"""Recognising the compressor that wrote a gzip file."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from importer.errors import DecodeError
from importer.recompression import IS_NATIVE, GzipHeader, KnownCompressor, known_compressors, recognise
from tests.recompression.files import Dripping, compressed, foreign, opener
from tests.recompression.inputs import make_input

KNOWN = known_compressors()
TAR = make_input("tar", 200_000 if IS_NATIVE else 30_000, 11)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_every_file_is_recognised(known: KnownCompressor) -> None:
    data = TAR if known.speed > 1 else TAR[:3000]
    candidates = KNOWN if IS_NATIVE else (*KNOWN[:2], known)
    for header in (*known.headers[:1], GzipHeader(mtime=1_700_000_000, os=7, name=b"layer.tar")):
        recognition = recognise(opener(compressed(known, data, header)), candidates)
        assert known in recognition.compressors
        assert recognition.header == header
        assert recognition.is_known_header == (header in known.headers)


def test_nothing_fits_an_unknown_compressor() -> None:
    assert recognise(opener(foreign(TAR)), KNOWN[:4]).compressors == ()


def test_file_with_more_behind_it_is_no_single_member() -> None:
    blob = compressed(KNOWN[0], b"x" * 3000)
    for more in (blob, b"\0", bytes(100_000)):
        recognition = recognise(opener(blob + more))
        assert not recognition.is_single
        assert recognition.compressors == ()


def test_damaged_files_are_refused() -> None:
    blob = compressed(KNOWN[0], TAR)
    broken = bytearray(blob)
    broken[-6] ^= 1
    for data, message in (
        (b"", "not a gzip file"),
        (b"plain text, longer than a header", "not a gzip file"),
        (blob[:-9], "ends too early"),
        (blob[:-3], "damaged"),
        (bytes(broken), "damaged"),
        (blob[:10] + b"\xff" * 50, "damaged"),
    ):
        with pytest.raises(DecodeError, match=message):
            recognise(opener(data))


def test_short_reads_make_no_difference() -> None:
    blob = compressed(KNOWN[0], TAR)
    assert KNOWN[0] in recognise(lambda: Dripping(blob), KNOWN[:2]).compressors


def test_recognition_closes_what_it_opened() -> None:
    opened: list[io.BytesIO] = []

    def keep() -> io.BytesIO:
        opened.append(io.BytesIO(compressed(KNOWN[0], TAR[:3000])))
        return opened[-1]

    recognise(keep)
    assert all(stream.closed for stream in opened)


def test_unlikely_header_is_tried_last() -> None:
    """A file whose header no known compressor writes is compared with all."""
    odd = replace(KNOWN[0].headers[0], os=11)
    assert recognise(opener(compressed(KNOWN[0], TAR, odd)), KNOWN[:3]).compressors == (KNOWN[0],)
