"""From a compressor, which is a value, to an encoder that writes its bytes, and how fast that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from importer.recompression.compressor import Compressor, Family
from importer.recompression.engines.encoders import Encoder
from importer.recompression.engines.go_flate import classic_encoder, modern_encoder
from importer.recompression.engines.native import IS_NATIVE
from importer.recompression.engines.pgzip import Pgzip
from importer.recompression.engines.pigz import Pigz
from importer.recompression.engines.zlib_encoder import ZlibEncoder


def encoder_of(compressor: Compressor, *, native: bool = IS_NATIVE) -> Encoder:
    """A new encoder; ``native`` chooses between C and Python where there are both forms.

    Raises ValueError for levels and sizes of blocks that the family doesn't have.
    """
    level = compressor.level
    full_tables = compressor.family in (Family.KLAUSPOST, Family.PGZIP_KLAUSPOST)
    match compressor.family:
        case Family.GO_CLASSIC:
            return classic_encoder(level, native=native)
        case Family.GO_MODERN | Family.KLAUSPOST:
            return modern_encoder(level, full_tables=full_tables, native=native)
        case Family.PGZIP_MODERN | Family.PGZIP_KLAUSPOST:
            return Pgzip(modern_encoder(level, full_tables=full_tables, native=native), compressor.block_size)
        case Family.ZLIB:
            return ZlibEncoder(level)
        case Family.PIGZ:
            return Pigz(level)


_Speeds = tuple[float, float, float, float, float, float, float, float, float]
"""Of the levels 1 to 9."""

_CLASSIC_IN_C: Final = (130, 90, 70, 55, 45, 30, 22, 12, 8)
_CLASSIC_IN_PYTHON: Final = (2.0, 0.8, 0.6, 0.5, 0.45, 0.3, 0.25, 0.15, 0.1)
_MODERN_IN_C: Final = (130, 130, 110, 100, 95, 95, 55, 40, 15)
_MODERN_IN_PYTHON: Final = (2.7, 2.0, 1.5, 1.4, 1.0, 0.7, 0.5, 0.4, 0.15)
_ZLIB: Final = (70, 65, 50, 45, 35, 25, 20, 13, 10)
_PIGZ: Final = (56, 52, 40, 36, 28, 20, 16, 10.4, 8)

_SPEEDS: Final[Mapping[Family, tuple[_Speeds, _Speeds]]] = {
    Family.GO_CLASSIC: (_CLASSIC_IN_C, _CLASSIC_IN_PYTHON),
    Family.GO_MODERN: (_MODERN_IN_C, _MODERN_IN_PYTHON),
    Family.KLAUSPOST: (_MODERN_IN_C, _MODERN_IN_PYTHON),
    Family.PGZIP_MODERN: (_MODERN_IN_C, _MODERN_IN_PYTHON),
    Family.PGZIP_KLAUSPOST: (_MODERN_IN_C, _MODERN_IN_PYTHON),
    Family.ZLIB: (_ZLIB, _ZLIB),
    Family.PIGZ: (_PIGZ, _PIGZ),
}
"""With the C form, and without it."""


def speed_of(compressor: Compressor) -> float:
    """Megabytes of tar per second on one core of 2020 or so, with what is installed here; estimated."""
    native, python = _SPEEDS[compressor.family]
    return (native if IS_NATIVE else python)[compressor.level - 1]
