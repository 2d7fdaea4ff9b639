"""scan() and open_blob(): the command's report as values, and blobs that are never wrong."""

from __future__ import annotations

import json
import os
import pickle
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import blobfix
from tests import damage
from tests.api.downloads import download, layer_file
from tests.blobfix import HOME, environment
from tests.blobfix import blobfix as command
from tests.images.generated import make_image, write_artifactory_folder

DAMAGES = sorted((HOME / "fixtures" / "damages").iterdir())


@pytest.mark.parametrize(
    "folder", [*DAMAGES[::6], HOME / "fixtures" / "lost" / "downloads"], ids=lambda path: path.name
)
def test_the_report_is_that_of_the_command(folder: Path) -> None:
    shown = command("scan", "--format", "json", folder)
    report = blobfix.scan(folder)
    assert report.to_json().encode() == shown.stdout
    assert report.exit_code == shown.code
    assert [image.status for image in report.images] == [image["status"] for image in shown.json["images"]]
    assert [dict(image.outputs) for image in report.images] == [image["outputs"] for image in shown.json["images"]]
    assert [finding.message for finding in report.findings] == [each["message"] for each in shown.json["findings"]]
    assert [each.digest for each in report.downloads] == [each["digest"] for each in shown.json["downloads"]]
    assert [each.path for each in report.unread] == [each["path"] for each in shown.json["unread"]]


def test_what_is_lent_and_what_is_known_count_as_in_the_command(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    lent = tmp_path / "lent"
    lent.mkdir()
    layer_file(folder, image, 1).rename(lent / "a layer")
    digest = str(image.manifest_digest)
    shown = command("scan", "--format", "json", folder, "--borrow", lent, "--digest", digest)
    report = blobfix.scan(os.fspath(folder), borrow=[os.fspath(lent)], digests=[digest])
    assert report.to_json().encode() == shown.stdout
    assert report.images[0].proof == "proven"


def test_without_a_path_the_current_folder_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, image = download(tmp_path)
    monkeypatch.chdir(folder)
    report = blobfix.scan()
    assert json.loads(report.to_json())["inputs"] == ["."]
    assert report.images[0].manifest_digest == str(image.manifest_digest)


def test_two_reports_of_the_same_are_equal(tmp_path: Path) -> None:
    folder, _ = download(tmp_path)
    first, second = blobfix.scan(folder), blobfix.scan(folder)
    assert first == second
    assert hash(first.images[0]) == hash(second.images[0])


def test_a_report_can_be_kept_and_written_from_later(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    report = blobfix.scan(folder)
    kept: blobfix.Report = pickle.loads(pickle.dumps(report))
    assert kept == report
    assert kept.to_json() == report.to_json()
    written = blobfix.write(kept.images[0], blobfix.DockerTar(tmp_path / "image.tar"))
    assert written.image_id == str(image.image_id)


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(blobfix.errors.UsageError, match="no such file or folder"):
        blobfix.scan(tmp_path / "nowhere")
    with pytest.raises(blobfix.errors.UsageError, match="no such file or folder"):
        blobfix.scan(tmp_path, borrow=[tmp_path / "nowhere"])


def test_a_text_that_is_no_digest_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(blobfix.errors.UsageError):
        blobfix.scan(tmp_path, digests=["latest"])


def test_it_prints_nothing_and_leaves_signals_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder, image = download(tmp_path)
    damage.flip_byte(layer_file(folder, image, 1), 200)
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    before = threading.active_count()
    report = blobfix.scan(folder)
    assert report.exit_code == 4
    assert capfd.readouterr() == ("", "")
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert threading.active_count() == before


class Counting:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.activities: list[str] = []
        self.size = 0

    def start(self, activity: str, total: int) -> None:
        self.activities.append(activity)

    def advance(self, size: int) -> None:
        self.size += size

    def stop(self) -> None:
        pass


class TooSlowError(Exception):
    """A program's own."""


class Impatient(Counting):
    """Stops the work."""

    def advance(self, size: int) -> None:
        raise TooSlowError


def test_progress_is_told_of_every_byte(tmp_path: Path) -> None:
    folder, _ = download(tmp_path)
    progress = Counting()
    blobfix.scan(folder, progress=progress)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert progress.activities[0] == "Reading"
    assert progress.size >= size


def test_an_error_of_the_observer_stops_the_work_and_comes_out(tmp_path: Path) -> None:
    folder, _ = download(tmp_path)
    with pytest.raises(TooSlowError):
        blobfix.scan(folder, progress=Impatient())


@pytest.mark.parametrize("place", ["beside", "within", "below"])
def test_the_next_commands_work_as_they_stand(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = download(tmp_path / "the user's")
    here = {"beside": tmp_path, "within": folder, "below": folder / "team"}[place]
    (tmp_path / "image.tar").write_bytes(b"mine")
    monkeypatch.chdir(here)
    steps = blobfix.scan(os.path.relpath(folder)).next
    assert [shlex.split(step.command)[1] for step in steps] == ["to-docker-tar", "to-registry-tree", "to-oci-layout"]
    for step in steps:
        words = step.command.replace("blobfix", f"{shlex.quote(sys.executable)} -m importer", 1)
        subprocess.run(["/bin/sh", "-c", words], check=True, env=environment(), capture_output=True, timeout=60)
        assert Path(shlex.split(step.command)[-1]).exists()
    assert (tmp_path / "image.tar").read_bytes() == b"mine"


def test_no_command_is_named_that_would_write_nothing(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    layer_file(folder, image, 0).unlink()
    assert " to-" not in str(blobfix.scan(folder).next)
    nameless = tmp_path / "nameless"
    write_artifactory_folder(make_image([{"a": b"a"}]), nameless)
    assert "to-registry-tree" in str(blobfix.scan(nameless).next)
    assert "--name-template" in str(blobfix.scan(nameless).next)


def test_a_blob_is_read_whatever_its_file_is_called(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    damage.append(damage.rename(layer_file(folder, image, 1), "something (1).bin"), b"more")
    report = blobfix.scan(folder)
    with blobfix.open_blob(report, str(image.layer_digests[1])) as stream:
        assert stream.read(3) == image.layers[1][:3]
        assert stream.read() == image.layers[1][3:]
    assert stream.closed


def test_the_content_of_a_layer_is_read_by_its_diff_id(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    (folder / "team" / "app" / "1.4" / "manifest.json").unlink()
    damage.gunzip_in_place(layer_file(folder, image, 1))
    with blobfix.open_blob(blobfix.scan(folder), str(image.diff_ids[1])) as stream:
        assert stream.read() == image.diffs[1]


def test_a_blob_that_changed_since_raises_instead_of_ending(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    report = blobfix.scan(folder)
    damage.flip_byte(layer_file(folder, image, 1), 200)
    with (
        blobfix.open_blob(report, str(image.layer_digests[1])) as stream,
        pytest.raises(blobfix.errors.VerificationError, match="has changed"),
    ):
        stream.read()


def test_a_blob_whose_file_is_gone_is_an_error_of_the_input(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    report = blobfix.scan(folder)
    layer_file(folder, image, 1).unlink()
    with blobfix.open_blob(report, str(image.layer_digests[1])) as stream, pytest.raises(blobfix.errors.InputError):
        stream.read()


def test_a_blob_that_is_lost_can_not_be_opened(tmp_path: Path) -> None:
    folder, image = download(tmp_path)
    damage.flip_byte(layer_file(folder, image, 1), 200)
    report = blobfix.scan(folder)
    with pytest.raises(blobfix.errors.InputError, match="beyond repair"):
        blobfix.open_blob(report, str(image.layer_digests[1]))
    with pytest.raises(blobfix.errors.UsageError):
        blobfix.open_blob(report, "layer 1")


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"])
def test_a_path_that_no_system_has_is_wrong_usage(path: str) -> None:
    with pytest.raises(blobfix.errors.UsageError):
        blobfix.scan(path)
    with pytest.raises(blobfix.errors.UsageError):
        blobfix.scan(borrow=[path])


def test_one_path_alone_is_no_list_of_letters(tmp_path: Path) -> None:
    with pytest.raises(blobfix.errors.UsageError, match="must be a list"):
        blobfix.scan(tmp_path, borrow="downloads")
    with pytest.raises(blobfix.errors.UsageError, match="must be a list"):
        blobfix.scan(tmp_path, digests=f"sha256:{'0' * 64}")
    with pytest.raises(blobfix.errors.UsageError, match="must be a list"):
        blobfix.check_tree(tmp_path, blobs="downloads")
