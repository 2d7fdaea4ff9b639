"""blobfix compressors names the program that wrote a gzip file."""

import gzip
import os
import zlib
from pathlib import Path

import pytest

from importer.recompression import is_original_zlib
from tests.blobfix import blobfix

EMPTY_LAYER = bytes.fromhex("1f8b08000000000000ff621805a360148c5800080000ffff2eafb5ef00040000")
LINES = b"".join(b"line %d\n" % (number * number) for number in range(50_000))


def test_names_go_for_dockers_empty_layer(tmp_path: Path) -> None:
    (tmp_path / "layer").write_bytes(EMPTY_LAYER)
    result = blobfix("compressors", tmp_path / "layer")
    assert result.code == 0
    assert "Go" in result.text
    assert "docker push" in result.text


def test_says_when_nobody_known_wrote_it(tmp_path: Path) -> None:
    odd = zlib.compressobj(6, zlib.DEFLATED, 31, 1)
    (tmp_path / "odd.gz").write_bytes(odd.compress(bytes(range(256)) * 500) + odd.flush())
    assert "No known compressor" in blobfix("compressors", tmp_path / "odd.gz").text


def test_json_names_the_same_compressors(tmp_path: Path) -> None:
    (tmp_path / "layer").write_bytes(EMPTY_LAYER)
    said = blobfix("compressors", tmp_path / "layer").text
    answer = blobfix("compressors", "--format", "json", tmp_path / "layer").json
    assert answer["single"]
    assert answer["known_header"]
    assert "docker push" in answer["compressors"][0]["used_by"]
    assert [line for line in said.splitlines() if line.startswith(answer["compressors"][0]["name"])]


def test_json_says_when_nobody_known_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "two.gz").write_bytes(gzip.compress(b"one") + gzip.compress(b"two"))
    answer = blobfix("compressors", "--format", "json", tmp_path / "two.gz").json
    assert answer == {"single": False, "known_header": False, "compressors": []}


def test_a_file_of_another_kind_or_cut_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no gzip")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(bytes(5000))[:-4])
    for name in ("text", "cut.gz", "missing"):
        result = blobfix("compressors", tmp_path / name)
        assert (result.code, result.text) == (5, "")
        assert name in result.stderr


needs_zlib = pytest.mark.skipif(not is_original_zlib(), reason="this Python's zlib is not the original one")


@needs_zlib
def test_names_a_compressor_that_no_program_is_known_to_use(tmp_path: Path) -> None:
    (tmp_path / "three.gz").write_bytes(gzip.compress(LINES, 3, mtime=0))
    assert blobfix("compressors", tmp_path / "three.gz").text.splitlines()[0] == "zlib, level 3"


@needs_zlib
def test_says_that_a_header_is_unusual(tmp_path: Path) -> None:
    (tmp_path / "dated.gz").write_bytes(gzip.compress(LINES, 6, mtime=1_700_000_000))
    usual = gzip.compress(LINES, 6, mtime=0)
    (tmp_path / "usual.gz").write_bytes(usual)
    assert "header" in blobfix("compressors", tmp_path / "dated.gz").text
    assert "header" not in blobfix("compressors", tmp_path / "usual.gz").text


def damaged_in(part: int) -> bytes:
    """By a compressor that nobody knows, so that nothing but the checksum tells."""
    odd = zlib.compressobj(6, zlib.DEFLATED, 31, 1)
    whole = bytearray(odd.compress(LINES) + odd.flush())
    whole[part] ^= 1
    return bytes(whole)


def test_a_damaged_file_is_an_error_even_if_no_compressor_fits(tmp_path: Path) -> None:
    for name, content in (("checksum", damaged_in(-8)), ("cut", damaged_in(0)[:-20])):
        (tmp_path / name).write_bytes(b"\x1f" + content[1:])
        result = blobfix("compressors", tmp_path / name)
        assert (result.code, result.text) == (5, "")
        assert "not a complete gzip file" in result.stderr


def test_a_pipe_is_refused_with_advice(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = blobfix("compressors", tmp_path / "pipe")
    assert (result.code, result.text) == (5, "")
    assert "save it to a file" in result.stderr
