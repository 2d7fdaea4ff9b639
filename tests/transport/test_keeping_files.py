"""Downloads take nobody's file away: what stands where a blob or a manifest is to go is kept under its own digest."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests import damage
from tests.damage import Damage
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run, scan
from tests.transport.faulty_server import FaultyServer
from tests.transport.remote_images import offer, succeed

IMAGE = make_image(sample_layers("kept", 20_000), docker=False, annotations={"made.by": "hand"})
OTHER = make_image(sample_layers("moved", 10_000), docker=False, annotations={"made.by": "hand"})
FIRST, SECOND = IMAGE.layer_digests[:2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")


def complete(folder: Path, server: FaultyServer) -> str:
    offer(server, IMAGE)
    return succeed("complete", folder, "--from", f"http://{server.host}/team/app:1.4").output


def test_the_only_copy_of_another_layer(folder: Path, server: FaultyServer) -> None:
    (folder / SECOND.file_name).replace(folder / FIRST.file_name)
    before = (folder / FIRST.file_name).read_bytes()
    output = complete(folder, server)
    assert Digest.of((folder / FIRST.file_name).read_bytes()) == FIRST
    assert (folder / SECOND.file_name).read_bytes() == before
    assert f"had other content, which is kept as {SECOND.file_name}" in output
    assert scan(folder).code == 0


def test_somebody_s_own_file_under_a_layer_s_name(folder: Path, server: FaultyServer) -> None:
    (folder / FIRST.file_name).write_text("my notes")
    complete(folder, server)
    assert (folder / Digest.of(b"my notes").file_name).read_bytes() == b"my notes"
    assert Digest.of((folder / FIRST.file_name).read_bytes()) == FIRST


@pytest.mark.parametrize("name", [FIRST.file_name, "manifest.json"])
def test_a_link_is_not_followed_and_gets_another_name(
    name: str, folder: Path, server: FaultyServer, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"far away")
    (folder / name).unlink()
    (folder / name).symlink_to(elsewhere)
    complete(folder, server)
    assert elsewhere.read_bytes() == b"far away"
    assert (folder / "kept-link").readlink() == elsewhere
    assert not (folder / name).is_symlink()


def test_a_proven_copy_needs_no_third_name(folder: Path, server: FaultyServer) -> None:
    shutil.copy(folder / SECOND.file_name, folder / FIRST.file_name)
    complete(folder, server)
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json",
        *(digest.file_name for digest in IMAGE.blobs),
    }


@pytest.mark.parametrize("happens", [damage.empty, damage.replace_by_html_login_page])
def test_what_is_left_of_the_blob_itself_is_replaced(happens: Damage, folder: Path, server: FaultyServer) -> None:
    happens(folder / FIRST.file_name)
    complete(folder, server)
    assert scan(folder).code == 0
    assert len(list(folder.iterdir())) == 1 + len(IMAGE.blobs)


@pytest.mark.parametrize("content", [b'{"name": "My web app", "icons": []}', b"not JSON", b'{"errors": [], "name": 1}'])
def test_somebody_s_own_manifest_json(content: bytes, folder: Path, server: FaultyServer) -> None:
    own = content
    (folder / "manifest.json").write_bytes(own)
    (folder / FIRST.file_name).unlink()
    output = complete(folder, server)
    assert (folder / "manifest.json").read_bytes() == IMAGE.manifest
    assert (folder / Digest.of(own).file_name).read_bytes() == own
    assert "was a different document, which is kept as" in output


@pytest.mark.parametrize(
    "content", [b"", b"<html>Sign in</html>", b'{"errors": [{"code": "DENIED"}]}', IMAGE.manifest[:90]]
)
def test_a_manifest_that_never_was_one_is_replaced(content: bytes, folder: Path, server: FaultyServer) -> None:
    (folder / "manifest.json").write_bytes(content)
    complete(folder, server)
    assert (folder / "manifest.json").read_bytes() == IMAGE.manifest
    assert len(list(folder.iterdir())) == 1 + len(IMAGE.blobs)


def test_a_pull_after_the_tag_moved(tmp_path: Path, server: FaultyServer) -> None:
    offer(server, IMAGE)
    succeed("pull", f"{server.host}/team/app:1.4", "-o", tmp_path / "out")
    offer(server, OTHER)
    output = succeed("pull", f"{server.host}/team/app:1.4", "-o", tmp_path / "out").output
    place = tmp_path / "out" / "team" / "app" / "1.4"
    assert (place / "manifest.json").read_bytes() == OTHER.manifest
    assert (place / IMAGE.manifest_digest.file_name).read_bytes() == IMAGE.manifest
    assert IMAGE.manifest_digest.file_name in output
    tree = tmp_path / "tree"
    selected = run(
        "to-registry-tree", tmp_path / "out", "-o", tree, "-n", "a/b:1", "--select", str(IMAGE.manifest_digest)
    )
    assert selected.code == 0
