"""What it costs to wait for the disk: ``python -m benchmarks.durability [ROUNDS]``. Needs skopeo and docker-registry.

Writes an image of 300 MB into a registry tree with and without --no-sync, beside a push of the same image by skopeo to
docker-registry, and mends 10,000 links with a newline too many, with and without --no-sync. Each number is the best.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measure import BLOBFIX
from tests.images.generated import make_image, write_artifactory_folder
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo
from tests.storage_tree.pushed_tree import write_dir
from tests.storage_tree.test_scale import write_links

REPOSITORIES = 1_000
NAME = "team/app:1.4"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    image = make_image([{f"data{number}": random.Random(number).randbytes(60 << 20)} for number in range(5)], "none")
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        folder = Path(name)
        source = write_artifactory_folder(image, folder / "in" / "team" / "app" / "1.4").parents[2]
        given = write_dir(image.manifest, [image], folder / "dir")
        out = folder / "out"
        for options in ([], ["--no-sync"]):
            command = [BLOBFIX, "to-registry-tree", str(source), "-o", str(out), "-q", *options]
            took = best(rounds, lambda: clear(out), partial(subprocess.run, command, check=True))
            print(f"to-registry-tree, 300 MB {' '.join(options)}: {took:.2f} s", flush=True)
        print(f"skopeo push to docker-registry, 300 MB: {pushing(rounds, given, out):.2f} s", flush=True)
        for options in ([], ["--no-sync"]):
            command = [BLOBFIX, "repair-tree", str(out), "--apply", "-q", *options]
            took = best(rounds, lambda: damage(out), partial(subprocess.run, command, check=True))
            print(f"repair-tree, 10,000 links {' '.join(options)}: {took:.2f} s", flush=True)


def best(rounds: int, prepare: Callable[[], object], work: Callable[[], object]) -> float:
    times = []
    for _ in range(rounds):
        prepare()
        subprocess.run(["sync"], check=True)
        started = time.monotonic()
        work()
        times.append(time.monotonic() - started)
    return min(times)


def pushing(rounds: int, given: Path, out: Path) -> float:
    def push() -> None:
        Skopeo().copy(f"dir:{given}", f"docker://{registry.host}/{NAME}")

    times = []
    for _ in range(rounds):
        clear(out)
        with DockerRegistry(out) as registry:
            times.append(best(1, lambda: None, push))
    return min(times)


def clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def damage(root: Path) -> None:
    """A tree of 1,000 repositories with ten links each, all of them malformed."""
    clear(root)
    image = make_image([{f"file{number}": b"x" * number} for number in range(6)])
    storage = root / "docker" / "registry" / "v2"
    for digest, content in {**image.blobs, image.manifest_digest: image.manifest}.items():
        path = storage / "blobs" / "sha256" / digest.hex[:2] / digest.hex / "data"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    for number in range(REPOSITORIES):
        write_links(storage / "repositories" / "team" / f"app{number}", image)
    for link in (storage / "repositories").rglob("link"):
        link.write_text(f"{link.read_text()}\n")


if __name__ == "__main__":
    main()
