"""Two entries change their names in one step, where the system can do that."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2


def exchange(new: Path, old: Path) -> None:
    """Put ``new`` where ``old`` is, and ``old`` where ``new`` was; both must be there. Raises OSError.

    Source: Linux, renameat2(2), RENAME_EXCHANGE. Elsewhere, and on file systems without it, three
    renames do the same, with a moment between them in which nothing has the old name.
    """
    import ctypes  # noqa: PLC0415 (slow to load, seldom used)

    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None, use_errno=True)
        if not library.renameat2(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(old), _RENAME_EXCHANGE):
            return
    between = new.with_name(f"{new.name}.old")
    old.rename(between)
    new.rename(old)
    between.rename(new)
