"""Uploads that begin while the input is read for the first time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from importer.inspection.inspecting import inspect
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.sources.opening import open_sources
from importer.transport.breaks import RangeLimit
from importer.transport.early_uploads import EarlyUploads
from importer.transport.outgoing import OutgoingBlob
from importer.transport.upload import BlobUpload
from importer.transport.upload_session import Target
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.docker_registry import DockerRegistry
from tests.transport.faulty_server import Fault, FaultyServer, Seen
from tests.transport.remote_images import succeed
from tests.transport.surroundings import World
from tests.work.threads import threads

MIB = 1 << 20


@pytest.fixture(scope="module")
def image() -> GeneratedImage:
    """An image with one layer that is large enough to be sent early."""
    return make_image([{"random": random.Random(3).randbytes(5 * MIB)}], "none", docker=False)


@pytest.fixture
def folder(image: GeneratedImage, tmp_path: Path) -> Path:
    return write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")


class Registry:
    """Uploads as a registry keeps them, one at a time."""

    def __init__(self, server: FaultyServer) -> None:
        self.content = b""
        self.committed: dict[str, bytes] = {}
        self.cancelled = 0
        self.patch: Callable[[Seen], Fault | None] = lambda _: None
        server.script = self.answer

    def answer(self, seen: Seen) -> Fault:
        here = {"Location": "/upload/1"}
        if seen.method == "POST":
            self.content = b""
            return Fault(status=202, headers=here)
        if seen.method == "PATCH":
            fault = self.patch(seen)
            self.content += b"" if fault else seen.body
            return fault or Fault(status=202, headers={**here, "Range": f"0-{len(self.content) - 1}"})
        if seen.method == "GET":
            return Fault(status=204, headers={**here, "Range": f"0-{max(0, len(self.content) - 1)}"})
        if seen.method == "DELETE":
            self.cancelled += 1
            return Fault(status=204)
        self.committed[seen.path.partition("digest=")[2]] = self.content
        return Fault(status=201)


def early_uploads(server: FaultyServer, world: World, longest_wait: float = 5.0) -> EarlyUploads:
    target = Target(world.client(server.url), f"{server.url}/v2/a", "repository:a:pull,push")
    return EarlyUploads(target, lambda *_: True, longest_wait=longest_wait)


def inspected(folder: Path, early: EarlyUploads) -> None:
    opener = Opener()
    inspect(open_sources([place_of(folder)], opener), threads(opener=opener), early)


def upload(server: FaultyServer, world: World, early: EarlyUploads, blob: OutgoingBlob) -> None:
    target = Target(world.client(server.url), f"{server.url}/v2/a", "repository:a:pull,push")
    BlobUpload(target, blob, RangeLimit(), lambda _: None).run(begun=early.take_over(blob.digest))


def layer_of(image: GeneratedImage, *, readable: bool = True) -> OutgoingBlob:
    digest = image.layer_digests[0]
    content = image.blobs[digest]

    def blocks() -> Iterator[bytes]:
        assert readable, "read a second time"
        yield content

    return OutgoingBlob(digest, len(content), blocks)


def push(server: FaultyServer, world: World, folder: Path, blob: OutgoingBlob, longest_wait: float = 5.0) -> None:
    with early_uploads(server, world, longest_wait) as early:
        inspected(folder, early)
        upload(server, world, early, blob)


def test_what_was_sent_while_it_was_read_is_not_read_again(
    server: FaultyServer, world: World, image: GeneratedImage, folder: Path
) -> None:
    registry = Registry(server)
    blob = layer_of(image, readable=False)
    push(server, world, folder, blob)
    assert registry.committed == {str(blob.digest): image.blobs[blob.digest]}
    assert not registry.cancelled


def test_a_broken_line_costs_nothing_but_time(
    server: FaultyServer, world: World, image: GeneratedImage, folder: Path
) -> None:
    registry = Registry(server)
    faults = iter([Fault(status=503)])
    registry.patch = lambda _: next(faults, None)
    blob = layer_of(image)
    push(server, world, folder, blob)
    assert registry.committed == {str(blob.digest): image.blobs[blob.digest]}


def test_a_registry_that_takes_less_than_was_sent(
    server: FaultyServer, world: World, image: GeneratedImage, folder: Path
) -> None:
    registry = Registry(server)

    def half(seen: Seen) -> Fault | None:
        if registry.content:
            return None
        registry.content = seen.body[: 2 * MIB]
        return Fault(status=202, headers={"Location": "/upload/1", "Range": f"0-{2 * MIB - 1}"})

    registry.patch = half
    blob = layer_of(image)
    push(server, world, folder, blob)
    assert registry.committed == {str(blob.digest): image.blobs[blob.digest]}


def test_what_is_not_the_blob_is_cancelled(
    server: FaultyServer, world: World, image: GeneratedImage, folder: Path
) -> None:
    registry = Registry(server)
    victim = folder / image.layer_digests[0].file_name
    victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    with early_uploads(server, world) as early:
        inspected(folder, early)
        assert early.take_over(image.layer_digests[0]) is None
    assert not registry.committed
    assert registry.cancelled == 1


def test_a_slow_registry_does_not_hold_up_the_reading(
    server: FaultyServer, world: World, image: GeneratedImage, folder: Path
) -> None:
    registry = Registry(server)
    # The upload isn't even begun before the file has been read.
    read = Event()
    server.script = lambda seen: registry.answer(seen) if read.wait(30) else None
    blob = layer_of(image)
    with early_uploads(server, world, longest_wait=0.0) as early:
        inspected(folder, early)
        read.set()
        upload(server, world, early, blob)
    assert registry.committed == {str(blob.digest): image.blobs[blob.digest]}


def test_what_the_registry_has_is_not_sent(server: FaultyServer, world: World, folder: Path) -> None:
    Registry(server)
    target = Target(world.client(server.url), f"{server.url}/v2/a", "repository:a:pull,push")
    with EarlyUploads(target, lambda *_: False) as early:
        inspected(folder, early)
    assert not server.seen


class TestARealRegistry:
    @pytest.fixture
    def registry(self, serve_registry: Callable[..., DockerRegistry], tmp_path: Path) -> DockerRegistry:
        return serve_registry(tmp_path / "registry")

    def uploads(self, registry: DockerRegistry) -> list[Path]:
        """Bytes of unfinished uploads; a cancelled one leaves an empty folder behind in docker-registry 2.8."""
        return [*registry.root.rglob("_uploads/*/data")]

    def test_an_incomplete_image_leaves_nothing(
        self, registry: DockerRegistry, image: GeneratedImage, folder: Path, tmp_path: Path
    ) -> None:
        (folder / image.image_id.file_name).unlink()
        assert run("push", tmp_path / "in", f"{registry.host}/team/app:1.4").code == 4
        assert self.uploads(registry) == []
        assert not [*registry.root.rglob("blobs/sha256/*")]

    def test_a_whole_one_is_there_and_no_upload_is_left(
        self, registry: DockerRegistry, image: GeneratedImage, folder: Path, tmp_path: Path
    ) -> None:
        succeed("push", tmp_path / "in", f"{registry.host}/team/app:1.4")
        assert registry.manifest("team/app", "1.4") == image.manifest
        assert registry.blob("team/app", str(image.layer_digests[0])) == image.blobs[image.layer_digests[0]]
        assert self.uploads(registry) == []

    def test_two_files_of_one_layer_are_one_blob(
        self, registry: DockerRegistry, image: GeneratedImage, folder: Path, tmp_path: Path
    ) -> None:
        layer = folder / image.layer_digests[0].file_name
        (folder / "copy").write_bytes(layer.read_bytes())
        succeed("push", tmp_path / "in", f"{registry.host}/team/app:1.4")
        assert registry.manifest("team/app", "1.4") == image.manifest
        assert self.uploads(registry) == []


@pytest.mark.parametrize("options", [["--select", "team/app:1.4"], ["--mount-from", "other"]])
def test_what_may_not_be_wanted_is_not_sent_early(
    server: FaultyServer, image: GeneratedImage, folder: Path, tmp_path: Path, options: list[str]
) -> None:
    (folder / image.image_id.file_name).unlink()
    assert run("push", tmp_path / "in", f"{server.host}/team/app:1.4", *options).code == 4
    assert not [seen for seen in server.seen if seen.method == "POST"]


def test_of_several_images_none_is_sent_before_one_is_chosen(
    server: FaultyServer, folder: Path, tmp_path: Path
) -> None:
    other = make_image([{"other": b"other"}])
    write_artifactory_folder(other, tmp_path / "in" / "team" / "other" / "1")
    outcome = run("push", tmp_path / "in", f"{server.host}/team/app:1.4")
    assert outcome.code == 2
    assert "a reference names one image, and there are 2 here" in outcome.output
    assert "--select, or push each to its own repository with --all-tags" in outcome.output
    assert not server.seen
