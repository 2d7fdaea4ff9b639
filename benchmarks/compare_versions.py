"""Whether two versions say and write the same: ``python -m benchmarks.compare_versions OLD NEW [FOLDER…]``.

OLD and NEW are two installed ``blobfix`` programs. Every folder (by default each input of ``fixtures/damages``) is
scanned by both, with and without ``--deep``, and written as a docker tar, a registry tree and an OCI layout. Reports
are compared byte for byte, outputs by the digests of their files, and everything by its exit code and its messages.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_CASES: Final = Path(__file__).parents[1] / "fixtures" / "damages"
_SCANS: Final = (
    ("scan", "--format", "json"),
    ("scan", "--format", "json", "--deep"),
    ("scan", "--verbose"),
    ("scan", "--format", "sarif"),
    ("repair-tree", "--format", "json"),
)
_WRITERS: Final = (
    ("to-docker-tar", "image.tar"),
    ("to-registry-tree", "tree"),
    ("to-oci-layout", "layout"),
    ("to-build-context", "context"),
)


def main(old: str, new: str, folders: list[Path]) -> int:
    """Print each difference, and how much was compared; gives 1 if there was one."""
    compared = different = 0
    for folder in folders:
        for before, after in zip(answers(old, folder), answers(new, folder), strict=True):
            compared += 1
            if before != after:
                different += 1
                print(f"{folder}: {before[0]}\n--- old\n{before[1]}\n--- new\n{after[1]}")
    print(f"{compared} answers for {len(folders)} inputs compared, {different} different")
    return 1 if different else 0


def answers(program: str, folder: Path) -> Iterator[tuple[str, str]]:
    """What a version says of an input and writes of it: the command, and its exit code, output and files."""
    for scan in _SCANS:
        yield " ".join(scan), _said(program, [*scan, "--no-progress", str(folder)])
    for command, name in _WRITERS:
        with tempfile.TemporaryDirectory() as place:
            target = Path(place) / name
            said = _said(program, [command, str(folder), "-o", str(target), "--no-progress"])
            yield command, said.replace(place, "PLACE") + _digest_of(target)


def _said(program: str, arguments: list[str]) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, check=False)
    return f"exit {done.returncode}\n{done.stdout.decode('utf-8', 'replace')}\n{done.stderr.decode('utf-8', 'replace')}"


def _digest_of(target: Path) -> str:
    hashed = hashlib.sha256()
    files = [target] if target.is_file() else sorted(path for path in target.rglob("*") if path.is_file())
    for path in files:
        hashed.update(f"{path.relative_to(target)}\n".encode() + path.read_bytes())
    return hashed.hexdigest()


if __name__ == "__main__":
    _old, _new, *_given = sys.argv[1:]
    _folders = [Path(each) for each in _given] or sorted(_CASES.glob("*/input"))
    sys.exit(main(_old, _new, _folders))
