"""Whole archives in a coding, or rewritten as text, give what the archive itself gives, or are named by their cause."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import damage
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import assert_tree_is_sound, run, scan
from tests.sources.archiving import PACKERS, contents, entries, files_of, tar_of

IMAGE = make_image(sample_layers("encoded archives", 60_000))
RECODED: tuple[Callable[[Path], object], ...] = (
    damage.lf_to_crlf,
    damage.bytes_to_utf8,
    lambda path: damage.bytes_to_utf8(path, "cp1252"),
)
ENCODED: tuple[Callable[[Path], object], ...] = (
    damage.in_base64,
    damage.in_hex,
    damage.percent_encoded,
    damage.in_chunks,
    damage.in_signed_chunks,
)


@pytest.fixture
def download(tmp_path: Path) -> dict[str, bytes]:
    write_artifactory_folder(IMAGE, tmp_path / "downloads" / "team" / "app" / "1.4")
    return files_of(tmp_path / "downloads")


@pytest.mark.parametrize("kind", ["plain.tar", "packed.tar.gz", "packed.tar.zst", "stored.zip", "deflated.zip"])
@pytest.mark.parametrize("change", [*RECODED, *ENCODED])
def test_an_image_is_written_from_it(
    change: Callable[[Path], object], kind: str, download: dict[str, bytes], tmp_path: Path
) -> None:
    archive = tmp_path / "in" / kind
    archive.parent.mkdir()
    archive.write_bytes(PACKERS[kind](download))
    change(archive)
    seen = scan(archive.parent)
    assert seen.code == 1
    assert seen.codes("error", "warning") == ["BF215" if change in RECODED else "BF214"]
    assert [finding["path"] for finding in seen.report["findings"] if finding["severity"] == "warning"] == [
        str(archive)
    ]
    assert run("to-registry-tree", archive.parent, "-o", tmp_path / "tree", "-q").code == 0
    assert_tree_is_sound(tmp_path / "tree", IMAGE.manifest_digest)


def test_one_that_says_so_in_its_name_is_looked_at(download: dict[str, bytes], tmp_path: Path) -> None:
    archive = tmp_path / "in" / "download.tar.b64"
    archive.parent.mkdir()
    archive.write_bytes(tar_of(download))
    damage.in_base64(archive)
    assert scan(archive.parent).code == 1


@pytest.mark.parametrize("kind", ["plain.tar", "packed.tar.gz"])
def test_lost_bytes_are_named(kind: str, download: dict[str, bytes], tmp_path: Path) -> None:
    archive = tmp_path / "in" / kind
    archive.parent.mkdir()
    archive.write_bytes(PACKERS[kind](download))
    damage.utf8_with_replacements(archive)
    seen = scan(archive.parent)
    assert seen.code == 4
    assert "EF BF BD" in seen.report["unread"][0]["reason"]


@given(
    texts=st.lists(st.sampled_from(["a\r\nb\r\n", "Grüße\r\n", "\ufffd", "\n", "eyJ\r\n", "10\r\nab"]), max_size=4),
    packed=st.booleans(),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_archive_of_texts_is_read_as_it_is(texts: list[str], packed: bool, tmp_path: Path) -> None:
    files = {f"{number}.txt": text.encode() for number, text in enumerate(texts)}
    files["team/app/1.4/manifest.json"] = IMAGE.manifest
    content = tar_of(files)
    archive = tmp_path / "texts.tar"
    archive.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    assert sorted(contents(entries(archive)).values()) == sorted(files.values())


def test_only_a_broken_archive_is_taken_for_rewritten(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(IMAGE.manifest)
        archive.addfile(entry, io.BytesIO(IMAGE.manifest))
    whole = tmp_path / "download.tar"
    whole.write_bytes(buffer.getvalue())
    damage.append(whole, b"\r\n")
    assert contents(entries(whole)) == {"manifest.json": IMAGE.manifest}
