"""Whole commands on changed folders, archives, storage trees and servers, each in a fork with a limit for its cost."""

from __future__ import annotations

import gzip
import os
import pkgutil
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Final

import importer
from importer.transport.stop import Stop
from tests.damage import gunzip_in_place
from tests.images.content import sample_layers
from tests.images.generated import make_image, make_index, write_artifactory_folder, write_artifactory_index
from tests.in_process import run as run_command
from tests.sources.archiving import files_of, tar_of, zip_of
from tests.torture.limits import run_limited
from tests.torture.mutators import mutated
from tests.torture.registry import API, resources_of
from tests.torture.states import state_of
from tests.transport.faulty_server import Fault, FaultyServer, Resource

IMAGE: Final = make_image(sample_layers("mutated", 3000))
INDEX: Final = make_index([make_image(sample_layers(name, 1500), architecture=name) for name in ("amd64", "arm64")])

Command = tuple[str, ...]
_SCANS: Final[tuple[Command, ...]] = (
    ("scan", "{in}", "--format", "json"),
    ("scan", "{in}", "--from", "https://h.example/artifactory/docker/team/app/1.4/"),
    ("scan", "{in}", "--format", "html"),
    ("scan", "{in}", "--format", "sarif"),
    ("inspect", "{in}"),
)
_WRITERS: Final[tuple[Command, ...]] = (
    ("to-docker-tar", "{in}", "-o", "{out}/a.tar"),
    ("to-registry-tree", "{in}", "-o", "{out}/tree", "-n", "a:b", "--allow-new-digest", "--no-sync"),
    ("to-oci-layout", "{in}", "-o", "{out}/layout", "--oci-media-types", "--no-sync"),
    ("to-oci-layout", "{in}", "-o", "{out}/layout.tar", "--fix-media-types", "--allow-new-digest"),
    ("to-build-context", "{in}", "-o", "{out}/context", "--squash", "--no-sync"),
    ("to-docker-tar", "{in}", "-o", "{out}/a.tar", "--salvage", "--convert-schema1"),
)
_NEW_DIGESTS: Final[tuple[Command, ...]] = (
    ("to-registry-tree", "{in}", "-o", "{out}/tree", "--allow-new-digest", "--no-recompress", "--no-sync"),
    ("to-oci-layout", "{in}", "-o", "{out}/l.tar", "--allow-new-digest", "--no-recompress", "--oci-media-types"),
    ("to-docker-tar", "{in}", "-o", "{out}/a.tar", "--no-recompress"),
)
_TREES: Final[tuple[Command, ...]] = (
    ("repair-tree", "{in}", "--format", "json"),
    ("repair-tree", "{copy}", "--apply", "--no-sync"),
    ("repair-tree", "{copy}", "--apply", "--no-sync", "--blobs", "{good}"),
    ("to-registry-tree", "{good}", "-o", "{copy}", "-n", "team/app:2", "--no-sync"),
)
_LAYOUT: Final = ("to-oci-layout", "{source}", "-o", "{place}/layout", "--no-sync")
_LAYOUTS: Final[tuple[Command, ...]] = (
    ("to-oci-layout", "{good}", "-o", "{copy}/layout", "-n", "team/app:2", "--no-sync"),
    ("to-oci-layout", "{good}", "-o", "{copy}/layout", "-n", "team/app:1.4", "--no-sync", "--replace-tags"),
)
_COMPLETE: Final[tuple[Command, ...]] = (
    ("complete", "{copy}", "--from", "{host}/team/app:1.4", "--timeout", "1", "--no-sync"),
)
_SERVERS: Final[tuple[Command, ...]] = (
    ("pull", "{host}/team/app:1.4", "-o", "{out}/pulled", "--timeout", "1"),
    ("complete", "{out}/part", "--from", "{host}/team/app:1.4", "--timeout", "1"),
    ("push", "{good}", "{host}/team/app:1.4", "--timeout", "1"),
    ("inspect", "{host}/team/app:1.4", "--timeout", "1"),
    ("tags", "{host}/team/app", "--timeout", "1"),
)


@dataclass(frozen=True)
class Input:
    """A kind of input: how it is made, and the commands that are tried on it."""

    name: str
    write: Callable[[Path], object]
    commands: tuple[Command, ...]


def _folder(place: Path) -> None:
    write_artifactory_folder(IMAGE, place / "team" / "app" / "1.4")


def _gunzipped(place: Path) -> None:
    folder = write_artifactory_folder(IMAGE, place / "team" / "app" / "1.4")
    gunzip_in_place(folder / IMAGE.layer_digests[0].file_name)


def _index(place: Path) -> None:
    write_artifactory_index(INDEX, place / "team" / "app" / "1.4")


def _packed(pack: Callable[[dict[str, bytes]], bytes], name: str) -> Callable[[Path], object]:
    def write(place: Path) -> None:
        _folder(place / "unpacked")
        content = pack(files_of(place / "unpacked"))
        shutil.rmtree(place / "unpacked")
        (place / name).write_bytes(content)

    return write


def _made(*command: str) -> Callable[[Path], object]:
    def write(place: Path) -> None:
        _folder(place.parent / "made-from")
        run_command(*(word.format(source=place.parent / "made-from", place=place) for word in command), "--no-progress")
        shutil.rmtree(place.parent / "made-from")

    return write


def _gzipped_tar(files: dict[str, bytes]) -> bytes:
    return gzip.compress(tar_of(files), mtime=0)


INPUTS: Final = (
    Input("folder", _folder, (*_SCANS, *_WRITERS, *_COMPLETE, *_COMPLETE)),
    Input("gunzipped", _gunzipped, (*_SCANS, *_NEW_DIGESTS, *_NEW_DIGESTS)),
    Input("index", _index, (*_SCANS, *_WRITERS)),
    Input("zip", _packed(zip_of, "a.zip"), (*_SCANS, *_WRITERS)),
    Input("tar", _packed(tar_of, "a.tar"), (*_SCANS, *_WRITERS)),
    Input("tar.gz", _packed(_gzipped_tar, "a.tar.gz"), (*_SCANS, *_WRITERS)),
    Input("docker save", _made("to-docker-tar", "{source}", "-o", "{place}/a.tar"), (*_SCANS, *_WRITERS)),
    Input(
        "layout",
        _made("to-oci-layout", "{source}", "-o", "{place}/layout", "--no-sync"),
        (*_SCANS, *_WRITERS, *_LAYOUTS),
    ),
    Input("tree", _made("to-registry-tree", "{source}", "-o", "{place}", "--no-sync"), (*_TREES, *_TREES, *_SCANS)),
    Input("server", lambda _: None, _SERVERS),
)


class Inputs:
    """The unchanged inputs, made once below a folder."""

    def __init__(self, folder: Path) -> None:
        _load_all()
        self._folder = folder
        for each in INPUTS:
            (folder / each.name).mkdir(parents=True)
            each.write(folder / each.name)
        self.good = folder / "good"
        _folder(self.good)

    def copy(self, kind: Input, place: Path) -> None:
        """Put a kind of input into a place that is new."""
        shutil.copytree(self._folder / kind.name, place)


def _load_all() -> None:
    """Load the whole program, so that no fork has to: that takes longer than most commands."""
    for module in pkgutil.walk_packages(importer.__path__, "importer."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def failure_of(inputs: Inputs, folder: Path, random: Random) -> str | None:
    """Change an input, run a command on it, and say what of it nobody may see; None when all is as it must be."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "out").mkdir(parents=True)
    kind = random.choice(INPUTS)
    inputs.copy(kind, folder / "in")
    command = random.choice(kind.commands)
    _change_files(folder / "in", random)
    if any("{copy}" in word for word in command):
        shutil.copytree(folder / "in", folder / "copy", symlinks=True)
    before = state_of(folder / "in")
    places = {name: str(folder / name) for name in ("in", "out", "copy")}
    words = [word.format(**places, good=inputs.good, host="{host}") for word in command]
    seed = random.getrandbits(64)
    said = run_limited(lambda: _in_child(words, folder, seed))
    if said is None and state_of(folder / "in") != before:
        said = "the input was changed"
    return said and f"{kind.name}: {' '.join(words)}: {said}"


def _change_files(place: Path, random: Random) -> None:
    files = sorted(path for path in place.rglob("*") if path.is_file() and path.stat().st_size)
    documents = [path for path in files if path.stat().st_size < 4096]
    for _ in range(random.choice((1, 1, 2, 3)) if files else 0):
        path = random.choice(documents if documents and random.random() < 0.7 else files)
        path.write_bytes(mutated(path.read_bytes(), random))


def _in_child(words: list[str], folder: Path, seed: int) -> int:
    if not any("{host}" in word for word in words):
        return _code_of(words)
    Stop.sleep = lambda self, seconds: None  # type: ignore[method-assign]
    os.environ["DOCKER_CONFIG"] = str(folder)
    with _server(Random(seed)) as server:
        write_artifactory_folder(IMAGE, folder / "out" / "part" / "team" / "app" / "1.4")
        next((folder / "out" / "part").rglob(IMAGE.layer_digests[0].file_name)).unlink()
        words = [word.replace("{host}", server.host) for word in words]
        return _code_of(words)


def _code_of(words: list[str]) -> int:
    outcome = run_command(*words, *([] if words[0] in ("inspect", "tags") else ["--no-progress"]))
    # The command line catches what nobody expects, and asks for a report.
    if "internal error" in outcome.output:
        raise AssertionError(outcome.output)
    return outcome.code


def _server(random: Random) -> FaultyServer:
    """A registry whose answers are changed: each of some, in its status, its headers or its body."""
    resources = {**resources_of(IMAGE), f"{API}/tags/list": Resource(b'{"name":"team/app","tags":["1.4","2"]}')}
    for digest, content in IMAGE.blobs.items():
        resources[f"{API}/manifests/{digest}"] = Resource(content, IMAGE.media_type)
    server = FaultyServer(resources)

    def script(seen: object) -> Fault | None:
        if random.random() < 0.5:
            return None
        resource = server.resources.get(getattr(seen, "path", ""))
        headers = {random.choice(_HEADERS): _header_value(random) for _ in range(random.choice((0, 1, 2)))}
        return Fault(
            status=random.choice((None, None, None, 200, 206, 301, 401, 404, 416, 429, 503)),
            headers=headers,
            body=mutated(bytes(resource.content), random) if resource and random.random() < 0.6 else None,
            cut_at=random.choice((None, None, 0, 1, 100)),
            chunked=random.random() < 0.1,
        )

    server.script = script
    return server


_HEADERS: Final = (
    *("Content-Length", "Content-Range", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Location", "Link"),
    *("Retry-After", "WWW-Authenticate", "Docker-Content-Digest", "Accept-Ranges", "X-Checksum-Sha256", "ETag"),
)


def _header_value(random: Random) -> str:
    good = random.choice(
        (b"bytes 0-5/10", b"120", b"gzip", b"chunked", b"/v2/x", b'Bearer realm="/t",service="a"', b'Basic realm="x"')
    )
    return mutated(good, random)[:3000].decode("latin-1").translate({0: "", 10: "", 13: ""})
