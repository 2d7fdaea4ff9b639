"""The encoders under one interface: the C form where it was built, else the Python one.

Both write the same bytes; the speeds tell how long a try takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from importer.recompression.engines.encoders import Encoder
from importer.recompression.engines.go_flate import classic_encoder, modern_encoder
from importer.recompression.engines.native import IS_NATIVE
from importer.recompression.engines.pgzip import Pgzip
from importer.recompression.engines.pigz import Pigz
from importer.recompression.engines.zlib_encoder import ZlibEncoder


@dataclass(frozen=True, slots=True)
class Body:
    """One way to compress."""

    name: str
    make: Callable[[], Encoder]
    speed: float
    """Megabytes of tar per second on one core of 2020 or so, with what is installed here."""


def _speed(native: float, pure: float) -> float:
    return native if IS_NATIVE else pure


def zlib_body(level: int) -> Body:
    """Levels 1 to 9 of zlib with memory level 8, as nearly every program calls it."""
    speeds = {1: 70, 2: 65, 3: 50, 4: 45, 5: 35, 6: 25, 7: 20, 8: 13, 9: 10}
    return Body(f"zlib, level {level}", lambda: ZlibEncoder(level), speeds[level])


def pigz_body(level: int) -> Body:
    """Levels 1 to 9 of pigz 2.6."""
    return Body(f"pigz, level {level}", lambda: Pigz(level), zlib_body(level).speed * 0.8)


def classic_body(level: int) -> Body:
    """Go's compress/flate up to 1.26, levels 1 to 9."""
    native = {1: 130, 2: 90, 3: 70, 4: 55, 5: 45, 6: 30, 7: 22, 8: 12, 9: 8}
    pure = {1: 2.0, 2: 0.8, 3: 0.6, 4: 0.5, 5: 0.45, 6: 0.3, 7: 0.25, 8: 0.15, 9: 0.1}
    return Body(f"Go ≤1.26, level {level}", lambda: classic_encoder(level), _speed(native[level], pure[level]))


_MODERN_SPEEDS: Final = {
    1: (130, 2.7),
    2: (130, 2.0),
    3: (110, 1.5),
    4: (100, 1.4),
    5: (95, 1.0),
    6: (95, 0.7),
    7: (55, 0.5),
    8: (40, 0.4),
    9: (15, 0.15),
}


def modern_body(level: int) -> Body:
    """Go's compress/flate from 1.27 on, and klauspost's compress/flate from 1.18.1 on."""
    return Body(f"Go ≥1.27, level {level}", lambda: modern_encoder(level), _speed(*_MODERN_SPEEDS[level]))


def klauspost_body(level: int) -> Body:
    """What klauspost/compress 1.15.10 to 1.18.0 writes without pgzip."""
    name = f"klauspost 1.15.10-1.18.0, level {level}"
    return Body(name, lambda: modern_encoder(level, full_tables=True), _speed(*_MODERN_SPEEDS[level]))


PGZIP_DEFAULT_LEVEL: Final = 5
"""The one that klauspost's flate takes for -1."""


def pgzip_body(block_size: int, *, full_tables: bool, level: int = PGZIP_DEFAULT_LEVEL) -> Body:
    """Levels 1 to 9 of pgzip with blocks of ``block_size`` bytes; full tables with klauspost 1.15.10 to 1.18.0."""
    versions = "1.15.10-1.18.0" if full_tables else "≥1.18.1"
    named_level = "" if level == PGZIP_DEFAULT_LEVEL else f", level {level}"
    return Body(
        f"pgzip, klauspost {versions}, {block_size >> 10} KiB blocks{named_level}",
        lambda: Pgzip(modern_encoder(level, full_tables=full_tables), block_size),
        _speed(*_MODERN_SPEEDS[level]),
    )
