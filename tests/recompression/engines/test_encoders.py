"""The encoders against vectors that the original compressors made, and the C form against the Python one."""

from __future__ import annotations

import json
import threading
import zlib
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.recompression import IS_NATIVE, is_original_zlib
from importer.recompression.engines.encoders import Encoder
from importer.recompression.engines.go_flate import classic_encoder, modern_encoder
from importer.recompression.engines.pgzip import Pgzip
from tests.recompression.engines.make_vectors import VECTORS, short_digest
from tests.recompression.engines.originals import ORIGINALS, Original
from tests.recompression.inputs import KINDS, make_input

needs_extension = pytest.mark.skipif(not IS_NATIVE, reason="blobfix was installed without a C compiler")

SMALL = 20_000
LARGEST_IN_PYTHON = 66_000
"""Bytes; the Python form is slow, so that the larger inputs are shared out among the encoders."""

CLASSIC_LEVELS = tuple(range(1, 10))
MODERN_LEVELS = tuple(range(1, 10))


@lru_cache(maxsize=1)
def vectors() -> list[tuple[bytes, dict[str, str]]]:
    loaded: list[dict[str, Any]] = json.loads(VECTORS.read_text())
    made = [(make_input(one["kind"], one["size"], one["seed"]), one) for one in loaded]
    assert all(short_digest(data) == one["input"] for data, one in made)
    return [(data, one["outputs"]) for data, one in made]


def same_everywhere(original: Original) -> bool:
    return original.has_python_form or is_original_zlib()


def test_vectors_cover_every_original() -> None:
    assert all(set(outputs) == {original.name for original in ORIGINALS} for _, outputs in vectors())


@needs_extension
@pytest.mark.parametrize("original", ORIGINALS, ids=lambda original: original.name)
def test_reproduces_original(original: Original) -> None:
    if not same_everywhere(original):
        pytest.skip("this Python's zlib is not the original one")
    for data, outputs in vectors():
        assert short_digest(original.reproduce(data)) == outputs[original.name], (len(data), data[:20])


PYTHON_FORMS = [original for original in ORIGINALS if original.has_python_form]


@pytest.mark.parametrize("original", PYTHON_FORMS, ids=lambda original: original.name)
@pytest.mark.slow
def test_python_form_reproduces_original(original: Original) -> None:
    turn = PYTHON_FORMS.index(original)
    for number, (data, outputs) in enumerate(vectors()):
        if len(data) <= SMALL or (len(data) <= LARGEST_IN_PYTHON and (number + turn) % 4 == 0):
            assert short_digest(original.reproduce(data, native=False)) == outputs[original.name], len(data)


@needs_extension
@pytest.mark.parametrize("original", ORIGINALS, ids=lambda original: original.name)
def test_size_of_pieces_makes_no_difference(original: Original) -> None:
    data = make_input("tar", 300_000, 1)
    whole = original.reproduce(data)
    for chunk in (1, 512) if original.has_python_form else (512,):
        part = data[:20_000] if chunk == 1 else data
        assert original.reproduce(part, chunk=chunk) == (whole if part is data else original.reproduce(part))


@pytest.mark.parametrize("original", ORIGINALS, ids=lambda original: original.name)
def test_output_is_gzip(original: Original) -> None:
    data = make_input("tar", 30_000, 2)
    assert zlib.decompress(original.reproduce(data), zlib.MAX_WBITS | 16) == data


def compress(encoder: Encoder, data: bytes, cut: int) -> bytes:
    return encoder.write(data[:cut]) + encoder.write(memoryview(data)[cut:]) + encoder.finish()


contents = st.builds(
    lambda kind, size, seed, head: head + make_input(kind, size, seed),
    st.sampled_from(sorted(KINDS)),
    st.integers(0, 12_000),
    st.integers(0, 2**32),
    st.binary(max_size=300),
)


@needs_extension
@settings(max_examples=120)
@given(data=contents, cut=st.integers(0, 12_000), level=st.sampled_from(CLASSIC_LEVELS))
@pytest.mark.slow
def test_classic_is_the_same_in_c_and_python(data: bytes, cut: int, level: int) -> None:
    expected = compress(classic_encoder(level, native=False), data, cut)
    assert compress(classic_encoder(level, native=True), data, cut) == expected
    assert zlib.decompress(expected, -zlib.MAX_WBITS) == data


@needs_extension
@settings(max_examples=120)
@given(data=contents, cut=st.integers(0, 12_000), level=st.sampled_from(MODERN_LEVELS), full_tables=st.booleans())
def test_modern_is_the_same_in_c_and_python(data: bytes, cut: int, level: int, full_tables: bool) -> None:
    expected = compress(modern_encoder(level, full_tables=full_tables, native=False), data, cut)
    assert compress(modern_encoder(level, full_tables=full_tables, native=True), data, cut) == expected
    assert zlib.decompress(expected, -zlib.MAX_WBITS) == data


@needs_extension
@settings(max_examples=60)
@given(data=contents, flushes=st.lists(st.integers(0, 12_000), max_size=4), level=st.sampled_from(MODERN_LEVELS))
def test_flushes_are_the_same_in_c_and_python(data: bytes, flushes: list[int], level: int) -> None:
    outputs = []
    for native in (False, True):
        encoder = modern_encoder(level, native=native)
        parts = []
        at = 0
        for end in sorted(flushes):
            parts += [encoder.write(data[at:end]), encoder.flush()]
            encoder.reset(data[max(0, end - 16384) : end])
            at = end
        outputs.append(b"".join([*parts, encoder.write(data[at:]), encoder.finish()]))
    assert outputs[0] == outputs[1]
    assert zlib.decompress(outputs[0], -zlib.MAX_WBITS) == data


def test_pgzip_takes_no_block_as_small_as_its_dictionary() -> None:
    with pytest.raises(ValueError, match="larger than 16384"):
        Pgzip(modern_encoder(5), 16384)


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_extension), False])
def test_unknown_level_is_refused(native: bool) -> None:
    for level in (-1, 0, 10):
        with pytest.raises(ValueError, match="no level"):
            classic_encoder(level, native=native)
    for level in (-1, 0, 10):
        with pytest.raises(ValueError, match="no level"):
            modern_encoder(level, native=native)


@needs_extension
def test_finished_encoder_refuses_more() -> None:
    for encoder in (classic_encoder(6), modern_encoder(6)):
        encoder.finish()
        with pytest.raises(RuntimeError, match="has finished"):
            encoder.write(b"x")
        with pytest.raises(RuntimeError, match="has finished"):
            encoder.finish()


@needs_extension
def test_encoder_refuses_a_second_thread() -> None:
    encoder = classic_encoder(9)
    slow = bytes(1 << 24)
    writer = threading.Thread(target=lambda: encoder.write(slow))

    def write_until_the_other_ends() -> None:
        while writer.is_alive():
            encoder.write(b"")

    writer.start()
    with pytest.raises(RuntimeError, match="another thread"):
        write_until_the_other_ends()
    writer.join()


@needs_extension
def test_encoder_takes_only_bytes() -> None:
    for wrong in ("text", 1, None):
        with pytest.raises(TypeError):
            classic_encoder(6).write(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            modern_encoder(6).reset(wrong)  # type: ignore[arg-type]
