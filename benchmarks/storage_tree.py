"""What repair-tree costs: many small blobs, many links, and a few large blobs for all processors.

Run: python -m benchmarks.storage_tree [BLOBS] [LINKS]. The large blobs are holes and take no room on the disk.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import BLOBFIX, MIB, run

_LAYERS = 40
_LARGE = 8
_LARGE_SIZE = 512 * MIB


def main(blobs: int = 50_000, links: int = 200_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for repository in range(blobs // _LAYERS):
            write_repository(root / "blobs", repository, [b"layer %d of %d" % (n, repository) for n in range(_LAYERS)])
        tell(f"{blobs:,} blobs", root / "blobs")
        tell(f"{blobs:,} blobs", root / "blobs", "--quick")
        for repository in range(links // _LAYERS):
            write_repository(root / "links", repository, [b"layer %d" % n for n in range(_LAYERS)])
        tell(f"{links:,} links", root / "links")
        write_large_blobs(root / "large")
        for jobs in ("1", "2"):
            tell(f"{_LARGE} blobs of {_LARGE_SIZE // MIB} MiB", root / "large", "-j", jobs)


def tell(what: str, root: Path, *options: str) -> None:
    measured = run([BLOBFIX, "repair-tree", str(root), *options], allowed=(0, 1))
    print(f"{what} {' '.join(options)}: {measured.seconds:.1f} s, {measured.memory / MIB:.0f} MiB of memory")


def write_repository(root: Path, number: int, layers: list[bytes]) -> None:
    """Write layers and the links to them, in a repository that no tag leads to."""
    storage = root / "docker" / "registry" / "v2"
    for content in layers:
        digits = write_blob(storage, content)
        link = storage / "repositories" / f"team{number % 50}" / f"app{number}" / "_layers" / "sha256" / digits / "link"
        link.parent.mkdir(parents=True)
        link.write_text(f"sha256:{digits}")


def write_blob(storage: Path, content: bytes) -> str:
    digits = hashlib.sha256(content).hexdigest()
    path = storage / "blobs" / "sha256" / digits[:2] / digits / "data"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return digits


def write_large_blobs(root: Path) -> None:
    """Holes under digests that they don't have: they are hashed all the same."""
    for number in range(_LARGE):
        digits = f"{number:064x}"
        path = root / "docker" / "registry" / "v2" / "blobs" / "sha256" / digits[:2] / digits / "data"
        path.parent.mkdir(parents=True)
        with path.open("wb") as stream:
            stream.truncate(_LARGE_SIZE)
    (root / "docker" / "registry" / "v2" / "repositories").mkdir()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
