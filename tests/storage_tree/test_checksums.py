"""Blobs that somebody else has hashed aren't read; what isn't right by that is."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from importer.formats.checksum_table import ChecksumTableError, read_checksums
from importer.places.named import SCHEMES
from importer.storage_tree import contents
from importer.storage_tree.contents import ReadBlob
from tests.damage import flip_byte
from tests.in_process import run
from tests.places.bucket import BucketStore
from tests.storage_tree.pushed_tree import PushedTree
from tests.storage_tree.written_tree import write_tree


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digests of the blobs that are read; every blob is too large to be read anyway."""
    seen: list[str] = []
    original = ReadBlob.carry_out

    def carry_out(task: ReadBlob, tools: Any) -> Any:
        seen.append(task.path.split("/")[-2])
        return original(task, tools)

    monkeypatch.setattr(ReadBlob, "carry_out", carry_out)
    monkeypatch.setattr(contents, "_SMALL", 0)
    return seen


@pytest.fixture
def tree(tmp_path: Path) -> PushedTree:
    return write_tree(tmp_path / "registry")


def sums(root: Path) -> dict[str, str]:
    """What ``sha256sum`` says of each file below a root."""
    files = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def table(target: Path, rows: Iterable[Iterable[str]]) -> Path:
    with target.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return target


def batch_row(key: str, sha256: str, **other: str) -> list[str]:
    result = {
        "checksum_base64": base64.b64encode(bytes.fromhex(sha256)).decode(),
        "etag": "d41d8cd98f00b204e9800998ecf8427e-2",
        "checksumAlgorithm": "SHA256",
        "checksumType": "FULL_OBJECT",
        "checksum_hex": sha256.upper(),
        **other,
    }
    return ["copy", key, "", "succeeded", "200", "", json.dumps(result)]


FORMS: dict[str, Callable[[dict[str, str]], list[list[str]]]] = {
    "header": lambda found: [["sha256", "size", "path"], *([value, "1", key] for key, value in found.items())],
    "bare": lambda found: [[key, f"sha256:{value}"] for key, value in found.items()],
    "dotted": lambda found: [[f"./{key}", value] for key, value in found.items()],
}


@pytest.mark.parametrize("form", FORMS)
def test_layers_that_are_whole_by_a_table_are_not_read(
    form: str, tree: PushedTree, tmp_path: Path, read: list[str]
) -> None:
    damaged = tree.blob()
    flip_byte(damaged, 100)
    plain = run("repair-tree", tree.root, "--format", "json")
    everything, made = [*read], table(tmp_path / "sums.csv", FORMS[form](sums(tree.root)))
    read.clear()
    told = run("repair-tree", tree.root, "--format", "json", "--checksums", made)
    assert told.code == plain.code == 4
    assert {**told.json, "checksums": None} == {**plain.json, "checksums": None}
    assert damaged.parent.name in read
    assert told.json["checksums"]["hashed"] == len(read) < len(everything)


def test_a_report_of_s3_names_the_objects_of_the_bucket(
    tree: PushedTree, tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bucket(BucketStore):
        def shown(self, key: str) -> str:
            return super().shown(key).replace("mem://", "s3://")

    found = sums(tree.root)
    BucketStore.copied(tree.root)
    monkeypatch.setitem(SCHEMES, "s3", lambda _: Bucket("copy"))
    made = table(tmp_path / "sums.csv", (batch_row(key.replace("/", "%2F"), value) for key, value in found.items()))
    assert run("repair-tree", "s3://copy", "--checksums", made).code == 0
    few = len(read)
    read.clear()
    others = {"checksumType": "COMPOSITE"}, {"checksumAlgorithm": "CRC32"}
    for other in others:
        rows = [batch_row(key, value, **other) for key, value in found.items()]
        failed = [["copy", key, "", "failed", "404", "", "no such key"] for key in found]
        refused = run("repair-tree", "s3://copy", "--checksums", table(tmp_path / "other.csv", [*rows, *failed]))
        assert (refused.code, "no line is about a blob of this tree" in refused.stderr) == (2, True)
    assert run("repair-tree", "s3://copy").code == 0
    assert len(read) > few


def test_checksums_of_another_tree_say_nothing(tree: PushedTree, tmp_path: Path) -> None:
    found = {f"backup/{key}": value for key, value in sums(tree.root).items()}
    result = run("repair-tree", tree.root, "--checksums", table(tmp_path / "sums.csv", FORMS["header"](found)))
    assert (result.code, "paths must begin with docker/registry/v2/blobs/" in result.stderr) == (2, True)


@pytest.mark.parametrize("content", [b"", b"a\n", b"a,b\n", b"path,sha256\nx,12\n", b'"', b"\0", b"\xff\xfe\n", b"{}"])
def test_what_is_no_table_is_wrong_usage(content: bytes, tree: PushedTree, tmp_path: Path) -> None:
    (tmp_path / "sums.csv").write_bytes(content)
    result = run("repair-tree", tree.root, "--checksums", tmp_path / "sums.csv")
    assert (result.code, result.stderr.startswith(f"blobfix: --checksums {tmp_path}/sums.csv: ")) == (2, True)


@pytest.mark.parametrize("other", [["--apply"], ["--quick"], ["--read-subset", "1/2"]])
def test_what_it_is_not_combined_with(other: list[str], tree: PushedTree, tmp_path: Path) -> None:
    made = table(tmp_path / "sums.csv", FORMS["bare"](sums(tree.root)))
    assert run("repair-tree", tree.root, "--checksums", made, *other).code == 2


def test_the_line_that_is_wrong_is_named() -> None:
    with pytest.raises(ChecksumTableError, match="line 2: no path and sha256: 'x' is not a sha256"):
        list(read_checksums([f"a,{'0' * 64}\n", "b,x\n"]))


@pytest.mark.parametrize("order", [1, -1])
def test_a_blob_about_which_lines_contradict_each_other_is_read(
    order: int, tree: PushedTree, tmp_path: Path, read: list[str]
) -> None:
    damaged = tree.blob()
    right = sums(tree.root)
    flip_byte(damaged, 100)
    wrong = sums(tree.root)
    key = damaged.relative_to(tree.root).as_posix()
    rows = [*right.items(), (f"./{key}", wrong[key])][::order]
    told = run("repair-tree", tree.root, "--checksums", table(tmp_path / "sums.csv", rows))
    assert told.code == 4
    assert damaged.parent.name in read


def test_a_header_may_follow_blank_lines() -> None:
    lines = ["\n", "\r\n", "sha256,path\n", f"{'a' * 64},x\n"]
    assert list(read_checksums(lines)) == [("x", "a" * 64)]


@pytest.mark.parametrize("name", ["/dev/zero", "", "pipe"])
def test_what_is_no_regular_file_is_no_table(
    name: str, tree: PushedTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    result = run("repair-tree", tree.root, "--checksums", name)
    assert (result.code, "is not a regular file" in result.stderr) == (2, True)


def test_a_line_without_an_end_is_not_read_to_its_end(tree: PushedTree, tmp_path: Path) -> None:
    with (tmp_path / "zeros").open("wb") as stream:
        stream.truncate(1 << 40)
    result = run("repair-tree", tree.root, "--checksums", tmp_path / "zeros")
    assert (result.code, "a line is longer than" in result.stderr) == (2, True)
