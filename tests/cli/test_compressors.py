"""blobfix compressors names the program that wrote a gzip file."""

import gzip
import zlib
from pathlib import Path

from tests.blobfix import blobfix

EMPTY_LAYER = bytes.fromhex("1f8b08000000000000ff621805a360148c5800080000ffff2eafb5ef00040000")


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


def test_a_file_of_another_kind_or_cut_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no gzip")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(bytes(5000))[:-4])
    for name in ("text", "cut.gz", "missing"):
        result = blobfix("compressors", tmp_path / name)
        assert (result.code, result.text) == (5, "")
        assert name in result.stderr
