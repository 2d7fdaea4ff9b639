"""Go's and klauspost's compress/flate: the C form where it was built, else the Python one; both write the same bytes.

Classic is compress/flate of Go 1.15 to 1.26. Modern is the one that Go took over from klauspost/compress in 1.27.
"""

from __future__ import annotations

from importer.recompression.engines import native as c
from importer.recompression.engines.encoders import Encoder, FlushingEncoder
from importer.recompression.engines.native import IS_NATIVE
from importer.recompression.engines.python.classic_level1 import ClassicLevel1
from importer.recompression.engines.python.classic_levels2to9 import ClassicLevels2To9
from importer.recompression.engines.python.modern_levels7to9 import ModernLevels7To9
from importer.recompression.engines.python.modern_stream import ModernLevels1To6


def classic_encoder(level: int, *, native: bool = IS_NATIVE) -> Encoder:
    """Go's compress/flate up to 1.26, levels 1 to 9; raises ValueError for any other level."""
    if native:
        return c.Classic(level)
    return ClassicLevel1() if level == 1 else ClassicLevels2To9(level)


def modern_encoder(level: int, *, full_tables: bool = False, native: bool = IS_NATIVE) -> FlushingEncoder:
    """Go's compress/flate from 1.27 on, or with full tables klauspost's 1.15.10 to 1.18.0; levels 1 to 9.

    Raises ValueError for any other level.
    """
    if native:
        return c.Modern(level, full_tables)
    return (ModernLevels7To9 if level >= 7 else ModernLevels1To6)(level, full_tables)
