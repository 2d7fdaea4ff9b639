"""What a PATH may be: a folder, a file alone, the address of something that a scheme names."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest

from importer import api
from importer.errors import UsageError
from importer.places.named import SCHEMES, on_disk, place_of
from tests.blobfix import contents
from tests.damage import cut_at
from tests.images.generated import small_image, write_artifactory_folder
from tests.in_process import run
from tests.places.bucket import BucketStore


@pytest.fixture
def mem(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheme like that of a bucket."""

    def open_bucket(address: str) -> BucketStore:
        bucket, _, prefix = address.removeprefix("mem://").partition("/")
        return BucketStore(bucket, prefix)

    monkeypatch.setitem(SCHEMES, "mem", open_bucket)


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_artifactory_folder(small_image(), tmp_path / "downloads" / "team" / "app" / "1.4")
    cut_at(max(folder.iterdir(), key=lambda path: path.stat().st_size), 100)
    monkeypatch.chdir(tmp_path)
    BucketStore.copied(tmp_path / "downloads", "copy")
    return Path("downloads")


@pytest.mark.parametrize("text", ["downloads", ".", "../up", "/srv/images.tar", "s3:/no-scheme", "-x"])
def test_a_path_is_shown_as_it_was_given(text: str) -> None:
    assert (place_of(text).shown(""), on_disk(place_of(text))) == (text, Path(text))


def test_a_store_is_a_place_already() -> None:
    store = BucketStore.filled("any", {})
    assert place_of(store) is store
    assert on_disk(store) is None


@pytest.mark.parametrize("command", ["scan", "repair-tree", "to-docker-tar", "inspect"])
def test_an_unknown_scheme_is_refused_with_those_that_are_known(command: str, mem: None) -> None:
    result = run(command, "swift://container/x", *(["-o", "x.tar"] if command == "to-docker-tar" else []))
    assert result.code == 2
    if command != "inspect":
        *most, last = (f"{scheme}://" for scheme in SCHEMES)
        told = f"swift:// can't be read as a place; folders, archives, {', '.join(most)} and {last} can"
        assert told in result.stderr


def test_of_an_address_on_a_server_the_download_is_named() -> None:
    with pytest.raises(UsageError, match=r"blobfix pull 'https://host/a\?b' -o downloads"):
        place_of("https://host/a?b")


def test_a_folder_that_looks_like_an_address_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd:" / "x").mkdir(parents=True)
    assert on_disk(place_of("odd://x")) == Path("odd:/x")


def test_the_report_on_a_bucket_is_that_on_the_folder(mem: None, downloads: Path) -> None:
    of_folder = api.scan(downloads, borrow=[downloads / "team"]).to_json()
    assert '"BF201"' in of_folder
    of_bucket = api.scan("mem://copy", borrow=["mem://copy/team"]).to_json()
    assert of_bucket.replace("mem://copy", "downloads") == of_folder
    assert api.scan(BucketStore("copy"), borrow=[BucketStore("copy", "team")]).to_json() == of_bucket


@pytest.mark.parametrize("arguments", [["scan", "{}"], ["{}"], ["scan", "--borrow", "{}", "{}"]])
def test_commands_read_a_bucket_as_they_read_a_folder(arguments: list[str], mem: None, downloads: Path) -> None:
    def told(place: str) -> tuple[int, str]:
        result = run(*(word.format(place) for word in arguments))
        return result.code, result.text.replace(place, "downloads")

    assert told("mem://copy") == told(str(downloads))


def test_what_a_bucket_holds_is_written(mem: None, downloads: Path, tmp_path: Path) -> None:
    write_artifactory_folder(small_image(), tmp_path / "whole" / "team" / "app" / "1.4")
    BucketStore.copied(tmp_path / "whole", "whole")
    assert run("to-docker-tar", "mem://whole", "-o", "a.tar").code == 0
    assert run("to-docker-tar", "whole", "-o", "b.tar").code == 0
    assert Path("a.tar").read_bytes() == Path("b.tar").read_bytes()


@pytest.mark.parametrize("command", ["to-registry-tree", "to-oci-layout"])
def test_trees_and_layouts_are_written_to_a_bucket(
    command: str, mem: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_artifactory_folder(small_image(), tmp_path / "in" / "team" / "app" / "1.4")
    bucket = BucketStore.filled("output", {})
    result = run(command, "in", "-o", "mem://output/of/mine")
    assert result.code == 0
    assert "Written to mem://output/of/mine" in result.text
    assert run(command, "in", "-o", "folder").code == 0
    assert {f"of/mine/{key}": content for key, content in contents(tmp_path / "folder").items()} == bucket.objects
    (follow,) = (line.strip() for line in result.text.splitlines() if line.strip().startswith("blobfix "))
    assert run(*follow.split()[1:]).code == 0
    assert run(command, "in", "-o", "mem://output/of/mine").code == 0


@pytest.mark.parametrize("place", [api.RegistryTree, api.OciLayout])
def test_a_program_writes_to_a_bucket(
    place: type[api.RegistryTree], mem: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_artifactory_folder(small_image(), tmp_path / "team" / "app" / "1.4")
    bucket = BucketStore.filled("output", {})
    image = api.scan(tmp_path).images[0]
    assert api.write(image, place("mem://output/a")).path == "mem://output/a"
    assert api.write(image, place(bucket.within("b"))).path == "mem://output/b"
    assert {key[2:]: content for key, content in bucket.objects.items() if key.startswith("a/")} == {
        key[2:]: content for key, content in bucket.objects.items() if key.startswith("b/")
    }


@pytest.mark.parametrize(
    ("command", "output", "message"),
    [
        ("to-registry-tree", "mem://strange", "is not empty and holds no registry's data (x is there)"),
        ("to-oci-layout", "mem://strange", "is not empty and is not an OCI image layout (x is there)"),
        ("to-registry-tree", "mem://strange/x/y", "is a file"),
        ("to-registry-tree", "mem://in/team/new", "is inside the input mem://in, and inputs are never changed"),
        ("to-oci-layout", "mem://new/image.tar", "a bucket takes no archive"),
    ],
)
def test_a_part_of_a_bucket_that_is_none_to_write_to_is_refused(
    command: str, output: str, message: str, mem: None, tmp_path: Path
) -> None:
    write_artifactory_folder(small_image(), tmp_path / "team" / "app" / "1.4")
    source = BucketStore.copied(tmp_path, "in")
    others = BucketStore.filled("strange", {"x/y": b"", "z": b""})
    before = (source.objects, others.objects)
    result = run(command, "mem://in", "-o", output)
    assert (result.code, message in result.stderr) == (2, True), result.stderr
    assert (source.objects, others.objects) == before


@pytest.mark.parametrize("words", [["to-docker-tar", "in"], ["to-build-context", "in"], ["pull", "registry.invalid/x"]])
def test_what_only_a_disk_can_hold_is_not_written_elsewhere(words: list[str], mem: None, tmp_path: Path) -> None:
    with chdir(tmp_path):
        write_artifactory_folder(small_image(), tmp_path / "in" / "team" / "app" / "1.4")
        result = run(*words, "-o", "mem://copy/x")
        assert (result.code, sorted(path.name for path in tmp_path.iterdir())) == (2, ["in"])
    assert "mem://copy/x: only trees and layouts are written there; give a path on this machine" in result.stderr


def test_what_is_written_may_not_be_an_input(mem: None, tmp_path: Path) -> None:
    write_artifactory_folder(small_image(), tmp_path / "in" / "team" / "app" / "1.4")
    assert run("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree").code == 0
    BucketStore.copied(tmp_path / "tree", "tree")
    result = run("to-registry-tree", "mem://tree/docker/registry/v2", "-o", "mem://tree")
    assert result.code == 2
    assert "is in the tree to be written" in result.stderr
