"""What could not be read is never as good as what isn't there."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.blobfix import blobfix
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run, scan
from tests.sources.archiving import files_of, tar_of, zip_of

WHOLE = make_image(sample_layers("whole", 4000))
OTHER = make_image(sample_layers("other", 4000))


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """A folder with one whole image."""
    write_artifactory_folder(WHOLE, tmp_path / "downloads" / "team" / "app" / "1")
    return tmp_path / "downloads"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of another image."""
    folder = tmp_path_factory.mktemp("other")
    write_artifactory_folder(OTHER, folder / "team" / "other" / "2")
    return files_of(folder)


def locked(content: bytes) -> bytes:
    """A zip whose members are all marked as encrypted (APPNOTE 4.4.4, bit 0)."""
    changed = bytearray(content)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(magic)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(magic, at + 1)
    return bytes(changed)


def cut(content: bytes) -> bytes:
    """The first two thirds."""
    return content[: len(content.rstrip(b"\0")) * 2 // 3]


ARCHIVES = {
    "cut.tar": lambda files: cut(tar_of(files)),
    "cut.tar.gz": lambda files: cut(gzip.compress(tar_of(files))),
    "cut.tar.zst": lambda files: cut(zstandard.compress(tar_of(files))),
    "cut.zip": lambda files: cut(zip_of(files)),
    "locked.zip": lambda files: locked(zip_of(files, zipfile.ZIP_STORED)),
}


@pytest.mark.parametrize("name", ARCHIVES)
class TestBesideAWholeImage:
    @pytest.fixture
    def archive(self, name: str, downloads: Path, other: dict[str, bytes]) -> Path:
        path = downloads / name
        path.write_bytes(ARCHIVES[name](other))
        return path

    def test_the_report_names_it_in_its_first_line(self, archive: Path, downloads: Path) -> None:
        shown = blobfix("scan", downloads)
        first = shown.text.splitlines()[0]
        assert shown.code == 4
        assert archive.name in first
        assert "intact" not in first
        assert "nothing is lost" not in first.lower()
        assert blobfix("scan", "-q", downloads).text.strip() == first

    def test_the_json_report_lists_it(self, archive: Path, downloads: Path) -> None:
        seen = scan(downloads)
        assert [one["path"] for one in seen.report["unread"]] == [str(archive)]
        assert seen.report["summary"]["unread"] == 1
        assert "BF110" in seen.codes("error")

    def test_what_is_whole_is_written(self, archive: Path, downloads: Path, tmp_path: Path) -> None:
        outcome = run("to-docker-tar", downloads, "--select", str(WHOLE.manifest_digest), "-o", tmp_path / "one.tar")
        assert outcome.code == 0, outcome.output
        outcome = run("to-docker-tar", downloads, "-o", tmp_path / "all.tar")
        assert outcome.code == 4
        assert archive.name in outcome.output
        with tarfile.open(tmp_path / "all.tar") as opened:
            entries = json.load(opened.extractfile("manifest.json") or io.BytesIO())
        assert f"blobs/sha256/{WHOLE.image_id.hex}" in [entry["Config"] for entry in entries]


class TestWhatMatters:
    photos = locked(zip_of({"photos/beach.jpg": b"\xff\xd8\xff" * 50}, zipfile.ZIP_STORED))

    def test_a_stray_locked_zip_is_a_warning(self, downloads: Path) -> None:
        (downloads / "photos.zip").write_bytes(self.photos)
        seen = scan(downloads)
        assert seen.code == 0
        assert "BF110" in seen.codes("warning")
        assert seen.report["unread"]
        assert "photos.zip" in blobfix("scan", "-q", downloads).text

    def test_the_same_zip_is_an_error_when_something_is_missing(self, downloads: Path) -> None:
        (downloads / "photos.zip").write_bytes(self.photos)
        next(path for path in downloads.rglob("sha256__*")).unlink()
        assert "BF110" in scan(downloads).codes("error")

    def test_and_when_it_was_named(self, downloads: Path) -> None:
        archive = downloads / "photos.zip"
        archive.write_bytes(self.photos)
        seen = scan(downloads, archive)
        assert seen.code == 4
        assert "BF110" in seen.codes("error")

    def test_an_input_of_which_nothing_could_be_read_is_not_called_empty(self, tmp_path: Path) -> None:
        archive = tmp_path / "image.7z"
        archive.write_bytes(b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64))
        assert scan(archive).code == 4
        refused = blobfix("to-docker-tar", archive, "-o", tmp_path / "x.tar")
        assert refused.code == 4
        assert "7-Zip" in refused.stderr

    def test_an_unreadable_manifest_never_counts_as_missing(
        self, downloads: Path, other: dict[str, bytes], tmp_path: Path, powerless: list[str]
    ) -> None:
        (downloads / "other.tar").write_bytes(tar_of(other))
        (downloads / "team" / "app" / "1" / "manifest.json").chmod(0)
        result = blobfix("to-docker-tar", downloads, "-o", tmp_path / "image.tar", prefix=powerless)
        assert result.code == 4
        assert "manifest.json" in result.stderr


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_cut_archive_is_never_called_whole(data: st.DataObject, other: dict[str, bytes], tmp_path: Path) -> None:
    packed = data.draw(st.sampled_from([tar_of(other), gzip.compress(tar_of(other)), zip_of(other)]))
    # The end of a tar is blocks of zeros, which nobody misses; so is that of a gzip file, a sum over what is proven.
    last = max(len(packed.rstrip(b"\0")) - 12, 1)
    archive = tmp_path / "image.tar"
    archive.write_bytes(packed[: data.draw(st.integers(0, last))])
    seen = scan(archive)
    assert seen.code in (3, 4), seen.report
    assert all(image["status"] == "incomplete" for image in seen.report["images"]) or seen.report["unread"]
