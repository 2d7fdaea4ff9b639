"""``blobfix verify``: an output is read back, and nothing that is wrong in it is passed by."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.domain.storage_paths import STORAGE_PARTS, blob_path, current_link
from tests.damage import cut_at, flip_byte
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run

NAME = "team/app:1.4"


@pytest.fixture(scope="module")
def image() -> GeneratedImage:
    return make_image(sample_layers("verified", 20_000))


@pytest.fixture
def download(image: GeneratedImage, tmp_path: Path) -> Path:
    write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
    return tmp_path / "in"


@pytest.fixture
def tree(download: Path, tmp_path: Path) -> Path:
    assert run("to-registry-tree", download, "-o", tmp_path / "tree", "--no-sync").code == 0
    return tmp_path / "tree"


@pytest.mark.parametrize("command", ["to-docker-tar", "to-registry-tree", "to-oci-layout"])
def test_every_output_is_read_back_digest_by_digest(
    image: GeneratedImage, download: Path, tmp_path: Path, command: str
) -> None:
    assert run(command, download, "-o", tmp_path / "out", "--no-sync").code == 0
    done = run("verify", tmp_path / "out")
    assert done.code == 0, done.output
    assert all(str(digest) in done.output for digest in (image.manifest_digest, image.image_id, *image.layer_digests))


def test_a_flipped_bit_in_a_layer(image: GeneratedImage, tree: Path) -> None:
    flip_byte(tree.joinpath(*STORAGE_PARTS) / blob_path(image.layer_digests[0]), 900)
    done = run("verify", tree)
    assert (done.code, "can't be relied on" in done.output) == (4, True), done.output


def test_a_tag_that_leads_nowhere(tree: Path) -> None:
    """Every blob is there, but nobody gets the image by its name."""
    link = tree.joinpath(*STORAGE_PARTS) / current_link("team/app", "1.4")
    link.write_text(link.read_text() + "\n")
    done = run("verify", tree)
    assert (done.code, "repair-tree" in done.output) == (4, True), done.output


def test_a_docker_tar_that_is_cut(download: Path, tmp_path: Path) -> None:
    tar = tmp_path / "image.tar"
    assert run("to-docker-tar", download, "-o", tar, "--no-sync").code == 0
    cut_at(tar, tar.stat().st_size // 2)
    assert run("verify", tar).code == 4


def test_where_there_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("nothing")
    assert run("verify", tmp_path).code == 3
    assert run("verify", tmp_path / "none").code == 2
