"""Each reason why docker can't load an image has words of its own for whoever wanted to write it."""

from __future__ import annotations

import inspect

import pytest

from importer.domain.digest import Digest
from importer.plan import flaws
from importer.plan.flaws import Obstacle

DIGEST = Digest.of(b"")
EXAMPLES: tuple[Obstacle, ...] = (
    flaws.LayerCountMismatch(2, 3),
    flaws.TooMuchHistory(4, 3),
    flaws.DiffIdMismatch(1, DIGEST, None),
    flaws.EncryptedLayers((0,)),
    flaws.DiffIdsOfCompressed((0, 2)),
    flaws.UncheckableDiffIds(),
    flaws.NoImage(),
    flaws.ForeignSystem("windows"),
)


def test_every_kind_has_an_example() -> None:
    kinds = {kind for _, kind in inspect.getmembers(flaws, inspect.isclass) if issubclass(kind, Obstacle)}
    assert {type(example) for example in EXAMPLES} == kinds - {Obstacle}


def test_no_two_say_the_same() -> None:
    assert len({example.refusal for example in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("obstacle", EXAMPLES, ids=lambda obstacle: type(obstacle).__name__)
def test_it_ends_a_sentence_that_begins_with_the_image(obstacle: Obstacle) -> None:
    assert obstacle.refusal.split()[0] in {"is", "has", "contradicts"}


def test_one_without_words_is_none() -> None:
    class Silent(Obstacle):
        """Says nothing."""

    with pytest.raises(TypeError, match="refusal"):
        Silent()  # type: ignore[abstract]
