"""Work in a fork with a limit for its time and its memory."""

from __future__ import annotations

import os
import resource
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

SECONDS: Final = 10.0
"""Of processor time; a machine that does other things as well needs longer by the clock."""

MEGABYTES: Final = 500
_WALL: Final = 60.0
_UNFORESEEN: Final = 99
_CODES: Final = frozenset({0, 1, 2, 3, 4, 5})


def run_limited(work: Callable[[], int]) -> str | None:
    """Run in a fork; what is wrong with how it ended, or None."""
    said = os.memfd_create("said")
    try:
        child = os.fork()
        if not child:
            os._exit(_limited(work, said))
        status, usage = _waited(child)
        code = os.waitstatus_to_exitcode(status)
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"took more than {SECONDS:.0f} s"
        if code not in _CODES:
            os.lseek(said, 0, os.SEEK_SET)
            return f"ended with {code}: {os.read(said, 1 << 16).decode('utf-8', 'replace')}"
        # A fork begins with all that its parent has.
        taken = usage.ru_maxrss - _resident()
        if taken > MEGABYTES << 10:
            return f"took {taken >> 10} MB"
        return None
    finally:
        os.close(said)


def _resident() -> int:
    """KiB of memory that this process has now (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() >> 10


def _limited(work: Callable[[], int], said: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS), int(SECONDS) + 1))
    try:
        return work()
    except BaseException:
        os.write(said, traceback.format_exc()[-4000:].encode("utf-8", "replace"))
        return _UNFORESEEN


def _waited(child: int) -> tuple[int, resource.struct_rusage]:
    until = time.monotonic() + _WALL
    while time.monotonic() < until:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            return status, usage
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    return status, usage
