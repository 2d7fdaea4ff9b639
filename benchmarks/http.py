"""Measures pull, push and serve against skopeo and docker-registry, with an image of about 700 MB.

Run from the repository: python -m benchmarks.http [RUNS] [MEGABYTES]. Needs docker-registry and skopeo.
Every number is the best of RUNS (3); memory is the largest resident size of the blobfix process.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.measure import BLOBFIX, run
from importer.domain import media_types
from tests.programs.docker_registry import DockerRegistry
from tests.programs.process import Server
from tests.programs.skopeo import Skopeo

SHARES = (0.40, 0.25, 0.15, 0.10, 0.05, 0.05)
BLOCK = 1 << 20
NAME = "team/app:1.4"


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 700
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        folder = Path(name)
        image = make_image(folder / "image", size)
        with DockerRegistry(folder / "registry") as registry:
            Skopeo().copy(f"dir:{image}", f"docker://{registry.host}/{NAME}")
            pull(folder, registry.host, runs)
        push(folder, image, runs)
        serve(folder, runs)


def pull(folder: Path, host: str, runs: int) -> None:
    ours, theirs = folder / "pulled", folder / "skopeo-pulled"
    command = [BLOBFIX, "pull", f"{host}/{NAME}", "-o", str(ours), "--quiet"]
    mine, memory = best(runs, lambda: measure(command), lambda: clear(ours))
    other, _ = best(runs, lambda: skopeo(f"docker://{host}/{NAME}", f"dir:{theirs}"), lambda: clear(theirs))
    report("pull", (mine, memory), "skopeo copy docker:// dir:", other, 0.6)


def push(folder: Path, image: Path, runs: int) -> None:
    def times(command_for: Callable[[str], Sequence[str]]) -> tuple[float, int]:
        results = []
        for count in range(runs):
            root = folder / f"push-{count}"
            with DockerRegistry(root) as registry:
                results.append(measure(command_for(f"{registry.host}/{NAME}")))
            clear(root)
        return min(results)

    mine, memory = times(lambda name: [BLOBFIX, "push", str(folder / "pulled"), name, "--quiet"])
    other, _ = times(lambda name: skopeo_command(f"dir:{image}", f"docker://{name}"))
    report("push", (mine, memory), "skopeo copy dir: docker://", other, 0.6)


def serve(folder: Path, runs: int) -> None:
    target = folder / "served"
    with DockerRegistry(folder / "registry") as registry:
        source = f"docker://{registry.host}/{NAME}"
        other, _ = best(runs, lambda: skopeo(source, f"dir:{target}"), lambda: clear(target))
    times, memory = [], 0
    for _ in range(runs):
        # A new server each time, so that nothing is verified yet.
        server = Server([BLOBFIX, "serve", str(folder / "pulled"), "--port", "0"], folder / "serve.log")
        host = server.wait_for(lambda server=server: address_in(server.read_log()))  # type: ignore[misc]
        clear(target)
        times.append(skopeo(f"docker://{host}/{NAME}", f"dir:{target}")[0])
        memory = max(memory, resident(server.pid))
        server.stop()
        (folder / "serve.log").unlink()
    report("serve → skopeo", (min(times), memory), "docker-registry → skopeo", other, 1.1)


def address_in(log: str) -> str | None:
    return next((word.partition("://")[2].rstrip("/") for word in log.split() if word.startswith("http://127")), None)


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def best(runs: int, once: Callable[[], tuple[float, int]], prepare: Callable[[], None]) -> tuple[float, int]:
    results = []
    for _ in range(runs):
        prepare()
        results.append(once())
    return min(results)


def measure(command: Sequence[str]) -> tuple[float, int]:
    """Seconds by the clock, and the peak of resident memory in KiB."""
    finished = run(command)
    return finished.seconds, finished.memory >> 10


def skopeo(source: str, destination: str) -> tuple[float, int]:
    return measure(skopeo_command(source, destination))


def skopeo_command(source: str, destination: str) -> list[str]:
    program = shutil.which("skopeo") or "skopeo"
    flags = ["--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests", "--quiet"]
    return [program, "--insecure-policy", "copy", *flags, source, destination]


def clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def report(what: str, measured: tuple[float, int], other_name: str, other: float, limit: float) -> None:
    mine, memory = measured
    verdict = "ok" if mine <= limit * other else "TOO SLOW"
    print(f"{what:15} {mine:6.2f} s   {other_name} {other:6.2f} s   {mine / other:.2f} × (at most {limit}) {verdict}")
    print(f"{'':15} {memory / 1024:6.0f} MiB (at most 100) {'ok' if memory <= 100 * 1024 else 'TOO MUCH'}")


def make_image(folder: Path, megabytes: int) -> Path:
    """A `dir:` image as skopeo reads it; layers of bytes that don't compress further."""
    folder.mkdir()
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    layers, diff_ids = [], []
    for share in SHARES:
        descriptor, diff_id = make_layer(folder, int(megabytes * share))
        layers.append(descriptor)
        diff_ids.append(diff_id)
    rootfs = {"type": "layers", "diff_ids": diff_ids}
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
    digest = hashlib.sha256(config).hexdigest()
    (folder / digest).write_bytes(config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST,
        "config": {"mediaType": media_types.DOCKER_CONFIG, "size": len(config), "digest": f"sha256:{digest}"},
        "layers": layers,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=3))
    return folder


def make_layer(folder: Path, megabytes: int) -> tuple[dict[str, object], str]:
    """A gzip file of one tar member."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    packed, plain = hashlib.sha256(), hashlib.sha256()
    size = 0
    unfinished = folder / "unfinished"
    with unfinished.open("wb") as stream:
        for block in tar_blocks(megabytes):
            piece = packer.compress(block) if block else packer.flush()
            plain.update(block)
            packed.update(piece)
            size += stream.write(piece)
    unfinished.rename(folder / packed.hexdigest())
    descriptor = {
        "mediaType": media_types.DOCKER_LAYER_GZIP,
        "size": size,
        "digest": f"sha256:{packed.hexdigest()}",
    }
    return descriptor, f"sha256:{plain.hexdigest()}"


def tar_blocks(megabytes: int) -> Iterator[bytes]:
    """The tar's bytes, and an empty block at the end."""
    entry = tarfile.TarInfo("data")
    entry.size = megabytes * BLOCK
    yield entry.tobuf(tarfile.USTAR_FORMAT)
    for _ in range(megabytes):
        yield os.urandom(BLOCK)
    yield bytes(1024)
    yield b""


if __name__ == "__main__":
    main()
