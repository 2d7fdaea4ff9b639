"""A docker tar in pieces: joined, it is the tar byte for byte, and nothing is ever joined with older pieces."""

from __future__ import annotations

import errno
import os
import random
import shlex
import subprocess
from pathlib import Path

import pytest
import typer

from importer.cli.options import size_of
from importer.places.durability import Durability
from importer.writers.split_tar import joining_command
from tests.blobfix import leftovers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.dockerd import Dockerd

_MIB = 1 << 20
IMAGE = make_image([{"srv/data": random.Random(1).randbytes(5 * _MIB // 2)}, {"etc/motd": b"hello\n"}])


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("in")
    write_artifactory_folder(IMAGE, place / "team" / "app" / "1.4")
    return place


def test_pieces_together_are_the_tar(download: Path, tmp_path: Path) -> None:
    whole, split = tmp_path / "whole.tar", tmp_path / "out" / "my image.tar"
    split.parent.mkdir()
    assert run("to-docker-tar", download, "-o", whole).code == 0
    told = run("to-docker-tar", download, "-o", split, "--split", "1M")
    assert told.code == 0
    assert "(3 pieces: my image.tar.001 to my image.tar.003, and my image.tar.sha256 for the whole)" in told.text
    pieces = sorted(split.parent.glob("*.0*"))
    assert [piece.stat().st_size for piece in pieces[:2]] == [_MIB, _MIB]
    assert b"".join(piece.read_bytes() for piece in pieces) == whole.read_bytes()
    assert leftovers(split.parent) == []
    split.write_bytes(whole.read_bytes())
    subprocess.run(["sha256sum", "--check", "--quiet", "my image.tar.sha256"], cwd=split.parent, check=True)


def test_pieces_are_read_back_as_one_archive(download: Path, tmp_path: Path) -> None:
    assert run("to-docker-tar", download, "-o", tmp_path / "image.tar", "--split", "1M").code == 0
    report = run("scan", tmp_path, "--format", "json")
    assert report.code == 0
    assert [image["image_id"] for image in report.json["images"]] == [str(IMAGE.image_id)]


def test_one_piece_alone_is_read_back(download: Path, tmp_path: Path) -> None:
    assert run("to-docker-tar", download, "-o", tmp_path / "image.tar", "--split", "100M").code == 0
    assert run("scan", tmp_path).code == 0


def test_the_first_piece_alone_is_an_archive_that_is_cut(download: Path, tmp_path: Path) -> None:
    assert run("to-docker-tar", download, "-o", tmp_path / "image.tar", "--split", "1M").code == 0
    for piece in ("image.tar.002", "image.tar.003"):
        (tmp_path / piece).unlink()
    report = run("scan", tmp_path, "--format", "json")
    assert report.code == 4
    assert "BF110" in {finding["code"] for finding in report.json["findings"]}


@pytest.mark.parametrize(
    "former", ["image.tar.001", "image.tar.002", "image.tar.004", "image.tar.0001", "image.tar.sha256"]
)
def test_older_pieces_are_not_joined_by_new_ones(former: str, download: Path, tmp_path: Path) -> None:
    (tmp_path / former).write_bytes(b"older")
    told = run("to-docker-tar", download, "-o", tmp_path / "image.tar", "--split", "1M")
    assert told.code == 2
    assert f"{former}: is there already; remove all pieces of image.tar first" in told.stderr
    assert [path.name for path in tmp_path.iterdir()] == [former]


def test_a_stream_has_no_pieces(download: Path) -> None:
    told = run("to-docker-tar", download, "-o", "-", "--split", "1M")
    assert (told.code, told.stdout) == (2, b"")
    assert "--split writes several files" in told.stderr


def test_an_image_that_lacks_a_layer_leaves_no_piece(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
    (folder / IMAGE.layer_digests[0].file_name).unlink()
    (tmp_path / "out").mkdir()
    assert run("to-docker-tar", tmp_path / "in", "-o", tmp_path / "out" / "image.tar", "--split", "1M").code == 4
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("failure", "said"),
    [(KeyboardInterrupt(), "interrupted"), (OSError(errno.ENOSPC, "disk full"), "disk full")],
)
def test_what_ends_a_piece_early_is_told_as_it_is(
    failure: BaseException, said: str, download: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(Durability, "stream", fail)
    told = run("to-docker-tar", download, "-o", tmp_path / "image.tar", "--split", "1M")
    assert said in told.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "size"),
    [("4000M", 4000 << 20), ("2g", 2 << 30), ("4GB", 4 * 10**9), ("4GiB", 4 << 30), ("2097152", 2 << 20)],
)
def test_sizes_are_those_of_split(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "0", "M", "-4M", "4X", "1.5G", "1K", "9" * 20])
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        size_of(text)


def test_windows_joins_them_in_its_own_way() -> None:
    pieces = [Path(f"a b.tar.00{number}") for number in (1, 2)]
    command = joining_command(Path("a b.tar"), pieces, "nt")
    assert command == 'copy /b "a b.tar.001"+"a b.tar.002" "a b.tar" && docker load -i "a b.tar"'


def test_docker_loads_what_the_printed_command_joins(docker_daemon: Dockerd, download: Path, tmp_path: Path) -> None:
    target = tmp_path / "it's an image.tar"
    target.with_name(f"{target.name}.md5").write_bytes(b"no piece")
    told = run("to-docker-tar", download, "-o", target, "--split", "1M")
    command = told.text.splitlines()[-1].strip()
    assert command.startswith(f"cat {shlex.quote(str(target))}.[0-9][0-9][0-9]")
    environment = {**os.environ, "DOCKER_HOST": docker_daemon.host}
    subprocess.run(["sh", "-c", command], env=environment, check=True, capture_output=True)
    assert docker_daemon.image_id("team/app:1.4") == str(IMAGE.image_id)
