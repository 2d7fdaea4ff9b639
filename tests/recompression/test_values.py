"""All values of the recompression and all kinds of recipes can go to another process and come back equal."""

from __future__ import annotations

import dataclasses
import pickle
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from importer import recompression
from importer.domain.digest import Digest
from importer.formats.signatures import FileKind
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
from importer.recovery.recipes import Decompressed, Joined, Literal, Part, Recipe, Recompressed, Whole
from importer.sources.source_file import SourceFile

COMPRESSOR = Compressor(Family.PGZIP_MODERN, 5, 1 << 20)
HEADER = GzipHeader(mtime=1, name=b"rootfs.tar")
KNOWN = KnownCompressor(COMPRESSOR, (HEADER,), ("podman",), 50)
RECOGNISED = Recognition(HEADER, (KNOWN,))
FOUND = Found(KNOWN, HEADER)
FILE = Whole(SourceFile("d/layer.tar", ("layer.tar",), 2, partial(Path.open, Path("d/layer.tar"), "rb")))

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
RECIPES = (
    FILE,
    Part(FILE, 1, 1),
    Literal(b"{}"),
    Joined((FILE, Literal(b"\0"))),
    Decompressed(FILE, FileKind.GZIP),
    Recompressed(Decompressed(FILE, FileKind.ZSTD), COMPRESSOR, HEADER),
)


@pytest.mark.parametrize("value", [*VALUES, *RECIPES], ids=lambda value: type(value).__name__)
def test_pickle_gives_an_equal_one(value: Any) -> None:
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", [*VALUES, *RECIPES], ids=lambda value: type(value).__name__)
def test_nothing_in_it_can_be_changed(value: Any) -> None:
    first = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, first, None)


def test_none_is_left_out() -> None:
    """A new kind of value or recipe has its example here."""
    public = (getattr(recompression, name) for name in recompression.__all__)
    assert {type(value) for value in VALUES} == {one for one in public if dataclasses.is_dataclass(one)}
    assert {type(recipe) for recipe in RECIPES} == set(get_args(Recipe))
