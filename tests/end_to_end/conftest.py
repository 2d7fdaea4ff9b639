"""Images that several of these tests need."""

from __future__ import annotations

import random

import pytest

from tests.images.generated import GeneratedImage, make_image


@pytest.fixture(scope="session")
def large_image() -> GeneratedImage:
    """An image with layers above the size from which files are copied while they are inspected."""
    source = random.Random("large")
    return make_image([{"data/a": source.randbytes(6 << 20)}, {"data/b": source.randbytes(9 << 20)}, {"c": b"small"}])
