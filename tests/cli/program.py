"""Runs blobfix as a user does: another process, its streams pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """How it ended and what it said."""

    code: int
    out: str
    err: str


def blobfix(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> Result:
    """Run ``blobfix ARGUMENTS``."""
    done = subprocess.run(
        [sys.executable, "-m", "importer", *(os.fspath(argument) for argument in arguments)],
        check=False,
        capture_output=True,
        cwd=cwd,
        env={
            **os.environ,
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            **environment,
        },
        timeout=120,
    )
    return Result(done.returncode, done.stdout.decode(errors="surrogateescape"), done.stderr.decode(errors="replace"))
