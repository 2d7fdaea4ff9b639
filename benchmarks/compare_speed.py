"""Whether a version got slower: ``python -m benchmarks.compare_speed OLD NEW [--rounds N] [--size MIB]``.

OLD and NEW are two installed ``blobfix`` programs, installed in the same way (an editable install takes longer to
start). Both do the main job, pull, push and serve, in turn, each first as often as the other. Processor seconds are
counted: what the servers and skopeo need isn't. Needs docker-registry and skopeo.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.http import NAME, address_in, skopeo_command
from benchmarks.large_image import make_image
from benchmarks.measure import fetch_memory, run
from tests.programs.docker_registry import DockerRegistry
from tests.programs.process import Server
from tests.programs.skopeo import Skopeo

_SMALL: Final = Path(__file__).parents[1] / "fixtures" / "damaged" / "downloads"
_DAMAGED: Final = (0, 1, 3)

Work = Callable[[str], float]
"""Has one program do something, and gives its processor seconds."""


def main() -> None:
    """Measure, and print a row for each kind of work."""
    parser = argparse.ArgumentParser()
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--size", type=int, default=700, help="MiB of gzip in three layers")
    options = parser.parse_args()
    print("| work | old | new | new / old, median of pairs | of the fastest |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        folder = Path(name)
        make_image(folder, [options.size * 4 // 7, options.size * 2 // 7, options.size // 7])
        for what, work in _works(folder):
            pairs = _pairs(work, options.old, options.new, options.rounds)
            print(_row(what, pairs), flush=True)


def _pairs(work: Work, old: str, new: str, rounds: int) -> list[tuple[float, float]]:
    pairs = []
    for number in range(rounds + 1):
        fetch_memory()
        order = (old, new) if number % 2 else (new, old)
        spent = {program: work(program) for program in order}
        if number:
            pairs.append((spent[old], spent[new]))
    return pairs


def _row(what: str, pairs: list[tuple[float, float]]) -> str:
    old, new = ([pair[side] for pair in pairs] for side in (0, 1))
    ratio = statistics.median(after / before for before, after in pairs)
    medians = f"{statistics.median(old):.3f} s | {statistics.median(new):.3f} s"
    return f"| {what} | {medians} | **{ratio:.3f} ×** | {min(new) / min(old):.3f} × |"


def _works(folder: Path) -> Iterator[tuple[str, Work]]:
    image, output = str(folder / "artifactory"), folder / "output"

    def command(*arguments: str) -> Work:
        def work(program: str) -> float:
            _remove(output)
            return run([program, *arguments], _DAMAGED).processor

        return work

    yield "`--version`", command("--version")
    yield "`scan`, a small folder", command("scan", str(_SMALL))
    yield "`scan`", command("scan", image)
    yield "`to-registry-tree`", command("to-registry-tree", image, "-o", str(output))
    yield "`to-docker-tar`", command("to-docker-tar", image, "-o", str(output))
    yield "`to-oci-layout`", command("to-oci-layout", image, "-o", str(output))
    with DockerRegistry(folder / "registry") as registry:
        reference = f"{registry.host}/{NAME}"
        Skopeo().copy(f"dir:{folder / 'skopeo'}", f"docker://{reference}")
        yield "`pull`", command("pull", reference, "-o", str(output), "--quiet")
    yield "`push`", lambda program: _push(program, image, folder / "pushed")
    yield "`serve`", lambda program: _serve(program, image, folder / "served")


def _push(program: str, image: str, root: Path) -> float:
    _remove(root)
    with DockerRegistry(root) as registry:
        return run([program, "push", image, f"{registry.host}/{NAME}", "--quiet"]).processor


def _serve(program: str, image: str, target: Path) -> float:
    """What the server needs while skopeo pulls everything once."""
    _remove(target)
    log = target.with_suffix(".log")
    log.unlink(missing_ok=True)
    server = Server([program, "serve", image, "--port", "0"], log)
    host = server.wait_for(lambda: address_in(server.read_log()))
    pull = skopeo_command(f"docker://{host}/team/big:1.0", f"dir:{target}")
    subprocess.run(pull, check=True, stdout=subprocess.DEVNULL)
    before = _spent_by_children()
    server.stop()
    return _spent_by_children() - before


def _spent_by_children() -> float:
    """Processor seconds of the processes that this one has started, and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
