"""The states of a wanted blob: each has what it needs, and answers the questions that all are asked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from fixtures.make_damages import HOME
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.investigation import Question, survey
from importer.places.named import place_of
from importer.plan.blobs import (
    BlobPlan,
    BlobStatus,
    ContentBlob,
    DamagedBlob,
    InvalidBlob,
    LostBlob,
    MissingBlob,
    PresentBlob,
    RepairedBlob,
    RewrittenBlob,
    Role,
    SavedManifest,
    UnreadableBlob,
    WantedBlob,
)
from importer.plan.causes import AttestationMissing, Foreign, Missing
from importer.plan.images import ImagePlan
from tests.images.generated import small_image, write_artifactory_folder
from tests.work.threads import threads

WANTED = WantedBlob(Descriptor("application/octet-stream", Digest.of(b"blob"), 4), Role.LAYER, 2, Digest.of(b"content"))
STATUS = {
    PresentBlob: BlobStatus.OK,
    SavedManifest: BlobStatus.OK,
    RepairedBlob: BlobStatus.REPAIRED,
    RewrittenBlob: BlobStatus.REPAIRED,
    ContentBlob: BlobStatus.CONTENT_OK,
    InvalidBlob: BlobStatus.DAMAGED,
    DamagedBlob: BlobStatus.DAMAGED,
    UnreadableBlob: BlobStatus.DAMAGED,
    MissingBlob: BlobStatus.MISSING,
}


def plan_of(folder: Path) -> tuple[ImagePlan, ...]:
    return survey(Question((place_of(folder),)), threads()).plan.images


def planned_blobs() -> Iterator[BlobPlan]:
    for case in sorted(path for path in HOME.iterdir() if path.is_dir()):
        for image in plan_of(case / "input"):
            yield from image.all_blobs


def test_each_state_has_the_status_of_the_report() -> None:
    assert {state: state.status for state in get_args(BlobPlan)} == STATUS


@pytest.mark.parametrize("state", get_args(BlobPlan), ids=lambda state: state.__name__)
def test_what_a_state_needs_can_not_be_left_out(state: type[BlobPlan]) -> None:
    with pytest.raises(TypeError, match="missing"):
        state(WANTED)  # type: ignore[call-arg]


def test_a_state_has_nothing_of_what_it_does_not_know() -> None:
    blob = MissingBlob(WANTED, Missing())
    assert (blob.exact, blob.content, blob.file, blob.file_path, blob.earlier) == (None, None, None, None, ())
    assert (blob.role, blob.position, blob.diff_id) == (Role.LAYER, 2, Digest.of(b"content"))


@pytest.mark.parametrize(
    ("cause", "dispensable"), [(Missing(), False), (Foreign(("https://x/y",)), True), (AttestationMissing(), True)]
)
def test_registries_do_without_foreign_layers_and_attestations(
    cause: Missing | Foreign | AttestationMissing, *, dispensable: bool
) -> None:
    assert MissingBlob(WANTED, cause).is_dispensable is dispensable


def test_the_corpus_shows_every_state_that_a_scan_finds() -> None:
    seen = list(planned_blobs())
    assert {type(blob) for blob in seen} == set(STATUS) - {RewrittenBlob, SavedManifest, UnreadableBlob}
    for blob in seen:
        assert blob.is_here == isinstance(blob, PresentBlob | RepairedBlob | InvalidBlob)
        assert not (isinstance(blob, LostBlob) and (blob.exact or blob.content))


def test_a_pipe_with_a_layers_name_is_that_layer_unreadable(tmp_path: Path) -> None:
    image = small_image()
    layer = image.layer_path(write_artifactory_folder(image, tmp_path))
    layer.unlink()
    os.mkfifo(layer)
    (planned,) = plan_of(tmp_path)
    assert isinstance(planned.layers[0], UnreadableBlob)
    assert planned.layers[0].file_path == str(layer)


def test_docker_saves_own_manifest_stands_for_that_of_a_registry(tmp_path: Path) -> None:
    image = small_image()
    (tmp_path / "config.json").write_bytes(image.config)
    names = [f"{place}.tar" for place in range(len(image.diffs))]
    for name, content in zip(names, image.diffs, strict=True):
        (tmp_path / name).write_bytes(content)
    entry = {"Config": "config.json", "RepoTags": ["team/app:1.4"], "Layers": names}
    (tmp_path / "manifest.json").write_text(json.dumps([entry]))
    (planned,) = plan_of(tmp_path)
    assert isinstance(planned.manifest, SavedManifest)
    assert not planned.manifest.is_here
