"""Large stores, made by a seed, and what scanning, writing and repairing them costs as they grow.

Run: ``python -m benchmarks.registry [--images N] [--files N] [--seed N]``. Each store is measured at a quarter, half
and all of the size; a column says by which power of the size time and memory grow (1 is linear).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import math
import random
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import BLOBFIX, MIB, Run, run
from importer.domain import media_types

_COLUMNS: Final = ("repo", "node_path", "node_name", "sha1_actual", "sha256", "bin_length")
_OWN_LAYERS: Final = 4
_BASES: Final = 20
_SHARES: Final = (4, 2, 1)


@dataclass(frozen=True)
class Blob:
    """One blob, and the descriptor of it."""

    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """Of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def descriptor(self) -> dict[str, object]:
        """As a manifest has it."""
        return {"mediaType": self.media_type, "size": len(self.content), "digest": f"sha256:{self.sha256}"}


@dataclass(frozen=True)
class MadeImage:
    """An image of small layers."""

    repository: str
    tag: str
    manifest: Blob
    blobs: tuple[Blob, ...]


def images(count: int, seed: int) -> Iterator[MadeImage]:
    """Images with a base that some others have, too, and a few layers of their own."""
    chance = random.Random(seed)
    bases = [made_layer(chance) for _ in range(_BASES)]
    for number in range(count):
        layers = [chance.choice(bases), *(made_layer(chance) for _ in range(_OWN_LAYERS))]
        config = made_config([diff_id for _, diff_id in layers], number)
        yield made_image(f"team{number % 50}/app{number // 5}", f"1.{number % 5}", config, [blob for blob, _ in layers])


def made_image(repository: str, tag: str, config: Blob, layers: Sequence[Blob]) -> MadeImage:
    """An image with its manifest."""
    value = {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST,
        "config": config.descriptor,
        "layers": [blob.descriptor for blob in layers],
    }
    manifest = Blob(json.dumps(value, indent=3).encode(), media_types.DOCKER_MANIFEST)
    return MadeImage(repository, tag, manifest, (config, *layers))


def write_filestore(place: Path, made: Sequence[MadeImage], files: int, *, broken: int, seed: int) -> None:
    """Write ``filestore``, as Artifactory has it, of ``files`` files, and ``nodes.csv``, its database's table of names.

    Most files are of no image; one layer of each of the first ``broken`` images is cut in half.
    """
    folder, table = place / "filestore", place / "nodes.csv"
    chance = random.Random(seed)
    damaged = {image.blobs[-1].sha256 for image in made[:broken]}
    with table.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(_COLUMNS)
        count = 0
        for image in made:
            node = f"{image.repository}/{image.tag}"
            named = [("manifest.json", image.manifest), *((f"sha256__{blob.sha256}", blob) for blob in image.blobs)]
            for name, blob in named:
                sha1 = hashlib.sha1(blob.content, usedforsecurity=False).hexdigest()
                rows.writerow(("docker-local", node, name, sha1, blob.sha256, len(blob.content)))
                path = folder / sha1[:2] / sha1
                if path.exists():
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(blob.content[: len(blob.content) // 2 if blob.sha256 in damaged else None])
                count += 1
        while count < files:
            content = chance.randbytes(chance.randrange(100, 2000))
            sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            path = folder / sha1[:2] / sha1
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            rows.writerow(("libs-release", "com/example", f"part-{count}.jar", sha1, sha256, len(content)))
            count += 1


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=1_000)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for command in ("scan", "to-registry-tree"):
        before: Run | None = None
        for share in _SHARES:
            measured = _filestore(command, options.images // share, options.files // share, options.seed)
            _tell(f"{command}: {options.images // share:,} images, {options.files // share:,} files", measured, before)
            before = measured


def _filestore(command: str, count: int, files: int, seed: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        place = Path(name)
        write_filestore(place, list(images(count, seed)), files, broken=count * 3 // 100, seed=seed)
        arguments = [command, str(place / "filestore")]
        if command != "scan":
            arguments += ["--names", str(place / "nodes.csv"), "-o", str(place / "tree"), "--no-sync"]
        return run([BLOBFIX, *arguments, "--quiet"], allowed=(0, 1, 4))


def _tell(what: str, measured: Run, before: Run | None) -> None:
    growth = f", growth {math.log2(measured.seconds / before.seconds):.2f}" if before else ""
    growth += f" and {math.log2(measured.memory / before.memory):.2f}" if before else ""
    print(f"{what}: {measured.seconds:.1f} s, {measured.memory / MIB:.0f} MiB{growth}", flush=True)


def made_layer(chance: random.Random) -> tuple[Blob, str]:
    """A small layer, and its diff_id."""
    content = chance.randbytes(chance.randrange(200, 1500))
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        entry = tarfile.TarInfo(f"opt/{chance.randrange(1 << 40):x}")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    diff = made.getvalue()
    packed = Blob(gzip.compress(diff, 6, mtime=0), media_types.DOCKER_LAYER_GZIP)
    return packed, f"sha256:{hashlib.sha256(diff).hexdigest()}"


def made_config(diff_ids: Sequence[str], number: int) -> Blob:
    """A config of its own."""
    value = {
        "architecture": "amd64",
        "config": {"Cmd": ["/bin/app", str(number)]},
        "created": "2024-05-01T00:00:00Z",
        "history": [{"created_by": f"COPY {count}"} for count in range(len(diff_ids))],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
    }
    return Blob(json.dumps(value, separators=(",", ":")).encode(), media_types.DOCKER_CONFIG)


if __name__ == "__main__":
    main()
