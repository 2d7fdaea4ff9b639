"""Finding and running programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

DEFAULT_TIMEOUT = 120.0
_SYSTEM_PATHS = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

Input = bytes | Path | IO[bytes] | None


class MissingProgramError(Exception):
    """A program isn't on this machine, or can't be run by this user."""


class ProgramError(Exception):
    """A program ended with another exit code than 0; ``output`` holds all it said."""

    def __init__(self, arguments: Sequence[str], returncode: int, output: str) -> None:
        super().__init__(f"{' '.join(arguments)}\nended with exit code {returncode}:\n{output}")
        self.returncode = returncode
        self.output = output


def find(program: str, package: str) -> str:
    """Give the program's path; raises MissingProgramError with the way to get it."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATHS}")
    if path is None:
        raise MissingProgramError(f"{program} is not installed; get it with: apt-get install {package}")
    return path


def find_in_environment(program: str, package: str) -> str:
    """Give the path of a program that a Python package brings; raises MissingProgramError with the way to get it."""
    path = shutil.which(program, path=str(Path(sys.executable).parent))
    if path is None:
        raise MissingProgramError(f"{program} is not installed; get it with: pip install {package}")
    return path


def demand_root(program: str) -> None:
    """Raise MissingProgramError unless the tests run as root."""
    if os.geteuid() != 0:
        raise MissingProgramError(f"{program} is run here as root only; run the tests as root")


def run(
    arguments: Sequence[str],
    *,
    stdin: Input = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> str:
    """Run a program to its end and give its standard output; raises ProgramError when it fails."""
    result = subprocess.run(
        arguments,
        check=False,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=timeout,
        **_input(stdin),  # type: ignore[call-overload]
    )
    output: str = result.stdout.decode(errors="replace")
    if result.returncode != 0:
        raise ProgramError(arguments, result.returncode, output + result.stderr.decode(errors="replace"))
    return output


def _input(stdin: Input) -> dict[str, object]:
    if stdin is None:
        return {"stdin": subprocess.DEVNULL}
    if isinstance(stdin, Path):
        return {"input": stdin.read_bytes()}
    return {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
