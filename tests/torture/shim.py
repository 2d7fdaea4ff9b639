"""The library that stands between a process and the system, and what it can be told to do."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SOURCE: Final = Path(__file__).with_name("shim.c")
_PASS, _KILL, _TEAR, _FAIL = range(4)
_EVERY: Final = "orwtsnlmuc"


@dataclass(frozen=True)
class Fault:
    """What happens at one call.

    Attributes:
        name: of it.
        kinds: the calls at which it can happen, by the letters in shim.c.
        what: the shim's number for it.
        error: which error is answered.
        stays: whether all later calls that need room fail as well.
    """

    name: str
    kinds: str
    what: int
    error: int = 0
    stays: bool = False

    @property
    def kills(self) -> bool:
        """Whether it ends the process."""
        return self.what != _FAIL


FAULTS: Final = (
    Fault("kill", _EVERY, _KILL),
    Fault("torn write", "w", _TEAR),
    Fault("disk full", "owtsnlm", _FAIL, errno.ENOSPC, stays=True),
    Fault("quota", "owts", _FAIL, errno.EDQUOT),
    Fault("I/O error", _EVERY, _FAIL, errno.EIO),
    Fault("no permission", "ornlmuc", _FAIL, errno.EACCES),
)


def compiler() -> str | None:
    """A C compiler, if there is one."""
    return shutil.which("cc") or shutil.which("gcc")


def build(folder: Path) -> Path:
    """Compile the library; raises CalledProcessError."""
    library = folder / "shim.so"
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([compiler() or "cc", *flags, "-o", library, _SOURCE, "-ldl", "-lpthread"], check=True)
    return library


def arm(folder: Path, at: int = 0, fault: Fault | None = None, trace: int = -1) -> None:
    """From now on count this process's calls below the folder; at one of them let the fault happen."""
    what, error, stays = (fault.what, fault.error, fault.stays) if fault else (_PASS, 0, False)
    ctypes.CDLL(None).torture_arm(os.fsencode(folder), ctypes.c_long(at), what, error, int(stays), trace)


def disarm() -> None:
    """From now on count nothing, and let nothing happen."""
    arm(Path())


def kinds() -> str:
    """A letter for each call so far."""
    function = ctypes.CDLL(None).torture_kinds
    function.restype = ctypes.c_char_p
    return str(function().decode())
