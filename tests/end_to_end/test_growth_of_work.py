"""Thousands of files, blobs and images: the work grows with their number, not with its square.

What is counted is calls of functions, which no other program on the machine can disturb.
"""

from __future__ import annotations

import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests.images.generated import (
    GeneratedImage,
    make_image,
    make_index,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.in_process import run
from tests.sources.archiving import tar_of

pytestmark = pytest.mark.slow

Writer = Callable[[Path, int], object]

_MOST_GROWTH = 2.6
"""Twice as much more work for twice as many more things is what's right; their square would be four times."""


@contextmanager
def counted_calls() -> Iterator[Callable[[], int]]:
    """Count the calls of functions in all threads, the steps of generators too."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        yield lambda: calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def layered(count: int) -> GeneratedImage:
    return make_image([{f"file{number}": b"%d" % number} for number in range(count)])


def missing_layers(folder: Path, count: int) -> None:
    image = layered(count)
    (folder / "manifest.json").write_bytes(image.manifest)
    (folder / image.image_id.file_name).write_bytes(image.config)


def layers_cut_short(folder: Path, count: int) -> None:
    missing_layers(folder, count)
    image = layered(count)
    for digest, content in image.blobs.items():
        if digest != image.image_id:
            (folder / digest.file_name).write_bytes(content[:-20])


def layers_beside_strangers(folder: Path, count: int) -> None:
    missing_layers(folder, count)
    for number in range(count):
        (folder / f"stranger{number}.bin").write_bytes(b"\x01\x02 of no use %d" % number * 20)


def layers_beside_nameless_downloads(folder: Path, count: int) -> None:
    missing_layers(folder, count)
    for number, content in enumerate(layered(count).layers):
        (folder / f"download{number}.gz").write_bytes(content[:-20])


def layers_beside_other_texts(folder: Path, count: int) -> None:
    missing_layers(folder, count)
    for number in range(count):
        (folder / f"text{number}.json").write_bytes(b'{"number": %d}' % number)


def empty_layers_and_markers(folder: Path, count: int) -> None:
    missing_layers(folder, count)
    for number, digest in enumerate(layered(count).layer_digests):
        (folder / f"{digest.file_name}{'.marker' if number % 2 else ''}").write_bytes(b"")


def whole_layers(folder: Path, count: int) -> None:
    write_artifactory_folder(layered(count), folder)


def platforms(count: int) -> list[GeneratedImage]:
    return [make_image([{"file": b"content"}], architecture=f"cpu{number}") for number in range(count)]


def missing_platforms(folder: Path, count: int) -> None:
    (folder / "list.manifest.json").write_bytes(make_index(platforms(count)).manifest)


def missing_platforms_beside_other_images(folder: Path, count: int) -> None:
    missing_platforms(folder, count)
    images(folder, count)


def present_platforms(folder: Path, count: int) -> None:
    write_artifactory_index(make_index(platforms(count)), folder / "image" / "1.0")


def images(folder: Path, count: int) -> None:
    for number in range(count):
        image = make_image([{"file": b"content"}], settings={"Env": [f"NUMBER={number}"]})
        write_artifactory_folder(image, folder / "image" / str(number))


def images_with_sidecars(folder: Path, count: int) -> None:
    images(folder, count)
    for manifest in [*folder.rglob("manifest.json")]:
        digest = Digest.of(manifest.read_bytes())
        manifest.with_name("manifest.json.sha256").write_text(digest.hex)


def with_strangers(count: int) -> dict[str, bytes]:
    image = layered(1)
    files = {digest.file_name: content for digest, content in image.blobs.items()} | {"manifest.json": image.manifest}
    return files | {f"folder{number % 10}/file{number}": b"content %d" % number for number in range(count)}


def members_of_a_zip(folder: Path, count: int) -> None:
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        for name, content in with_strangers(count).items():
            archive.writestr(name, content)


def members_of_a_tar(folder: Path, count: int) -> None:
    (folder / "download.tar").write_bytes(tar_of(with_strangers(count)))


def files_of_a_folder(folder: Path, count: int) -> None:
    for name, content in with_strangers(count).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


CASES: tuple[tuple[Writer, int], ...] = (
    (missing_layers, 500),
    (layers_cut_short, 100),
    (layers_beside_strangers, 100),
    (layers_beside_nameless_downloads, 100),
    (layers_beside_other_texts, 100),
    (empty_layers_and_markers, 100),
    (whole_layers, 250),
    (missing_platforms, 300),
    (missing_platforms_beside_other_images, 60),
    (present_platforms, 100),
    (images, 100),
    (images_with_sidecars, 100),
    (members_of_a_zip, 500),
    (members_of_a_tar, 500),
    (files_of_a_folder, 500),
)


def calls_of(command: tuple[str, ...], folder: Path) -> int:
    with counted_calls() as calls:
        outcome = run(command[0], folder, *command[1:])
        assert outcome.code in (0, 1, 4), outcome.output
        return calls()


def assert_in_proportion(write: Writer, count: int, tmp_path: Path, command: tuple[str, ...]) -> None:
    counts = []
    for times in (1, 2, 4):
        folder = tmp_path / str(times)
        folder.mkdir()
        write(folder, count * times)
        counts.append(calls_of(command, folder))
    first, second, third = counts
    assert (third - second) / (second - first) < _MOST_GROWTH, counts


@pytest.mark.parametrize(("write", "count"), CASES, ids=[write.__name__ for write, _ in CASES])
def test_a_scan_takes_time_in_proportion(write: Writer, count: int, tmp_path: Path) -> None:
    assert_in_proportion(write, count, tmp_path, ("scan",))
