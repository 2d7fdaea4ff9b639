"""A large image, as Artifactory and as skopeo lay it out; the same bytes on every machine."""

from __future__ import annotations

import hashlib
import json
import random
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import MIB

_RANDOM_SHARE = 0.47
_TEXT = b"".join(b"%06d a line of text as file systems hold them by the million\n" % n for n in range(12_000))


def make_image(folder: Path, layer_sizes: list[int]) -> None:
    """Write ``artifactory/`` and ``skopeo/`` (hard links) below a folder; sizes in MiB of gzip."""
    artifactory, skopeo = folder / "artifactory" / "team" / "big" / "1.0", folder / "skopeo"
    for path in (artifactory, skopeo):
        path.mkdir(parents=True)
    layers, diff_ids = [], []
    for seed, size in enumerate(layer_sizes):
        descriptor, diff_id = _write_layer(artifactory, seed, size)
        layers.append(descriptor)
        diff_ids.append(diff_id)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created_by": f"layer {n}"} for n in range(len(layers))],
        }
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": _write_blob(artifactory, config, "application/vnd.docker.container.image.v1+json"),
        "layers": layers,
    }
    (artifactory / "manifest.json").write_text(json.dumps(manifest, indent=3))
    for path in artifactory.iterdir():
        (skopeo / path.name.removeprefix("sha256__")).hardlink_to(path)
    (skopeo / "version").write_text("Directory Transport Version: 1.1\n")


def _write_layer(folder: Path, seed: int, size: int) -> tuple[dict[str, Any], str]:
    packed, plain, written = hashlib.sha256(), hashlib.sha256(), 0
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    unfinished = folder / f"unfinished-{seed}"
    with unfinished.open("wb") as stream:
        for block in _layer_tar(seed, size):
            plain.update(block)
            data = compressor.compress(block)
            packed.update(data)
            written += stream.write(data)
        data = compressor.flush()
        packed.update(data)
        written += stream.write(data)
    unfinished.rename(folder / f"sha256__{packed.hexdigest()}")
    media_type = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    descriptor = {"mediaType": media_type, "size": written, "digest": f"sha256:{packed.hexdigest()}"}
    return descriptor, f"sha256:{plain.hexdigest()}"


def _layer_tar(seed: int, size: int) -> Iterator[bytes]:
    """A tar of 8 MiB files, about half noise and half text, that packs to about ``size`` MiB."""
    noise = random.Random(seed)
    for number in range(max(1, round(size / (8 * _RANDOM_SHARE)))):
        entry = tarfile.TarInfo(f"layer{seed}/file{number}")
        entry.size = 8 * MIB
        yield entry.tobuf()
        for _ in range(8):
            random_bytes = noise.randbytes(int(MIB * _RANDOM_SHARE))
            yield random_bytes + (_TEXT * 2)[: MIB - len(random_bytes)]
    yield bytes(1024)


def _write_blob(folder: Path, content: bytes, media_type: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    (folder / f"sha256__{digest}").write_bytes(content)
    return {"mediaType": media_type, "size": len(content), "digest": f"sha256:{digest}"}
