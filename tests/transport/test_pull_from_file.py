"""``pull --from-file``: many images, one after the other."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.blobfix import Result
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image
from tests.in_process import run
from tests.transport.faulty_server import FaultyServer
from tests.transport.remote_images import expected_files, files_below, offer

NAMES = ("team/one", "team/two", "other/three")


@pytest.fixture(scope="module")
def images() -> dict[str, GeneratedImage]:
    return {name: make_image(sample_layers(name, 4000)) for name in NAMES}


@pytest.fixture
def offered(server: FaultyServer, images: dict[str, GeneratedImage]) -> FaultyServer:
    for name, image in images.items():
        offer(server, image, name)
    return server


def pull(tmp_path: Path, lines: list[str], *options: str) -> Result:
    listed = tmp_path / "my images.txt"
    listed.write_text("\n".join(lines) + "\n")
    return run("pull", "--from-file", listed, "-o", tmp_path / "out", *options)


def all_files(images: dict[str, GeneratedImage], *names: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name in names:
        files |= expected_files(images[name], f"{name}/1.4")
    return files


def test_each_is_saved_under_its_own_name(
    offered: FaultyServer, images: dict[str, GeneratedImage], tmp_path: Path
) -> None:
    lines = ["# our images", "", *(f"  {offered.host}/{name}:1.4 " for name in NAMES), f"{offered.host}/{NAMES[0]}:1.4"]
    done = pull(tmp_path, lines)
    assert done.code == 0, done.output
    assert files_below(tmp_path / "out") == all_files(images, *NAMES)
    assert len(offered.requests("/v2/team/one/manifests/1.4")) == 1


def test_one_that_is_lost_keeps_no_other_from_it(
    offered: FaultyServer, images: dict[str, GeneratedImage], tmp_path: Path
) -> None:
    del offered.resources["/v2/team/two/manifests/1.4"]
    lines = [f"{offered.host}/{name}:1.4" for name in NAMES]
    done = pull(tmp_path, lines)
    assert done.code == 5
    assert files_below(tmp_path / "out") == all_files(images, "team/one", "other/three")
    assert "1 of 3 images could not be downloaded" in done.output
    offer(offered, images["team/two"], "team/two")
    asked = len(offered.requests(f"/v2/team/one/blobs/{images['team/one'].layer_digests[0]}"))
    assert pull(tmp_path, lines).code == 0
    assert files_below(tmp_path / "out") == all_files(images, *NAMES)
    assert len(offered.requests(f"/v2/team/one/blobs/{images['team/one'].layer_digests[0]}")) == asked


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["127.0.0.1:1/team/app:1.4", "127.0.0.1:1/team/app:not a tag"], "line 2"),
        (["127.0.0.1:1/team/app:1.4", "localhost:2/team/app:1.4"], "same folder"),
        (["# nothing"], "no reference in it"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused_before_anything_is_asked(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    done = pull(tmp_path, lines)
    assert (done.code, said in done.output) == (2, True), done.output
    assert not (tmp_path / "out").exists()


def test_what_is_no_list(tmp_path: Path) -> None:
    assert run("pull", "--from-file", tmp_path, "-o", tmp_path / "out").code == 5
    assert run("pull", "--from-file", tmp_path / "none", "-o", tmp_path / "out").code == 2
    assert run("pull", "-o", tmp_path / "out").code == 2
    assert run("pull", "host/app:1", "--from-file", tmp_path / "none", "-o", tmp_path / "out").code == 2


def test_a_pipe_will_do(offered: FaultyServer, images: dict[str, GeneratedImage], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(f"{offered.host}/team/one:1.4\n",))
    writer.start()
    assert run("pull", "--from-file", pipe, "-o", tmp_path / "out").code == 0
    writer.join()
    assert files_below(tmp_path / "out") == all_files(images, "team/one")
