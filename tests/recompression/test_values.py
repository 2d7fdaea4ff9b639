"""All values of the recompression can go to another process and come back equal."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from importer import recompression
from importer.domain.digest import Digest
from importer.recompression import (
    Compressor,
    Evidence,
    Family,
    Found,
    GzipHeader,
    KnownCompressor,
    Outcome,
    Recognition,
    Wanted,
)

COMPRESSOR = Compressor(Family.PGZIP_MODERN, 5, 1 << 20)
HEADER = GzipHeader(mtime=1, name=b"rootfs.tar")
KNOWN = KnownCompressor(COMPRESSOR, (HEADER,), ("podman",), 50)
RECOGNISED = Recognition(HEADER, (KNOWN,))
FOUND = Found(KNOWN, HEADER)

VALUES = (
    COMPRESSOR,
    HEADER,
    KNOWN,
    RECOGNISED,
    FOUND,
    Outcome(FOUND, (KNOWN,)),
    Wanted(Digest.of(b"layer"), 5),
    Evidence((RECOGNISED,), ("buildkit",), {"org.opencontainers.image.source": "ko"}),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_pickle_gives_an_equal_one(value: Any) -> None:
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_nothing_in_it_can_be_changed(value: Any) -> None:
    first = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, first, None)


def test_none_is_left_out() -> None:
    """A new kind of value has its example here."""
    public = (getattr(recompression, name) for name in recompression.__all__)
    assert {type(value) for value in VALUES} == {one for one in public if dataclasses.is_dataclass(one)}
