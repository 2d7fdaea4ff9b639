"""Running blobfix as a user does: as a process of its own, judged by what it prints and leaves behind.

Tests that need hundreds of runs, and not the process around them, call ``tests.in_process.run``: the same result,
sooner.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

HOME = Path(__file__).parent.parent
TIMEOUT = 120.0


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """The standard output as text."""
        return self.stdout.decode()

    @property
    def output(self) -> str:
        """Everything that was printed, the standard output first."""
        return self.stdout.decode(errors="replace") + self.stderr

    @property
    def json(self) -> dict[str, Any]:
        """The standard output as one JSON document."""
        value: dict[str, Any] = json.loads(self.stdout.decode("utf-8"))
        return value


def command(*arguments: str | os.PathLike[str] | bytes) -> list[str | bytes]:
    """The command line of ``blobfix ARGUMENTS``, of this very source tree."""
    return [sys.executable, "-m", "importer", *(os.fspath(argument) for argument in arguments)]


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables for such a process: the package is found from any current folder."""
    return {**os.environ, "PYTHONPATH": str(HOME), **(changes or {})}


def blobfix(
    *arguments: str | os.PathLike[str] | bytes,
    cwd: Path | None = None,
    variables: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    stdout: int | IO[bytes] = subprocess.PIPE,
    prefix: Sequence[str] = (),
) -> Result:
    """Run ``blobfix ARGUMENTS`` to its end; a traceback is a failure whatever the exit code.

    ``prefix`` is a command that runs another one, as ``setpriv --reuid=1000``.
    """
    result = subprocess.run(
        [*prefix, *command(*arguments)],
        check=False,
        cwd=cwd,
        env=environment(variables),
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
    )
    stderr = result.stderr.decode("utf-8", "backslashreplace")
    assert "Traceback" not in stderr, stderr
    return Result(result.returncode, result.stdout or b"", stderr)


def scan(*arguments: str | os.PathLike[str] | bytes, code: int | None = None) -> dict[str, Any]:
    """The JSON report about some paths; with ``code``, the exit code is checked."""
    result = blobfix("scan", "--format", "json", *arguments)
    assert code is None or result.code == code, f"exit code {result.code}\n{result.stderr}\n{result.text}"
    return result.json


def start(
    *arguments: str | os.PathLike[str] | bytes, variables: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start ``blobfix ARGUMENTS`` and let it run."""
    return subprocess.Popen(
        command(*arguments),
        env=environment(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def snapshot(folder: Path, *, times: bool = False) -> dict[str, tuple[object, ...]]:
    """All entries below a folder: kind, permissions and content; with ``times``, also when each was changed."""
    return {
        os.fspath(path.relative_to(folder)): _state(path, times)
        for path in sorted(folder.rglob("*"), key=os.fspath)
        if path.name != "lost+found"
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Every regular file below a folder: its path from there, with slashes, and its bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leftovers(folder: Path) -> list[Path]:
    """What a command that didn't end well may leave behind, and one that ended may not."""
    return [path for path in folder.rglob("*") if path.name.startswith(".blobfix-")]


def _state(path: Path, times: bool) -> tuple[object, ...]:
    status = path.lstat()
    content: object = None
    if stat.S_ISLNK(status.st_mode):
        content = os.fspath(path.readlink())
    elif stat.S_ISREG(status.st_mode):
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
    return (status.st_mode, content, status.st_mtime_ns if times else None)
