"""One process at a time, on every system: a lock that ends with the process, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
"""What a file system says that knows no locks: it's as if nobody held one."""

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool | None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(descriptor: int) -> bool | None:
        """Whether the lock is ours now; None when the file system can't tell."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return None if error.errno in _NO_LOCKS else False
        return True


_POLL_INTERVAL: Final = 0.2
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None], sleep: Callable[[float], None]) -> Iterator[None]:
    """Hold the lock file ``path``; it is gone at the end.

    Args:
        path: a file of its own, beside what it guards.
        waiting: called once when another process holds the lock; what it raises ends the waiting.
        sleep: waits so many seconds.

    Raises OSError when the file can't be made.
    """
    told = False
    while (descriptor := hold(path)) is None:
        if not told:
            waiting()
            told = True
        sleep(_POLL_INTERVAL)
    try:
        yield
    finally:
        # Windows removes no file that is open; one that stays is empty and in nobody's way.
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def hold(path: Path) -> int | None:
    """Make the lock file, and hold it until the descriptor is closed, by the end of the process at the latest.

    None when another has the lock, or has just removed it. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o644)
    if _try_lock(descriptor) is not False and _is_still(path, descriptor):
        return descriptor
    os.close(descriptor)
    return None


@contextmanager
def is_free(path: Path, *, make: bool = False) -> Iterator[bool]:
    """Whether a lock file is there that surely nobody holds; then nobody else gets it meanwhile.

    With ``make``, one that is missing is made, so that nobody can begin to hold it unseen.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | _NO_LINK | (os.O_CREAT if make else 0), 0o644)
    except OSError:
        yield False
        return
    try:
        yield _try_lock(descriptor) is True and _is_still(path, descriptor)
    finally:
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the locked file is the one that others find: its last holder may just have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
