"""A large registry's storage in a folder: checked, damaged, repaired, served, and checked again.

Run: ``python -m benchmarks.registry_tree [--repositories N] [--defects N] [--pulls N] [--seed N]``. Each repository has
ten images of eleven layers, which it shares with others: 2,000 have 20,000 manifests, 60,000 blobs and 300,000 links.
docker-registry serves the repaired tree, and skopeo pulls from it. ``--large GIB`` checks so many blobs of 1 GiB
instead, beside ``sha256sum``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import BLOBFIX, MIB, Run, run
from benchmarks.registry import Blob, MadeImage, made_config, made_image, made_layer
from benchmarks.storage_tree import write_blob
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo

_IMAGES: Final = 10
_LAYERS: Final = 11
_GIB: Final = 1 << 30


@dataclass(frozen=True)
class Tree:
    """A registry's storage, and a folder that has what it lost.

    Attributes:
        root: the folder that a registry is started over.
        spare: a place for ``--blobs``.
    """

    root: Path
    spare: Path

    @property
    def storage(self) -> Path:
        """The folder of blobs and repositories."""
        return self.root / "docker" / "registry" / "v2"

    def repository(self, image: MadeImage) -> Path:
        """An image's repository."""
        return self.storage / "repositories" / image.repository

    def layer(self, image: MadeImage, blob: Blob) -> Path:
        """The link to a layer or to the config."""
        return self.repository(image) / "_layers" / "sha256" / blob.sha256 / "link"

    def revision(self, image: MadeImage) -> Path:
        """The link to the manifest."""
        return self.repository(image) / "_manifests" / "revisions" / "sha256" / image.manifest.sha256 / "link"

    def current(self, image: MadeImage) -> Path:
        """The tag's link."""
        return self.repository(image) / "_manifests" / "tags" / image.tag / "current" / "link"

    def blob(self, blob: Blob) -> Path:
        """The blob's file."""
        return self.storage / "blobs" / "sha256" / blob.sha256[:2] / blob.sha256 / "data"

    def lose(self, blob: Blob, damage: Callable[[bytes], bytes] | None) -> None:
        """Take a blob away, or damage it; the spare folder keeps it."""
        path = self.blob(blob)
        self.spare.mkdir(exist_ok=True)
        shutil.copy(path, self.spare / f"sha256__{blob.sha256}")
        if damage:
            path.write_bytes(damage(path.read_bytes()))
        else:
            shutil.rmtree(path.parent)


def images(repositories: int, seed: int) -> Iterator[MadeImage]:
    """The images of all repositories, of which each layer is in about eleven."""
    chance = random.Random(seed)
    layers = [made_layer(chance) for _ in range(repositories * _IMAGES)]
    for number in range(repositories):
        own = chance.sample(layers, min(len(layers), _IMAGES * _LAYERS))
        for tag in range(_IMAGES):
            of_image = [own[(tag * _LAYERS + position) % len(own)] for position in range(_LAYERS)]
            config = made_config([diff_id for _, diff_id in of_image], number * _IMAGES + tag)
            yield made_image(f"team{number % 50}/app{number}", f"1.{tag}", config, [blob for blob, _ in of_image])


def write_image(tree: Tree, image: MadeImage) -> None:
    """Write an image's links, and its blobs where they aren't there yet."""
    for blob in (image.manifest, *image.blobs):
        if not tree.blob(blob).exists():
            write_blob(tree.storage, blob.content)
    links = {tree.layer(image, blob): blob for blob in image.blobs}
    current = tree.current(image)
    index = current.parents[1] / "index" / "sha256" / image.manifest.sha256 / "link"
    for path, blob in (*links.items(), *((path, image.manifest) for path in (tree.revision(image), current, index))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"sha256:{blob.sha256}")


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)


def _own(image: MadeImage) -> Blob:
    return image.blobs[0]


Damage = Callable[[Tree, MadeImage], object]

DAMAGES: Final[Sequence[Damage]] = (
    # BF501: links with another text, or to another blob.
    lambda tree, image: _rewrite(tree.layer(image, image.blobs[1]), lambda text: text + b"\n"),
    lambda tree, image: _rewrite(tree.revision(image), lambda text: text + b"\r\n"),
    lambda tree, image: _rewrite(tree.current(image), lambda text: b"\xef\xbb\xbf" + text),
    lambda tree, image: _rewrite(tree.layer(image, _own(image)), lambda _: b""),
    lambda tree, image: _rewrite(tree.layer(image, image.blobs[2]), lambda text: text.removeprefix(b"sha256:")),
    lambda tree, image: tree.layer(image, image.blobs[3]).write_text(f"sha256:{_own(image).sha256}"),
    # BF502: links in another place.
    lambda tree, image: _move(
        tree.layer(image, image.blobs[4]).parent,
        tree.repository(image) / "_layers" / "sha256" / "sha256" / image.blobs[4].sha256,
    ),
    lambda tree, image: _move(tree.layer(image, image.blobs[5]), tree.layer(image, image.blobs[5]).with_name("Link")),
    # BF503: missing links.
    lambda tree, image: shutil.rmtree(tree.revision(image).parent),
    lambda tree, image: tree.layer(image, image.blobs[6]).unlink(),
    lambda tree, image: shutil.rmtree(tree.current(image).parent),
    lambda tree, image: shutil.rmtree(tree.current(image).parents[1] / "index"),
    # BF504: missing blobs.
    lambda tree, image: tree.lose(_own(image), None),
    # BF505: blobs in another place.
    lambda tree, image: _move(
        tree.blob(_own(image)).parent, tree.storage / "blobs" / "sha256" / "zz" / _own(image).sha256
    ),
    # BF506: damaged blobs, of which some can be repaired from what is left.
    lambda tree, image: tree.lose(_own(image), lambda content: content[: len(content) // 2]),
    lambda tree, image: _rewrite(tree.blob(_own(image)), lambda content: content + b"more"),
    lambda tree, image: _rewrite(tree.blob(image.manifest), lambda text: text + b"\n"),
    lambda tree, image: _rewrite(tree.blob(image.manifest), lambda text: json.dumps(json.loads(text)).encode()),
    # BF507: strays.
    lambda tree, image: (tree.current(image).parents[2] / ".DS_Store").write_bytes(b"\0\0\0\1Bud1"),
    lambda tree, image: (tree.repository(image) / "_layers" / "sha256" / "x.tmp").write_bytes(b"x"),
)
"""Each kind of defect; no two hit the same image, nor a blob of another one."""


def damage(tree: Tree, made: Sequence[MadeImage], count: int, seed: int) -> None:
    """Damage so many images, each in one way; a few layers lose their compression as well."""
    for number, image in enumerate(random.Random(seed).sample(made, count)):
        DAMAGES[number % len(DAMAGES)](tree, image)
    layers = sorted({blob.sha256: blob for image in made for blob in image.blobs[1:]})
    for digits in layers[:: max(1, len(layers) // 5)]:
        _rewrite(tree.storage / "blobs" / "sha256" / digits[:2] / digits / "data", gzip.decompress)


def main() -> None:
    """Print each step, its time and its memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repositories", type=int, default=2_000)
    parser.add_argument("--defects", type=int, default=300)
    parser.add_argument("--pulls", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", type=int, default=0, metavar="GIB")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        tree = Tree(Path(name) / "registry", Path(name) / "spare")
        if options.large:
            _large(tree, options.large)
            return
        made = list(images(options.repositories, options.seed))
        for image in made:
            write_image(tree, image)
        _tell("checked", tree, (0,))
        damage(tree, made, options.defects, options.seed)
        _tell(
            f"{options.defects} defects and five lost compressions repaired",
            tree,
            (0,),
            "--blobs",
            str(tree.spare),
            "--apply",
            "--no-sync",
        )
        _tell("checked again", tree, (0,))
        chosen = random.Random(options.seed).sample(made, min(options.pulls, len(made)))
        pull(DockerRegistry(tree.root), chosen, Path(name))


def _tell(what: str, tree: Tree, allowed: Sequence[int], *options: str) -> Run:
    done = run([BLOBFIX, "repair-tree", str(tree.root), *options, "--quiet"], allowed)
    print(f"{what}: {done.seconds:.1f} s, {done.processor:.1f} of processors, {done.memory / MIB:.0f} MiB", flush=True)
    return done


def pull(storage: DockerRegistry, chosen: Sequence[MadeImage], place: Path) -> None:
    """Have skopeo pull these tags from a registry over the repaired storage."""
    skopeo = Skopeo()
    with storage as registry:
        for number, image in enumerate(chosen):
            skopeo.copy(f"docker://{registry.host}/{image.repository}:{image.tag}", f"dir:{place / f'pulled{number}'}")
            shutil.rmtree(place / f"pulled{number}")
    print(f"pulled by skopeo: {len(chosen)} tags", flush=True)


def _large(tree: Tree, count: int) -> None:
    block = random.Random(1).randbytes(64 * MIB)
    for number in range(count):
        _write_large(tree, number, block)
    paths = [str(path) for path in sorted(tree.storage.glob("blobs/sha256/*/*/data"))]
    for _ in range(2):
        theirs = run(["sha256sum", *paths])
        ours = _tell(f"{count} GiB in blobs of 1 GiB", tree, (0, 1))
        ratio, work = ours.seconds / theirs.seconds, ours.processor / theirs.processor
        print(
            f"sha256sum: {theirs.seconds:.1f} s; {ratio:.2f} x its time, {work:.2f} x its processor seconds", flush=True
        )


def _write_large(tree: Tree, number: int, block: bytes) -> None:
    place = tree.root / "large"
    place.parent.mkdir(parents=True, exist_ok=True)
    hashed = hashlib.sha256()
    with place.open("wb") as stream:
        for part in range(_GIB // len(block)):
            for piece in (f"{number:032}{part:032}".encode(), block[64:]):
                stream.write(piece)
                hashed.update(piece)
    digits = hashed.hexdigest()
    _move(place, tree.storage / "blobs" / "sha256" / digits[:2] / digits / "data")
    link = tree.storage / "repositories" / "large" / "_layers" / "sha256" / digits / "link"
    link.parent.mkdir(parents=True)
    link.write_text(f"sha256:{digits}")


if __name__ == "__main__":
    main()
