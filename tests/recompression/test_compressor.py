"""Compressors as values: equal when they write the same bytes, and the same in another process."""

from __future__ import annotations

import pickle
import zlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from importer.recompression import Compressor, Encoder, Family, KnownCompressor, encoder_of, known_compressors
from importer.recompression.engines.registry import speed_of

KNOWN = known_compressors()
DATA = b"layer " * 100


def made_by(compressor: Compressor) -> bytes:
    encoder = encoder_of(compressor)
    return encoder.write(DATA) + encoder.finish()


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_pickle_gives_an_equal_one(known: KnownCompressor) -> None:
    copy = pickle.loads(pickle.dumps(known))
    assert copy == known
    assert hash(copy) == hash(known)
    assert copy.compressor is not known.compressor
    assert made_by(copy.compressor) == made_by(known.compressor)


def test_another_process_writes_the_same_bytes() -> None:
    compressors = [known.compressor for known in KNOWN[:4]]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(made_by, compressors)) == [made_by(compressor) for compressor in compressors]


def test_what_changes_the_bytes_makes_another_compressor() -> None:
    assert Compressor(Family.GO_CLASSIC, 6) != Compressor(Family.GO_CLASSIC, 5)
    assert Compressor(Family.GO_CLASSIC, 6) != Compressor(Family.GO_MODERN, 6)
    assert Compressor(Family.PGZIP_MODERN, 5, 1 << 20) != Compressor(Family.PGZIP_MODERN, 5, 1 << 18)


@pytest.mark.parametrize(
    ("compressor", "name"),
    [
        (Compressor(Family.GO_CLASSIC, 6), "Go ≤1.26, level 6"),
        (Compressor(Family.PIGZ, 9), "pigz, level 9"),
        (Compressor(Family.PGZIP_MODERN, 5, 1 << 20), "pgzip, klauspost ≥1.18.1, 1024 KiB blocks"),
        (Compressor(Family.PGZIP_KLAUSPOST, 1, 1 << 18), "pgzip, klauspost 1.15.10-1.18.0, 256 KiB blocks, level 1"),
    ],
)
def test_name(compressor: Compressor, name: str) -> None:
    assert compressor.name == name


@pytest.mark.parametrize("family", Family)
def test_every_family_has_encoders_and_speeds(family: Family) -> None:
    for level in range(1, 10):
        compressor = Compressor(family, level, (1 << 20) * family.is_pgzip)
        assert made_by(compressor)
        assert speed_of(compressor) > 0


def test_pgzip_without_a_size_of_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match="blocks"):
        encoder_of(Compressor(Family.PGZIP_MODERN, 5))


def test_encoders_have_one_interface() -> None:
    encoders: list[Encoder] = [encoder_of(known.compressor) for known in KNOWN]
    assert all(zlib.decompress(one.write(b"a" * 9) + one.finish(), -15) == b"a" * 9 for one in encoders)
