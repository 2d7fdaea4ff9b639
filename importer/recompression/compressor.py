"""A compressor as a value: what decides which bytes it writes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Family(Enum):
    """An implementation of deflate, in the versions that write the same bytes; the value is its name for people."""

    GO_CLASSIC = "Go ≤1.26"
    """compress/flate of Go 1.15 to 1.26."""
    GO_MODERN = "Go ≥1.27"
    """compress/flate of Go from 1.27 on, and klauspost/compress from 1.18.1 on."""
    KLAUSPOST = "klauspost 1.15.10-1.18.0"
    """klauspost/compress without pgzip."""
    PGZIP_KLAUSPOST = "pgzip, klauspost 1.15.10-1.18.0"
    PGZIP_MODERN = "pgzip, klauspost ≥1.18.1"
    ZLIB = "zlib"
    """zlib with memory level 8, as nearly every program calls it."""
    PIGZ = "pigz"
    """pigz 2.6, with any number of threads."""

    @property
    def is_pgzip(self) -> bool:
        """Whether it compresses in blocks of a size that the program chooses."""
        return self in (Family.PGZIP_KLAUSPOST, Family.PGZIP_MODERN)


PGZIP_DEFAULT_LEVEL: Final = 5
"""The one that klauspost's flate takes for -1."""


@dataclass(frozen=True, slots=True)
class Compressor:
    """All that decides which deflate stream comes of some bytes."""

    family: Family
    level: int
    """1 to 9."""
    block_size: int = 0
    """Of pgzip, in bytes; 0 for all others."""

    @property
    def name(self) -> str:
        """As a person would say it: ``Go ≤1.26, level 6``."""
        if not self.family.is_pgzip:
            return f"{self.family.value}, level {self.level}"
        blocks = f"{self.family.value}, {self.block_size >> 10} KiB blocks"
        return blocks if self.level == PGZIP_DEFAULT_LEVEL else f"{blocks}, level {self.level}"
