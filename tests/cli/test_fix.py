"""``blobfix fix``: the whole way, and nothing on it that a single step would refuse."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.damage import append, cut_at
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import Scan, run, scan
from tests.transport.faulty_server import Fault, FaultyServer, Seen
from tests.transport.remote_images import offer

LAYER = 0


@pytest.fixture(scope="module")
def image() -> GeneratedImage:
    return make_image(sample_layers("fixed", 20_000))


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


@pytest.fixture
def download(image: GeneratedImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the current one, whose path has a blank."""
    monkeypatch.chdir(tmp_path)
    write_artifactory_folder(image, Path("my downloads", "team", "app", "1.4"))
    return Path("my downloads")


def layer(download: Path, image: GeneratedImage) -> Path:
    return download / "team" / "app" / "1.4" / image.layer_digests[LAYER].file_name


def is_image(seen: Scan, image: GeneratedImage) -> bool:
    return seen.image["image_id"] == str(image.image_id) and seen.code == 0


def test_what_can_be_repaired_is_written_beside_the_input(download: Path, image: GeneratedImage) -> None:
    append(layer(download, image), b"trailing")
    done = run("fix", download, "--no-sync")
    assert done.code == 0, done.output
    assert is_image(scan("app-1.4.tar"), image)
    assert "read back" in done.output
    assert "docker load -i app-1.4.tar" in done.output


@pytest.mark.parametrize(("to", "place"), [("registry-tree", "registry"), ("oci-layout", "layout")])
def test_other_outputs(download: Path, image: GeneratedImage, to: str, place: str) -> None:
    assert run("fix", download, "--to", to, "--no-sync").code == 0
    seen = scan(place)
    assert is_image(seen, image)
    assert seen.image["manifest_digest"] == str(image.manifest_digest)


def test_what_is_missing_is_downloaded(download: Path, image: GeneratedImage, server: FaultyServer) -> None:
    offer(server, image)
    cut_at(layer(download, image), 500)
    done = run("fix", download, "--from", f"{server.host}/team/app:1.4", "-o", "out.tar", "--no-sync")
    assert done.code == 0, done.output
    assert is_image(scan("out.tar"), image)
    assert is_image(scan(download), image)


def test_what_nobody_has_is_refused_and_nothing_is_written(download: Path, image: GeneratedImage) -> None:
    cut_at(layer(download, image), 500)
    done = run("fix", download)
    assert done.code == 4
    assert [path.name for path in Path.cwd().iterdir()] == ["my downloads"]


def test_a_server_that_lacks_it_too(download: Path, image: GeneratedImage, server: FaultyServer) -> None:
    offer(server, image)
    del server.resources[f"/v2/team/app/blobs/{image.layer_digests[LAYER]}"]
    layer(download, image).unlink()
    done = run("fix", download, "--from", f"{server.host}/team/app:1.4", "-o", "out.tar")
    assert (done.code, Path("out.tar").exists()) == (4, False)
    assert str(image.layer_digests[LAYER])[:19] in done.output


def test_a_url_is_downloaded_first(
    image: GeneratedImage, server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    offer(server, image)
    done = run("fix", f"http://{server.host}/v2/team/app/manifests/1.4", "--no-sync")
    assert done.code == 0, done.output
    assert is_image(scan("app-1.4.tar"), image)


def test_what_makes_no_sense(download: Path) -> None:
    assert run("fix", download, "--to", "load", "-o", "x").code == 2
    assert run("fix", download, "-o", "-").code == 2
    assert run("fix", download / "none").code == 2


def test_what_is_beside_the_input_is_never_replaced(download: Path) -> None:
    Path("app-1.4.tar").write_bytes(b"somebody else's")
    assert run("fix", download, "--no-sync").code == 0
    assert Path("app-1.4.tar").read_bytes() == b"somebody else's"
    assert run("fix", download, "--no-sync").code == 0
    assert Path("app-1.4-2.tar").read_bytes() == Path("app-1.4-3.tar").read_bytes()


def test_the_table_of_names_is_no_output(download: Path) -> None:
    table = Path("names.tar")
    table.write_text("digest,name\n")
    assert run("fix", download, "--names", table, "-o", table).code == 2
    assert table.read_text() == "digest,name\n"


def answered(arguments: list[str | Path], answers: dict[str, str], folder: Path) -> tuple[int, str]:
    """Run the program on a terminal and answer each question once it is asked; its exit code, and what it said.

    A question must have the blank at its end: whatever is typed before that, a hidden answer's reader discards.
    """
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "importer", *map(str, arguments)]
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stderr=theirs, stdout=theirs, start_new_session=True)
    os.close(theirs)
    said, waiting = "", dict(answers)
    with suppress(OSError):  # how a terminal says that nobody is at its other end any more
        while block := os.read(ours, 4096):
            said += block.decode(errors="replace")
            for question, answer in tuple(waiting.items()):
                if question in said:
                    os.write(ours, f"{answer}\n".encode())
                    del waiting[question]
    os.close(ours)
    assert not waiting, said
    return process.wait(), said


def test_on_a_terminal_the_address_and_the_login_are_asked_for(
    download: Path, image: GeneratedImage, server: FaultyServer, tmp_path: Path
) -> None:
    offer(server, image)
    expected = "Basic " + base64.b64encode(b"jane:s3cret").decode()

    def login(seen: Seen) -> Fault | None:
        if seen.headers.get("authorization") == expected:
            return None
        return Fault(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    server.script = login
    cut_at(layer(download, image), 500)
    answers = {"(empty: none): ": f"{server.host}/team/app:1.4", "User name: ": "jane", "Password: ": "s3cret"}
    code, said = answered(["fix", Path("my downloads"), "-o", "out.tar", "--no-sync"], answers, tmp_path)
    assert code == 0, said
    assert "s3cret" not in said
    assert is_image(scan("out.tar"), image)
