"""The state file: what was read, so that a later run need not read it again where nothing has changed.

It is SQLite's, in WAL mode and locked for one process (https://sqlite.org/wal.html, "Use of WAL Without Shared-Memory";
so it may lie on a network file system as well). A kill leaves what was committed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import importer
from importer.errors import OutputError, UsageError
from importer.places.store import Identity
from importer.work.remembering import Key, Note

_APPLICATION: Final = 0x626C6F62
"""By which a state file is told from other databases (https://sqlite.org/fileformat2.html, offset 68)."""

_VERSION: Final = 1
"""Raised whenever what is remembered changes its meaning."""

_MAGIC: Final = b"SQLite format 3\0"
_BESIDE: Final = {
    "-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"),
    "-shm": (b"",),
    "-journal": (b"\xd9\xd5\x05\xf9", bytes(4)),
}
"""Files that SQLite makes, overwrites and deletes beside a state file, and how those begin that it made itself
(https://sqlite.org/fileformat2.html, "The Rollback Journal" and "WAL File Format"). It makes no -shm here, and leaves
one that is there."""

_BATCH_BYTES: Final = 256 << 20
_BATCH_ROWS: Final = 1000
_TABLE: Final = """CREATE TABLE IF NOT EXISTS facts (
    place TEXT, question TEXT, identity TEXT, note BLOB, size INTEGER, began INTEGER, blobfix TEXT,
    PRIMARY KEY (place, question, identity)) WITHOUT ROWID"""


class State:
    """One state file that is open.

    Args:
        path: the file; it is made if it isn't there.
        warn: is told of a file that is broken, of which nothing is believed.

    Raises UsageError for a file of another kind, for one that another process uses, and for one beside which a foreign
    file has a name that SQLite needs.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._rows = self._bytes = 0
        if not path.parent.is_dir():
            raise UsageError(f"{path.parent}: no such folder; create it first")
        is_sound = _is_ours(path)
        _demand_own_files_beside(path)
        try:
            self._connection = _opened(path) if is_sound else _renewed(path, warn)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageError(f"{path}: another blobfix is using this state file; give each its own") from error
            raise OutputError(f"{path}: can't be used as a state file: {error}") from error
        except sqlite3.DatabaseError:
            self._connection = _renewed(path, warn)

    def recall(self, key: Key, identity: Identity, since: int) -> Note | None:
        """What was noted of a place that is unchanged, in a reading that didn't begin before ``since``."""
        with self._lock:
            try:
                row = self._connection.execute(
                    "SELECT note, began FROM facts WHERE place=? AND question=? AND identity=? AND began>=?",
                    (_text(key.place), key.question, _marks(identity), since),
                ).fetchone()
            except sqlite3.DatabaseError:
                # A page of it is broken: it is no more believed than one that isn't there.
                return None
        return Note(*row) if row and isinstance(row[0], bytes) and isinstance(row[1], int) else None

    def note(self, key: Key, identity: Identity, note: Note, size: int) -> None:
        """Remember an answer, of which ``size`` bytes were read. Raises OutputError."""
        row = (_text(key.place), key.question, _marks(identity), note.content, size, note.began, importer.__version__)
        with self._lock, self._writing():
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._rows, self._bytes = self._rows + 1, self._bytes + size
            if self._rows >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
                self._connection.commit()
                self._rows = self._bytes = 0

    def close(self) -> None:
        """Keep what was noted. Raises OutputError."""
        with self._lock, self._writing():
            self._connection.commit()
            self._connection.close()

    def _writing(self) -> _Writing:
        return _Writing(self.path)


class _Writing:
    """What SQLite refuses is an error of blobfix's own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise OutputError(f"{self._path}: the state can't be written: {error}") from error


def files_of_state(path: Path) -> Iterator[Path]:
    """A state file, and the files beside it that SQLite makes; of a link, beside the file that it leads to."""
    yield path
    yield from (_beside(path, suffix) for suffix in _BESIDE)


def _beside(path: Path, suffix: str) -> Path:
    return Path(f"{os.path.realpath(path)}{suffix}")


def _demand_own_files_beside(path: Path) -> None:
    is_new = not path.exists() or not path.stat().st_size
    for suffix, beginnings in _BESIDE.items():
        other = _beside(path, suffix)
        if os.path.lexists(other) and (is_new or not _begins(other, beginnings)):
            raise UsageError(
                f"--state {path}: {other} is there, and isn't of this state; give another name, or move that file away"
            )


def _begins(path: Path, beginnings: tuple[bytes, ...]) -> bool:
    """Whether a regular file is empty, or begins so."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return False
    try:
        with path.open("rb") as stream:
            beginning = stream.read(4)
    except OSError:
        return False
    return not beginning or beginning.startswith(beginnings)


def _is_ours(path: Path) -> bool:
    """Whether a state file is there whose header is right, or none at all; raises UsageError for another file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(f"--state {path}: is not a regular file; give the name of a file on this machine")
        with path.open("rb") as stream:
            header = stream.read(100)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise UsageError(f"{path}: can't be used as a state file: {error.strerror}") from error
    if not header:
        return True
    if not header.startswith(_MAGIC) or int.from_bytes(header[68:72]) != _APPLICATION:
        raise UsageError(f"{path}: is not a state file, and is left as it is; give another name, or delete it")
    return int.from_bytes(header[60:64]) == _VERSION


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute(f"PRAGMA application_id={_APPLICATION}")
        connection.execute(f"PRAGMA user_version={_VERSION}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_TABLE)
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged")
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _renewed(path: Path, warn: Callable[[str], None]) -> sqlite3.Connection:
    warn(f"{path}: the state file is damaged or of another version of blobfix; everything is read again")
    for each in (Path(os.path.realpath(path)), _beside(path, "-wal"), _beside(path, "-journal")):
        with suppress(FileNotFoundError):
            each.unlink()
    return _opened(path)


def _marks(identity: Identity) -> str:
    return json.dumps(identity.marks)


def _text(path: str) -> str:
    """A path as SQLite takes it: it may have bytes that are no text."""
    return os.fsencode(path).decode("latin-1")
