from __future__ import annotations

import gzip
import hashlib
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from importer.domain.piece_names import piece_names
from tests import pace
from tests.sources.archiving import contents, entries, problems, tar_of, zip_of

_FILES: Final = {
    f"sha256__{hashlib.sha256(content).hexdigest()}": content
    for content in (random.Random(n).randbytes(40_000 + n) for n in range(5))
}
_PACKERS: Final[dict[str, Callable[[dict[str, bytes]], bytes]]] = {
    "image.tar": tar_of,
    "image.tar.gz": lambda files: gzip.compress(tar_of(files)),
    "image.zip": zip_of,
}


def _write(folder: Path, names: list[str], whole: bytes, size: int = 64_000) -> None:
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert len(pieces) == len(names)
    for name, piece in zip(names, pieces, strict=True):
        (folder / name).write_bytes(piece)


@pytest.mark.parametrize("packed", sorted(_PACKERS))
@pytest.mark.parametrize(
    "names",
    [
        ["{}.aa", "{}.ab", "{}.ac", "{}.ad"],
        ["{}.001", "{}.002", "{}.003", "{}.004"],
        ["{}.part-00", "{}.part-01", "{}.part-02", "{}.part-03"],
        ["{}.1of4", "{}.2of4", "{}.3of4", "{}.4of4"],
        ["xaa", "xab", "xac", "xad"],
    ],
    ids=lambda names: names[0],
)
def test_pieces_are_joined(tmp_path: Path, names: list[str], packed: str) -> None:
    _write(tmp_path, [name.format(packed) for name in names], _PACKERS[packed](_FILES))
    found = entries(tmp_path)
    assert contents(found) == _FILES
    assert not problems(found)


@pytest.mark.parametrize("options", [["-b", "50K"], ["-n", "7"], ["-b", "9000", "-d", "-a", "4"]])
@pytest.mark.parametrize("packed", sorted(_PACKERS))
def test_what_split_writes(tmp_path: Path, options: list[str], packed: str) -> None:
    (tmp_path / "whole").write_bytes(_PACKERS[packed](_FILES))
    subprocess.run(["split", *options, "whole", f"{packed}."], cwd=tmp_path, check=True)
    (tmp_path / "whole").unlink()
    assert contents(entries(tmp_path)) == _FILES


@pytest.mark.skipif(shutil.which("zip") is None, reason="needs zip: apt-get install zip")
def test_volumes_of_zip(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    for name, content in _FILES.items():
        (source / name).write_bytes(content)
    subprocess.run(["zip", "-q", "-s", "64k", "-r", target / "image.zip", "."], cwd=source, check=True)
    assert (target / "image.z02").is_file()
    found = entries(target)
    assert contents(found) == _FILES
    assert not problems(found)
    (target / "image.z02").unlink()
    found = entries(target)
    assert "image.z02" in problems(found)[str(target / "image.z01")]
    assert set(contents(found).values()) & set(_FILES.values())


@pytest.mark.parametrize("packed", sorted(_PACKERS))
def test_a_missing_piece_is_named_and_what_is_before_it_is_used(tmp_path: Path, packed: str) -> None:
    _write(tmp_path, [f"{packed}.{n:03d}" for n in range(1, 5)], _PACKERS[packed](_FILES))
    (tmp_path / f"{packed}.003").unlink()
    found = entries(tmp_path)
    assert problems(found)[str(tmp_path / f"{packed}.001")].endswith(f"these are missing: {packed}.003")
    whole = set(contents(found).values()) & set(_FILES.values())
    # A tar's headers are found behind the gap as well.
    assert len(whole) >= (3 if packed == "image.tar" else 2)


@pytest.mark.parametrize("packed", sorted(_PACKERS))
def test_numbers_before_the_ending(tmp_path: Path, packed: str) -> None:
    stem, _, ending = packed.partition(".")
    _write(tmp_path, [f"{stem}.part{n}of4.{ending}" for n in range(1, 5)], _PACKERS[packed](_FILES))
    found = entries(tmp_path)
    assert contents(found) == _FILES
    assert not problems(found)


def test_the_last_piece_is_missed_if_names_tell_of_it(tmp_path: Path) -> None:
    _write(tmp_path, [f"part{n}of4.tar" for n in range(1, 5)], tar_of(_FILES))
    (tmp_path / "part4of4.tar").unlink()
    assert "part4of4.tar" in problems(entries(tmp_path))[str(tmp_path / "part1of4.tar")]


@pytest.mark.parametrize("packed", sorted(_PACKERS))
def test_the_first_piece_is_missed(tmp_path: Path, packed: str) -> None:
    _write(tmp_path, [f"{packed}.{n:03d}" for n in range(1, 5)], _PACKERS[packed](_FILES))
    (tmp_path / f"{packed}.001").unlink()
    found = problems(entries(tmp_path))
    assert any(f"{packed}.001" in reason or "damaged at byte 0" in reason for reason in found.values())


@pytest.mark.parametrize("packed", sorted(_PACKERS))
@pytest.mark.parametrize("order", [(2, 1, 3, 4), (1, 3, 2, 4), (4, 1, 2, 3)])
def test_names_that_lie_about_the_order(tmp_path: Path, order: tuple[int, ...], packed: str) -> None:
    _write(tmp_path, [f"{packed}.{n:03d}" for n in order], _PACKERS[packed](_FILES))
    assert contents(entries(tmp_path)) == _FILES


def test_numbered_archives_are_no_pieces(tmp_path: Path) -> None:
    for number, (name, content) in enumerate(_FILES.items(), 1):
        (tmp_path / f"image-{number}.tar").write_bytes(tar_of({name: content}))
        (tmp_path / f"copy.{number}.tar.gz").write_bytes(gzip.compress(tar_of({name: content})))
        (tmp_path / f"zip{number}.zip").write_bytes(zip_of({name: content}, zipfile.ZIP_STORED))
    found = entries(tmp_path)
    assert len(contents(found)) == len(_FILES)
    assert len(found) == 3 * len(_FILES)
    assert not problems(found)


def test_pieces_of_a_layer_stay_files(tmp_path: Path) -> None:
    layer = gzip.compress(tar_of({"etc/passwd": random.Random(1).randbytes(200_000)}))
    _write(tmp_path, ["layer.tar.gz.aa", "layer.tar.gz.ab", "layer.tar.gz.ac", "layer.tar.gz.ad"], layer)
    assert sorted(contents(entries(tmp_path))) == [f"layer.tar.gz.a{letter}" for letter in "abcd"]


def test_pieces_in_an_archive(tmp_path: Path) -> None:
    whole = gzip.compress(tar_of(_FILES))
    pieces = {f"a/image.tgz.{n}": whole[at : at + 64_000] for n, at in enumerate(range(0, len(whole), 64_000))}
    (tmp_path / "all.zip").write_bytes(zip_of(pieces, zipfile.ZIP_STORED))
    assert contents(entries(tmp_path)) == _FILES


@pytest.mark.parametrize("separators", ["-", ".", "-_"])
def test_names_of_nothing_but_separators_cost_little(separators: str) -> None:
    with pace.within(2):
        for name in (f"a{separators * 2000}!", f"{separators * 2000}!", f"{separators * 2000}1!"):
            assert not list(piece_names(name))
