"""Trees of the size that registries really have; benchmarks.registry_tree makes larger ones."""

from __future__ import annotations

import os
import resource
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from importer import tree_checkup
from importer.places.named import place_of
from tests import pace
from tests.images.generated import GeneratedImage, make_image
from tests.in_process import check_tree
from tests.storage_tree.pushed_tree import PushedTree
from tests.work.threads import threads

_REPOSITORIES = 1_500
_LAYERS = 18


def write_large_tree(root: Path) -> int:
    """Write many repositories that share an image's layers; gives the number of links."""
    image = make_image([{f"file{number}": b"x" * number} for number in range(_LAYERS)])
    storage = root / "docker" / "registry" / "v2"
    for digest, content in {**image.blobs, image.manifest_digest: image.manifest}.items():
        write(storage / "blobs" / "sha256" / digest.hex[:2] / digest.hex / "data", content)
    first = storage / "repositories" / "team0" / "app0"
    write_links(first, image)
    for number in range(1, _REPOSITORIES):
        # Hard links to the same few files take a fraction of the time.
        copy = storage / "repositories" / f"team{number % 50}" / f"app{number}"
        shutil.copytree(first, copy, copy_function=os.link)
    return _REPOSITORIES * (_LAYERS + 1 + 3)


def write_links(repository: Path, image: GeneratedImage) -> None:
    for digest in image.blobs:
        write(repository / "_layers" / "sha256" / digest.hex / "link", str(digest).encode())
    digest = image.manifest_digest
    content = str(digest).encode()
    write(repository / "_manifests" / "revisions" / "sha256" / digest.hex / "link", content)
    write(repository / "_manifests" / "tags" / "1" / "index" / "sha256" / digest.hex / "link", content)
    write(repository / "_manifests" / "tags" / "1" / "current" / "link", content)


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


@dataclass
class Listener:
    """Remembers what it was told, and how many bytes belonged to each activity."""

    told: dict[str, int] = field(default_factory=dict)
    now: str = ""

    def start(self, activity: str, total: int) -> None:
        assert total >= 0
        self.now = activity

    def advance(self, size: int) -> None:
        self.told[self.now] = self.told.get(self.now, 0) + size

    def stop(self) -> None:
        self.now = ""


def test_whoever_waits_is_told_of_links_and_blobs(tree: PushedTree) -> None:
    listener = Listener()
    census = tree_checkup.check_tree(tree_checkup.TreeQuestion(place_of(tree.root)), threads(listener)).census
    links = [path for path in tree.root.rglob("link") if path.is_file()]
    assert listener.told == {"Reading links": sum(path.stat().st_size for path in links), "Checking": census.size}


@pytest.mark.slow
def test_thirty_thousand_links(tmp_path: Path) -> None:
    links = write_large_tree(tmp_path)
    assert links >= 30_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pace.within(9):
        checked = check_tree(tmp_path)
    assert (checked.code, checked.codes) == (0, [])
    assert checked.report["summary"]["tags_served"] == _REPOSITORIES
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 << 10
