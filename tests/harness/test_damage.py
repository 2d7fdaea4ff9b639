"""Each damage does what its name says, and nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import damage

BLOB = gzip.compress(bytes(range(256)) * 40, mtime=0)
NAME = "sha256__" + "ab" * 32
DOCUMENT = b'{\n   "a": 1,\n   "b": [\n      "\xc3\xa9"\n   ]\n}'


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(BLOB)
    return path


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    path.write_bytes(DOCUMENT)
    return path


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (lambda path: damage.cut_at(path, 100), BLOB[:100]),
        (damage.empty, b""),
        (lambda path: damage.zero_range(path, 50), BLOB[:50] + bytes(len(BLOB) - 50)),
        (lambda path: damage.zero_range(path, 50, 60), BLOB[:50] + bytes(10) + BLOB[60:]),
        (lambda path: damage.append(path, b"more"), BLOB + b"more"),
        (damage.prepend, damage.HTTP_HEADERS + BLOB),
        (damage.drop_gzip_trailer, BLOB[:-8]),
        (lambda path: damage.drop_gzip_trailer(path, 3), BLOB[:-3]),
        (damage.gunzip_in_place, gzip.decompress(BLOB)),
    ],
)
def test_the_content_changes_and_the_name_stays(blob: Path, happens: Callable[[Path], Path], expected: bytes) -> None:
    assert happens(blob) == blob
    assert blob.read_bytes() == expected


@pytest.mark.parametrize("offset", [0, 17, -1])
@pytest.mark.parametrize("mask", [0x01, 0xFF])
def test_flip_byte_changes_exactly_one_byte(blob: Path, offset: int, mask: int) -> None:
    damage.flip_byte(blob, offset, mask)
    changed = [number for number, pair in enumerate(zip(blob.read_bytes(), BLOB, strict=True)) if pair[0] != pair[1]]
    assert changed == [offset % len(BLOB)]


def test_what_would_change_nothing_is_refused(blob: Path) -> None:
    with pytest.raises(ValueError, match="nothing"):
        damage.flip_byte(blob, 0, 0)
    with pytest.raises(ValueError, match="8 bytes"):
        damage.drop_gzip_trailer(blob, 9)


@pytest.mark.parametrize(
    ("happens", "name"),
    [
        (damage.rename_by_browser, f"{NAME} (1)"),
        (damage.add_suffix, f"{NAME}.gz"),
        (damage.upper_case, NAME.upper()),
        (damage.hyphen_prefix, NAME.replace("__", "-")),
        (damage.no_prefix, "ab" * 32),
        (damage.partial_suffix, f"{NAME}.part"),
        (lambda path: damage.partial_suffix(path, ".crdownload"), f"{NAME}.crdownload"),
        (lambda path: damage.rename(path, "layer"), "layer"),
    ],
)
def test_the_name_changes_and_the_content_stays(blob: Path, happens: Callable[[Path], Path], name: str) -> None:
    moved = happens(blob)
    assert [path.name for path in moved.parent.iterdir()] == [moved.name] == [name]
    assert moved.read_bytes() == BLOB


def test_rename_never_overwrites(blob: Path) -> None:
    blob.with_name("other").touch()
    with pytest.raises(FileExistsError):
        damage.rename(blob, "other")


def test_swap(blob: Path, document: Path) -> None:
    damage.swap(blob, document)
    assert (blob.read_bytes(), document.read_bytes()) == (DOCUMENT, BLOB)


def test_marker_is_an_empty_file_beside_where_the_blob_was(blob: Path) -> None:
    left = damage.marker(blob)
    assert left.name == f"{NAME}.marker"
    assert left.read_bytes() == b""
    assert not blob.exists()


@pytest.mark.parametrize("count", [1, 3, 7])
def test_the_pieces_together_are_the_file(blob: Path, count: int) -> None:
    pieces = damage.split(blob, count)
    assert [piece.name for piece in pieces] == [f"{NAME}.{number:03d}" for number in range(1, count + 1)]
    assert b"".join(piece.read_bytes() for piece in pieces) == BLOB
    assert not blob.exists()


def test_gzip_again_keeps_the_blob_inside(blob: Path) -> None:
    assert gzip.decompress(damage.gzip_again(blob).read_bytes()) == BLOB


def test_error_pages(blob: Path) -> None:
    assert damage.replace_by_html_login_page(blob).read_bytes().startswith(b"<!DOCTYPE html>")
    assert damage.replace_by_html_login_page(blob, 5000).stat().st_size == 5000
    assert json.loads(damage.replace_by_artifactory_json_error(blob, "gone").read_bytes())["errors"] == [
        {"status": 404, "message": "gone"}
    ]
    assert b"<Code>AccessDenied</Code>" in damage.replace_by_s3_xml_error(blob).read_bytes()


def test_noise_has_the_old_size(blob: Path) -> None:
    damage.replace_by_noise(blob, seed=1)
    assert blob.stat().st_size == len(BLOB)
    assert blob.read_bytes() != BLOB


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (damage.crlf, DOCUMENT.replace(b"\n", b"\r\n")),
        (damage.bom, b"\xef\xbb\xbf" + DOCUMENT),
        (damage.utf16, b"\xff\xfe" + DOCUMENT.decode().encode("utf-16-le")),
        (lambda path: damage.utf16(path, "be"), b"\xfe\xff" + DOCUMENT.decode().encode("utf-16-be")),
        (lambda path: damage.utf16(path, mark=False), DOCUMENT.decode().encode("utf-16-le")),
        (damage.add_newline, DOCUMENT + b"\n"),
        (damage.reindent, DOCUMENT.replace(b"   ", b"  ")),
        (damage.compact, '{"a":1,"b":["é"]}'.encode()),
    ],
)
def test_text_is_mangled(document: Path, happens: Callable[[Path], Path], expected: bytes) -> None:
    assert happens(document).read_bytes() == expected


def test_a_hard_link_elsewhere_keeps_the_old_content(blob: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.hardlink_to(blob)
    damage.cut_at(blob, 10)
    assert other.read_bytes() == BLOB
