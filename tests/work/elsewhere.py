"""A task whose result depends on where it is carried out; workers load this module."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.places.address import FileOnDisk
from importer.places.store import Opened
from importer.work.task import Tools


@dataclass(frozen=True)
class Elsewhere:
    """A store with one object, which only one process can open."""

    number: int
    home: int

    def address(self, key: str) -> FileOnDisk:
        return FileOnDisk(key)

    def open(self, key: str) -> Opened:
        if os.getpid() != self.home:
            raise OSError(self.number, os.strerror(self.number), key)
        return Opened(Path(key).open("rb", buffering=0), ())


@dataclass(frozen=True)
class ReadObject:
    store: Any
    key: str
    size: int = 5

    def carry_out(self, tools: Tools) -> str:
        try:
            with tools.opener.opened(self.store, self.key).stream as stream:
                return stream.read().decode()
        except OSError:
            return "damaged"
