"""Every command that writes, in the situations that make it write differently."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.images.generated import GeneratedImage, write_artifactory_folder
from tests.in_process import run
from tests.torture.downloads import DOWNLOADS
from tests.torture.scenario import IMAGE, LARGE, OLDER, Scenario
from tests.torture.shares import Choice
from tests.torture.states import (
    BrokenError,
    State,
    expect_between,
    expect_context,
    expect_layout,
    tags_of,
)

TREE, LAYOUT = "registry", "layout"
_STORAGE: Final = "docker/registry/v2"


def nothing(_out: Path) -> None:
    """The output is new."""


def empty(name: str) -> Callable[[Path], object]:
    return lambda out: (out / name).mkdir()


def older(command: str, target: str, name: str) -> Callable[[Path], object]:
    """An output that holds an older image already."""

    def make(out: Path) -> None:
        source = write_artifactory_folder(OLDER, out.parent / "older")
        outcome = run(command, source, "-o", out / target, "-n", name, "-q", "--no-progress")
        assert outcome.code == 0, outcome.output
        shutil.rmtree(source)

    return make


def damaged(
    change: Callable[[Path, GeneratedImage], object], image: GeneratedImage = IMAGE
) -> Callable[[Path], object]:
    """A tree that holds the image, with something wrong in it."""

    def make(out: Path) -> None:
        source = write_artifactory_folder(image, out.parent / "older")
        outcome = run("to-registry-tree", source, "-o", out / TREE, "-n", "team/app:1.4", "-q", "--no-progress")
        assert outcome.code == 0, outcome.output
        shutil.rmtree(source)
        change(out / TREE / _STORAGE, IMAGE)

    return make


def blob(storage: Path, image: GeneratedImage) -> Path:
    """The file of the first layer."""
    digest = image.layer_digests[0].hex
    return storage / "blobs" / "sha256" / digest[:2] / digest / "data"


def tag(storage: Path) -> Path:
    return storage / "repositories/team/app/_manifests/tags/1.4"


def revision(storage: Path, image: GeneratedImage) -> Path:
    return storage / "repositories/team/app/_manifests/revisions/sha256" / image.manifest_digest.hex / "link"


def older_with_damaged_layer(out: Path) -> None:
    older("to-registry-tree", TREE, "team/app:1.3")(out)
    digest, content = IMAGE.layer_digests[1], IMAGE.layers[1]
    path = out / TREE / _STORAGE / "blobs/sha256" / digest.hex[:2] / digest.hex / "data"
    path.parent.mkdir(parents=True)
    path.write_bytes(content[:-3])


def older_with_half_a_tag(out: Path) -> None:
    older("to-registry-tree", TREE, "team/app:1.3")(out)
    (tag(out / TREE / _STORAGE) / "current").mkdir(parents=True)


def newlines(storage: Path, image: GeneratedImage) -> None:
    for path in (storage / "repositories").rglob("link"):
        path.write_text(f"{path.read_text()}\n")


def misplaced(storage: Path, image: GeneratedImage) -> None:
    folder = blob(storage, image).parent
    folder.rename(storage / "blobs" / "sha256" / folder.name)


def without_links(storage: Path, image: GeneratedImage) -> None:
    shutil.rmtree(storage / "repositories/team/app/_layers")
    revision(storage, image).unlink()
    (tag(storage) / "current" / "link").unlink()


def cut_blob(storage: Path, image: GeneratedImage) -> None:
    path = blob(storage, image)
    path.write_bytes(path.read_bytes()[:-3])


def strays(storage: Path, image: GeneratedImage) -> None:
    (tag(storage).parent / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (storage / "blobs" / "sha256" / "Thumbs.db").write_bytes(b"\0")


def root_without_registry(storage: Path, image: GeneratedImage) -> None:
    storage.rename(storage.parents[2] / "v2")
    shutil.rmtree(storage.parents[1])


def links_misplaced(storage: Path, image: GeneratedImage) -> None:
    layers = storage / "repositories/team/app/_layers/sha256"
    (layers / "sha256").mkdir()
    (layers / image.image_id.hex).rename(layers / "sha256" / image.image_id.hex)


def swapped(storage: Path, image: GeneratedImage) -> None:
    one, other = (storage / "blobs/sha256" / digest.hex[:2] / digest.hex / "data" for digest in image.layer_digests[:2])
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def judge_tree(state: State, old: State, new: State) -> None:
    expect_between(state, old, new)
    tags = tags_of(state, old, TREE)
    if tags not in (tags_of(old, old, TREE), tags_of(new, old, TREE)):
        raise BrokenError(f"the tags are neither the old nor the new ones: {tags}")


def judge_layout(state: State, old: State, new: State) -> None:
    expect_between(state, old, new)
    expect_layout(state, LAYOUT)


def judge_context(state: State, old: State, new: State) -> None:
    expect_between(state, old, new)
    expect_context(state, new, "context")


def judge_repair(state: State, old: State, new: State) -> None:
    expect_between(state, old, new)


def _tree(name: str, before: Callable[[Path], object], *options: str, **more: object) -> Scenario:
    command = ("to-registry-tree", "{in}", "-o", f"{{out}}/{TREE}", "-n", "team/app:1.4", *options)
    return Scenario(f"tree, {name}", command, before, judge_tree, **more)  # type: ignore[arg-type]


def _layout(name: str, before: Callable[[Path], object], *options: str, **more: object) -> Scenario:
    command = ("to-oci-layout", "{in}", "-o", f"{{out}}/{LAYOUT}", "-n", "team/app:1.4", *options)
    return Scenario(f"layout, {name}", command, before, judge_layout, **more)  # type: ignore[arg-type]


def _file(command: str, name: str, before: Callable[[Path], object], image: GeneratedImage = IMAGE) -> Scenario:
    words = (command, "{in}", "-o", "{out}/image.tar", "-n", "team/app:1.4")
    return Scenario(f"{command} to a file, {name}", words, before, expect_between, image, is_atomic=True)


def _context(name: str, before: Callable[[Path], object], *options: str, **more: object) -> Scenario:
    command = ("to-build-context", "{in}", "-o", "{out}/context", *options)
    return Scenario(f"context, {name}", command, before, judge_context, **more)  # type: ignore[arg-type]


def _repair(name: str, change: Callable[[Path, GeneratedImage], object], *options: str) -> Scenario:
    command = ("repair-tree", f"{{out}}/{TREE}", "--apply", *options)
    return Scenario(f"repair, {name}", command, damaged(change), judge_repair, stays=True, is_repair=True)


def _an_older_file(out: Path) -> None:
    (out / "image.tar").write_bytes(b"an older one")


SCENARIOS: Final = (
    _tree("new", nothing, is_atomic=True),
    _tree("new, with a layer that is copied while it is read", nothing, image=LARGE, is_atomic=True),
    _tree("another repository", older("to-registry-tree", TREE, "team/older:1")),
    _tree("another tag", older("to-registry-tree", TREE, "team/app:1.3")),
    _tree("a tag that is moved", older("to-registry-tree", TREE, "team/app:1.4"), "--replace-tags"),
    _tree("a damaged layer is there", older_with_damaged_layer),
    _tree("half a tag is there", older_with_half_a_tag),
    _layout("new", nothing, is_atomic=True),
    _layout("an empty folder", empty(LAYOUT)),
    _layout("another image", older("to-oci-layout", LAYOUT, "team/older:1")),
    _layout("a tag that is moved", older("to-oci-layout", LAYOUT, "team/app:1.4"), "--replace-tags"),
    _file("to-oci-layout", "new", nothing),
    _file("to-docker-tar", "new", nothing),
    _file("to-docker-tar", "an older one is there", _an_older_file),
    _file("to-docker-tar", "with a layer that is copied while it is read", nothing, LARGE),
    _context("new", nothing, is_atomic=True),
    _context("an empty folder", empty("context")),
    _context("one root file system", nothing, "--squash", is_atomic=True),
    _repair("links with newlines", newlines),
    _repair("a blob misplaced", misplaced),
    _repair("links missing", without_links),
    _repair("a blob cut", cut_blob, "--blobs", "{in}"),
    _repair("stray entries", strays),
    _repair("the root misplaced", root_without_registry),
    _repair("links misplaced", links_misplaced),
    _repair("blobs in each other's places", swapped),
    *DOWNLOADS,
)


def chosen(choice: Choice) -> Iterator[Scenario]:
    """The scenarios that are chosen by their names."""
    return (scenario for scenario in SCENARIOS if scenario.name.startswith(choice.scenario))
