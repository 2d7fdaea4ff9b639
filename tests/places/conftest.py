"""Stores of each kind, which all keep the same promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from importer.places.changes import WritableStore
from tests.places.bucket import BucketStore
from tests.places.folder import in_folder
from tests.programs.seaweedfs import SeaweedFS


def in_bucket(_: Path) -> Callable[[Mapping[str, bytes]], BucketStore]:
    return lambda objects: BucketStore.filled("filled", {f"top/{key}": objects[key] for key in objects}).within("top")


@pytest.fixture(params=[in_folder, in_bucket, pytest.param(None, id="in_s3", marks=pytest.mark.real_programs)])
def filled(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Mapping[str, bytes]], WritableStore]:
    """Has the given objects in a store, and no others, and gives it."""
    if request.param:
        made: Callable[[Mapping[str, bytes]], WritableStore] = request.param(tmp_path / "new" / "top")
        return made
    server: SeaweedFS = request.getfixturevalue("seaweedfs")
    server.use(monkeypatch)
    place = server.new_place().within("top")
    return lambda objects: server.fill(place, objects)
