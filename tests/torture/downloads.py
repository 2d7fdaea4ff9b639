"""The commands that download, from a registry in the same process: anew, and onto what is there or broke off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, GeneratedIndex, make_image, make_index, write_artifactory_folder
from tests.torture.registry import REFERENCE
from tests.torture.scenario import IMAGE, LARGE, OLDER, Scenario
from tests.torture.states import State, expect_between, expect_manifest_first, without_kept
from tests.transport.faulty_server import Fault, Script, Seen

INDEX: Final = make_index([make_image(sample_layers(name, 500), architecture=name) for name in ("amd64", "arm64")])
_CUT_AT: Final = 1 << 20


def _folder(out: Path) -> Path:
    return out / "download" / "team" / "app" / "1.4"


def _nothing(_out: Path) -> None:
    """The folder is new."""


def _another_image(out: Path) -> None:
    write_artifactory_folder(OLDER, out / "download" / "team" / "older" / "1")


def _part(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """A run before has ended in the middle of the last layer; what it left is as ``change`` makes it of the layer."""

    def make(out: Path) -> None:
        layer = write_artifactory_folder(IMAGE, _folder(out)) / IMAGE.layer_digests[-1].file_name
        layer.unlink()
        layer.with_name(f".blobfix-{layer.name}.part").write_bytes(change(IMAGE.layers[-1]))

    return make


def _damaged(change: Callable[[Path], object], image: GeneratedImage = IMAGE) -> Callable[[Path], object]:
    """A download in which something is wrong with the first layer."""

    def make(out: Path) -> None:
        change(write_artifactory_folder(image, _folder(out)) / image.layer_digests[0].file_name)

    return make


def _without_manifest(out: Path) -> None:
    (write_artifactory_folder(IMAGE, _folder(out)) / "manifest.json").unlink()


def _cut(layer: Path) -> None:
    layer.write_bytes(layer.read_bytes()[: layer.stat().st_size // 2])


def _cut_and_renamed(layer: Path) -> None:
    _cut(layer)
    layer.rename(layer.with_name(f"{layer.name} (1)"))


def _overwritten(layer: Path) -> None:
    layer.write_bytes(b"<html>Sign in</html>" + layer.read_bytes()[20:])


def _once_broken() -> Script:
    """A line that breaks once in each body that is long."""
    seen: Counter[str] = Counter()

    def script(request: Seen) -> Fault | None:
        seen[request.path] += 1
        return Fault(cut_at=_CUT_AT) if seen[request.path] == 1 else None

    return script


def _judge(state: State, old: State, new: State) -> None:
    state = without_kept(state, old)
    expect_between(state, old, new)
    expect_manifest_first(state, old, new)


def _pull(
    name: str,
    before: Callable[[Path], object],
    image: GeneratedImage | GeneratedIndex = IMAGE,
    script: Callable[[], Script] = lambda: lambda _: None,
) -> Scenario:
    command = ("pull", f"{{host}}/{REFERENCE}", "-o", "{out}/download")
    return Scenario(f"pull, {name}", command, before, _judge, image, stays=True, is_download=True, script=script)


def _complete(name: str, before: Callable[[Path], object], image: GeneratedImage = IMAGE) -> Scenario:
    command = ("complete", "{out}/download", "--from", f"{{host}}/{REFERENCE}")
    return Scenario(f"complete, {name}", command, before, _judge, image, stays=True, is_download=True)


DOWNLOADS: Final = (
    _pull("new", _nothing),
    _pull("another image is there", _another_image),
    _pull("for several platforms", _nothing, INDEX),
    _pull("over a line that breaks", _nothing, LARGE, _once_broken),
    _pull("a run before broke off", _part(lambda layer: layer[: len(layer) // 2])),
    _pull("a run before left other bytes", _part(lambda layer: layer[::-1])),
    _complete("a layer missing", _damaged(Path.unlink)),
    _complete("a layer cut", _damaged(_cut)),
    _complete("a layer cut and renamed", _damaged(_cut_and_renamed)),
    _complete("a layer overwritten", _damaged(_overwritten)),
    _complete("the manifest missing", _without_manifest),
    _complete("a run before broke off", _part(lambda layer: layer[: len(layer) // 2])),
)
