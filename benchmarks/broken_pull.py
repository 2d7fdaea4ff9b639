"""Pulls an image of about 700 MB over lines that break, and counts what is downloaded twice.

Run from the repository: python -m benchmarks.broken_pull [MEGABYTES] [SECONDS]. First a server cuts every response
after a random number of bytes; then it does so while blobfix is killed by SIGKILL about every SECONDS (3) and started
again. Each pull must end whole, with less than 5 % of the bytes sent twice; else it ends with an error.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.http import clear, make_image
from benchmarks.measure import BLOBFIX
from importer.domain import media_types
from importer.transport.pull import DEFAULT_JOBS
from tests.transport.faulty_server import Fault, FaultyServer, Resource, Seen

API = "/v2/team/app"
MOST_TWICE = 0.05
FEWEST_KILLS = 5
"""The line is so slow that even a pull without a break takes as long as so many kills need."""


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 700
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3.0
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        folder = Path(name)
        resources = offered(make_image(folder / "image", size))
        total = sum(len(resource.content) for path, resource in resources.items() if "/blobs/" in path)
        rate = total / (seconds * FEWEST_KILLS) / DEFAULT_JOBS
        for title, speed, drive in (
            ("every response cut", None, run_once),
            (f"and kill -9 every {seconds:g} s", rate, lambda command: run_and_kill(command, seconds)),
        ):
            with FaultyServer(resources) as server:
                server.script = cutting(random.Random(size), total, speed)
                pull(title, server, folder / "pulled", total, drive)
            clear(folder / "pulled")


def cutting(chance: random.Random, size: int, rate: float | None) -> Callable[[Seen], Fault | None]:
    """Cut each response with a blob's bytes after 100 kB to a sixteenth of the image."""

    def cut(seen: Seen) -> Fault | None:
        return Fault(cut_at=chance.randrange(100_000, size // 16), rate=rate) if "/blobs/" in seen.path else None

    return cut


def pull(title: str, server: FaultyServer, target: Path, size: int, drive: Callable[[list[str]], int]) -> None:
    started = time.monotonic()
    kills = drive([BLOBFIX, "pull", f"{server.host}/team/app:1.4", "-o", str(target), "--quiet"])
    took = time.monotonic() - started
    check(target)
    again = server.sent / size - 1
    print(
        f"{title}: whole after {took:.1f} s, {len(server.requests(f'{API}/blobs/'))} requests, {kills} kills; "
        f"{server.sent:,} bytes sent for {size:,}: {again:.2%} twice"
    )
    if again >= MOST_TWICE:
        sys.exit(f"more than {MOST_TWICE:.0%} twice")


def run_once(command: list[str]) -> int:
    subprocess.run(command, check=True)
    return 0


def run_and_kill(command: list[str], seconds: float) -> int:
    """Kill and start again until one run ends by itself; says how many were killed."""
    chance, kills = random.Random(9), 0
    while True:
        process = subprocess.Popen(command)
        try:
            code = process.wait(seconds * chance.uniform(0.5, 1.5))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            continue
        if code:
            sys.exit(f"blobfix ended with {code}")
        return kills


def check(folder: Path) -> None:
    """Every file must be what its name says, and nothing else may be there."""
    for path in folder.rglob("*"):
        if path.is_dir() or path.name == "manifest.json":
            continue
        with path.open("rb") as stream:
            if path.name != f"sha256__{hashlib.file_digest(stream, 'sha256').hexdigest()}":
                sys.exit(f"{path} is not what its name says")


def offered(image: Path) -> dict[str, Resource]:
    """The paths at which a registry offers a ``dir:`` image; the blobs stay in their files."""
    content = (image / "manifest.json").read_bytes()
    manifest = json.loads(content)
    digest = hashlib.sha256(content).hexdigest()
    root = Resource(content, media_types.DOCKER_MANIFEST, {"Docker-Content-Digest": f"sha256:{digest}"})
    resources = {f"{API}/manifests/1.4": root}
    for blob in (manifest["config"], *manifest["layers"]):
        with (image / blob["digest"].partition(":")[2]).open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        resources[f"{API}/blobs/{blob['digest']}"] = Resource(memoryview(mapped))
    return resources


if __name__ == "__main__":
    main()
