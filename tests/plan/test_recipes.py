"""Recipes are plain values: what another process gets of one is equal, and makes the same bytes."""

from __future__ import annotations

import dataclasses
import pickle
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from importer.formats.signatures import FileKind
from importer.investigation import Question, survey
from importer.plan.recipe_blocks import digest_made
from importer.plan.recipes import Decompressed, Joined, Literal, Part, Recipe, Recompressed, Whole
from importer.progress import SilentProgress
from importer.recompression import Compressor, Family, GzipHeader
from importer.sources.source_file import SourceFile
from tests.agreement.test_damage_corpus import FOLDERS, HOME, input_of

FILE = Whole(SourceFile("d/layer.tar", ("layer.tar",), 2, partial(Path.open, Path("d/layer.tar"), "rb")))  # type: ignore[arg-type]
RECIPES = (
    FILE,
    Part(FILE, 1, 1),
    Literal(b"{}"),
    Joined((FILE, Literal(b"\0"))),
    Decompressed(FILE, FileKind.GZIP),
    Recompressed(Decompressed(FILE, FileKind.ZSTD), Compressor(Family.GO_CLASSIC, 6), GzipHeader()),
)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: type(recipe).__name__)
def test_a_recipe_is_a_value(recipe: Recipe) -> None:
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(recipe, dataclasses.fields(recipe)[0].name, None)


def test_every_kind_of_recipe_has_an_example() -> None:
    assert {type(recipe) for recipe in RECIPES} == set(get_args(Recipe))


@pytest.mark.parametrize("name", FOLDERS)
def test_the_recipes_of_every_case_of_the_corpus_are_values(name: str, tmp_path: Path) -> None:
    plan = survey(Question((input_of(HOME / name, tmp_path),)), SilentProgress()).plan
    blobs = [blob for image in plan.images for blob in image.all_blobs]
    for made in (made for blob in blobs for made in (blob.exact, blob.content) if made):
        copy = pickle.loads(pickle.dumps(made.recipe))
        assert copy == made.recipe
        assert digest_made(copy, made.digest.algorithm, made.size) == made.digest
