"""Downloads that real programs have spoiled: a browser, curl, wget, and nginx as server and as proxy."""

from __future__ import annotations

import gzip
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.blobfix import scan
from tests.conftest import need
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import assert_tar_is_sound, run
from tests.programs.browser import Browser
from tests.programs.command import find
from tests.programs.command import run as run_program
from tests.programs.spoiling_nginx import Nginx

IMAGE = make_image(sample_layers("real mishaps", 300_000))
LAYER = IMAGE.layer_digests[0]
CONTENT = IMAGE.layers[0]


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """A server that has every file of the image, and each once more as ``NAME.gz`` to be unpacked on the way."""
    files = write_artifactory_folder(IMAGE, tmp_path_factory.mktemp("served"))
    for path in list(files.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(path.read_bytes())
    server = need(lambda: Nginx(files))
    with server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with need(Browser) as running:
        yield running


@pytest.fixture
def curl() -> list[str]:
    """The command, quiet, and asking no proxy for what is on this machine."""
    return [need(lambda: find("curl", "curl")), "-s", "--noproxy", "*"]


@pytest.fixture
def wget() -> list[str]:
    """The same for wget."""
    return [need(lambda: find("wget", "wget")), "-q", "--no-proxy"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The download without its lowest layer, which a test fetches."""
    place = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
    (place / LAYER.file_name).unlink()
    return place


def finding(report: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = [one for one in report["findings"] if one["severity"] != "info"]
    assert found["code"] == code, found
    value: dict[str, Any] = found
    return value


def assert_docker_tar(folder: Path, tmp_path: Path) -> None:
    """A docker tar can be written with no option, and has the original image id."""
    outcome = run("to-docker-tar", folder, "-o", tmp_path / "image.tar")
    assert outcome.code == 0, outcome.output
    assert_tar_is_sound(tmp_path / "image.tar", IMAGE.image_id)


class TestBrowser:
    def test_saves_a_blob_as_it_is_when_the_server_is_right(self, nginx: Nginx, browser: Browser, folder: Path) -> None:
        saved = browser.download(f"{nginx.url}/plain/{LAYER.file_name}", folder)
        assert saved.read_bytes() == CONTENT
        assert scan(folder, code=0)["images"][0]["status"] == "intact"

    @pytest.mark.parametrize("way", ["encoded", "gunzip"])
    def test_unpacks_what_is_said_to_be_encoded(
        self, nginx: Nginx, browser: Browser, folder: Path, way: str, tmp_path: Path
    ) -> None:
        saved = browser.download(f"{nginx.url}/{way}/{LAYER.file_name}", folder)
        assert saved.read_bytes() == IMAGE.diffs[0]
        found = finding(scan(folder, code=1), "BF206")
        assert (found["certainty"], found["fix"]["safety"]) == ("proven", "safe")
        assert_docker_tar(folder, tmp_path)


class TestCurl:
    def test_with_the_headers_in_front(self, nginx: Nginx, curl: list[str], folder: Path, tmp_path: Path) -> None:
        target = folder / LAYER.file_name
        run_program([*curl, "-i", "-o", str(target), f"{nginx.url}/plain/{LAYER.file_name}"])
        assert target.read_bytes().startswith(b"HTTP/1.1 200 OK\r\n")
        assert "HTTP/1.1 200 OK" in finding(scan(folder, code=1), "BF205")["message"]
        assert_docker_tar(folder, tmp_path)

    def test_without_accepting_gzip_gets_it_unpacked(
        self, nginx: Nginx, curl: list[str], folder: Path, tmp_path: Path
    ) -> None:
        run_program([*curl, "-o", str(folder / LAYER.file_name), f"{nginx.url}/gunzip/{LAYER.file_name}"])
        finding(scan(folder, code=1), "BF206")
        assert_docker_tar(folder, tmp_path)

    def test_accepting_gzip_gets_it_packed_again(
        self, nginx: Nginx, curl: list[str], folder: Path, tmp_path: Path
    ) -> None:
        target = folder / LAYER.file_name
        url = f"{nginx.url}/gzip/{LAYER.file_name}"
        run_program([*curl, "-H", "Accept-Encoding: gzip", "-o", str(target), url])
        assert gzip.decompress(target.read_bytes()) == CONTENT
        finding(scan(folder, code=1), "BF207")
        assert_docker_tar(folder, tmp_path)

    def test_killed_on_the_way(self, nginx: Nginx, curl: list[str], folder: Path) -> None:
        target = folder / LAYER.file_name
        process = subprocess.Popen([*curl, "-N", "-o", str(target), f"{nginx.url}/slow/{LAYER.file_name}"])
        deadline = time.monotonic() + 60
        while not (target.exists() and target.stat().st_size > 1000):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.wait()
        have = target.stat().st_size
        assert 1000 < have < len(CONTENT)
        report = scan(folder, code=4)
        assert finding(report, "BF201")["certainty"] == "inferred"
        (download,) = report["downloads"]
        assert (download["digest"], download["have"]) == (str(LAYER), have)

        # What the report advises: curl goes on where it ended.
        run_program([*curl, "-C", "-", "-o", str(target), f"{nginx.url}/plain/{LAYER.file_name}"])
        assert scan(folder, code=0)["images"][0]["status"] == "intact"

    @pytest.mark.parametrize(
        ("address", "options", "message"), [("forbidden", [], "Forbidden by policy"), ("expired", ["-L"], "Sign in")]
    )
    def test_saves_what_the_server_says_instead(
        self, nginx: Nginx, curl: list[str], folder: Path, address: str, options: list[str], message: str
    ) -> None:
        url = f"{nginx.url}/{address}/{LAYER.file_name}"
        run_program([*curl, *options, "-o", str(folder / LAYER.file_name), url])
        assert message in finding(scan(folder, code=4), "BF107")["message"]

    def test_without_following_saves_the_word_that_it_moved(self, nginx: Nginx, curl: list[str], folder: Path) -> None:
        run_program([*curl, "-o", str(folder / LAYER.file_name), f"{nginx.url}/expired/{LAYER.file_name}"])
        assert "302 Found" in finding(scan(folder, code=4), "BF107")["message"]

    def test_twice_into_one_file(self, nginx: Nginx, curl: list[str], folder: Path, tmp_path: Path) -> None:
        """A loop that appends: the whole blob, and a part of it once more."""
        url = f"{nginx.url}/plain/{LAYER.file_name}"
        with (folder / LAYER.file_name).open("wb") as target:
            subprocess.run([*curl, url], stdout=target, check=True)
            subprocess.run([*curl, "-r", "0-999", url], stdout=target, check=True)
        finding(scan(folder, code=1), "BF204")
        assert_docker_tar(folder, tmp_path)

    def test_in_ranges_into_many_files(self, nginx: Nginx, curl: list[str], folder: Path, tmp_path: Path) -> None:
        step = len(CONTENT) // 12 + 1
        for number, start in enumerate(range(0, len(CONTENT), step)):
            piece = str(folder / f"{LAYER.file_name}.part{number}")
            url = f"{nginx.url}/plain/{LAYER.file_name}"
            run_program([*curl, "-r", f"{start}-{start + step - 1}", "-o", piece, url])
        finding(scan(folder, code=1), "BF213")
        assert_docker_tar(folder, tmp_path)


class TestWget:
    def test_a_second_time_under_another_name(
        self, nginx: Nginx, wget: list[str], folder: Path, tmp_path: Path
    ) -> None:
        address = [f"{nginx.url}/{way}/{LAYER.file_name}" for way in ("gunzip", "plain")]
        for url in address:
            run_program([*wget, "-P", str(folder), url])
        names = {path.name for path in folder.iterdir()}
        assert {LAYER.file_name, f"{LAYER.file_name}.1"} <= names
        report = scan(folder, code=0)
        assert report["images"][0]["status"] == "intact"
        assert_docker_tar(folder, tmp_path)

    def test_behind_a_server_that_packs(self, nginx: Nginx, wget: list[str], folder: Path, tmp_path: Path) -> None:
        url = f"{nginx.url}/gzip/{LAYER.file_name}"
        run_program([*wget, "--header=Accept-Encoding: gzip", "-P", str(folder), url])
        finding(scan(folder, code=1), "BF207")
        assert_docker_tar(folder, tmp_path)
