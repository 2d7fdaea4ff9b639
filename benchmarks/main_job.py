"""The main job beside its peers: ``python -m benchmarks.main_job [--rounds N] [--size MIB] [--huge]``.

Needs skopeo and docker-registry, and blobfix installed as users have it (``make benchmark`` sees to that): an
editable install takes 50 ms more to start. Each command runs as a whole process, in turn with its peer,
after one warm-up; medians count. The files are in the page cache, as after a download.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.large_image import make_image
from benchmarks.measure import BLOBFIX, MIB, Ratio, compare, run

MEMORY_BOUND = 80


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=700, help="MiB of gzip in three layers")
    parser.add_argument("--huge", action="store_true", help="measure the memory with a layer of 5 GiB, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        folder = Path(name)
        make_image(folder, [options.size * 4 // 7, options.size * 2 // 7, options.size // 7])
        print("| blobfix / other program | target | ratio | blobfix | other | memory |")
        print("|---|---|---|---|---|---|")
        for row in _rows(folder, options.rounds):
            print(row, flush=True)
        if options.huge:
            _print_huge(folder)


def _rows(folder: Path, rounds: int) -> Iterator[str]:
    image, peer = folder / "artifactory", folder / "skopeo"
    blobs = [str(path) for path in image.rglob("*") if path.is_file()]
    tree, copy, tar, archive = folder / "tree", folder / "copy", folder / "a.tar", folder / "b.tar"

    def clean() -> None:
        for path in (tree, copy):
            shutil.rmtree(path, ignore_errors=True)
        for path in (tar, archive):
            path.unlink(missing_ok=True)

    scan = [BLOBFIX, "scan", str(image)]
    to_tree = [BLOBFIX, "to-registry-tree", str(image), "-o", str(tree)]
    to_tar = [BLOBFIX, "to-docker-tar", str(image), "-o", str(tar)]
    skopeo = ["skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false", f"dir:{peer}"]
    yield _row("`scan` / `sha256sum`", 0.25, compare(scan, ["sha256sum", *blobs], rounds, clean))
    with _registry(folder / "registry") as host:

        def clean_registry() -> None:
            clean()
            shutil.rmtree(folder / "registry" / "docker", ignore_errors=True)

        push = [*skopeo, f"docker://{host}/team/big:1.0"]
        yield _row(
            "`to-registry-tree` / `skopeo copy dir: docker://`", 0.2, compare(to_tree, push, rounds, clean_registry)
        )
        clean_registry()
    yield _row(
        "`to-registry-tree` / `cp -r`", 3.5, compare(to_tree, ["cp", "-r", str(image), str(copy)], rounds, clean)
    )
    save = [*skopeo, f"docker-archive:{archive}:team/big:1.0"]
    yield _row("`to-docker-tar` / `skopeo copy dir: docker-archive:`", 0.1, compare(to_tar, save, rounds, clean))
    version = min(run([BLOBFIX, "--version"]).seconds for _ in range(rounds))
    yield f"| `blobfix --version` | 0.25 s | {version:.2f} s | | | |"
    clean()


def _row(what: str, bound: float, ratio: Ratio) -> str:
    return (
        f"| {what} | {bound} × | **{ratio.ratio:.2f} ×** | {ratio.seconds:.2f} s | {ratio.peer_seconds:.2f} s "
        f"| {ratio.memory // MIB} MiB |"
    )


def _print_huge(folder: Path) -> None:
    shutil.rmtree(folder / "artifactory")
    shutil.rmtree(folder / "skopeo")
    huge = folder / "huge"
    make_image(huge, [5 * 1024])
    image = str(huge / "artifactory")
    print("\n| command, one layer of 5 GiB | memory (bound 80 MiB) |\n|---|---|")
    for command in (
        ["scan", image],
        ["to-registry-tree", image, "-o", str(folder / "huge-tree")],
        ["to-docker-tar", image, "-o", str(folder / "huge.tar")],
    ):
        print(f"| `{command[0]}` | {run([BLOBFIX, *command]).memory // MIB} MiB |", flush=True)


@contextmanager
def _registry(root: Path) -> Iterator[str]:
    root.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = root / "config.yml"
    config.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {root}}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
    )
    command = ["docker-registry", "serve", str(config)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
