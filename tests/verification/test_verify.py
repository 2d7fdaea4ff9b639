"""``blobfix verify``: an output is read back, and nothing that is wrong in it is passed by."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.storage_paths import STORAGE_PARTS, blob_path, current_link
from tests.damage import cut_at, flip_byte
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run

NAME = "team/app:1.4"

Change = Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]
"""Of a tar's members, in order."""


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
    assert run("verify", tmp_path).code == 2
    assert run("verify", tmp_path / "none").code == 2


def write_tar(source: Path, target: Path, change: Change) -> Path:
    """Another tar of what ``change`` makes of a tar's members."""
    with tarfile.open(source) as archive:
        members = [(member.name, bytes(_content(archive, member))) for member in archive]
    with tarfile.open(target, "w") as archive:
        for name, content in change(members):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    return stream.read() if stream else b""


def renamed(name: str, other: str) -> Change:
    return lambda members: [(other if each == name else each, content) for each, content in members]


def replaced(name: str, content: bytes) -> Change:
    return lambda members: [(each, content if each == name else old) for each, old in members]


def without(name: str) -> Change:
    return lambda members: [(each, content) for each, content in members if each != name]


def twice(name: str, content: bytes) -> Change:
    return lambda members: [*members, (name, content)]


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: renamed(layer, "blobs/sha256/" + "0" * 64),
        lambda layer: replaced("manifest.json", b"[]"),
        lambda layer: replaced("manifest.json", b"nothing"),
        lambda layer: replaced("index.json", b"{}"),
        lambda layer: without("oci-layout"),
        lambda layer: without("index.json"),
        lambda layer: twice(layer, b"damaged"),
        lambda layer: twice("blobs/sha256/" + "1" * 64, b"nobody's"),
    ],
)
def test_a_tar_in_which_programs_do_not_find_everything(
    image: GeneratedImage, download: Path, tmp_path: Path, change: Callable[[str], Change]
) -> None:
    """Every byte of the image is in it, which is not enough."""
    assert run("to-docker-tar", download, "-o", tmp_path / "image.tar", "--no-sync").code == 0
    layer = f"blobs/sha256/{image.layer_digests[0].hex}"
    tar = write_tar(tmp_path / "image.tar", tmp_path / "changed.tar", change(layer))
    assert run("verify", write_tar(tmp_path / "image.tar", tmp_path / "same.tar", lambda members: members)).code == 0
    done = run("verify", tar)
    assert (done.code, "can't rely" in done.output) == (4, True), done.output


@pytest.mark.parametrize("where", ["first header", "middle", "end"])
def test_a_tar_that_other_programs_stop_in(download: Path, tmp_path: Path, where: str) -> None:
    """blobfix itself reads on behind such damage."""
    tar = tmp_path / "image.tar"
    assert run("to-docker-tar", download, "-o", tar, "--no-sync").code == 0
    with tarfile.open(tar) as archive:
        headers = [member.offset for member in archive]
    if where == "end":
        cut_at(tar, tar.stat().st_size - 1024)
    else:
        flip_byte(tar, headers[0 if where == "first header" else len(headers) // 2] + 3, 1)
    assert run("verify", tar).code in (2, 4)


def test_blobs_that_lie_whole_somewhere_else_in_a_tree(image: GeneratedImage, tree: Path) -> None:
    path = tree.joinpath(*STORAGE_PARTS) / blob_path(image.layer_digests[0])
    (path.parent / "copy").write_bytes(path.read_bytes())
    flip_byte(path, 900)
    assert run("verify", tree).code == 4


def test_a_tree_without_repositories(tree: Path) -> None:
    (tree.joinpath(*STORAGE_PARTS) / "repositories").rename(tree / "gone")
    assert run("verify", tree).code == 4


def test_what_is_no_output(download: Path) -> None:
    done = run("verify", download)
    assert (done.code, "not a docker tar" in done.output) == (2, True), done.output
