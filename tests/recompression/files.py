"""Gzip files as known compressors and a foreign one write them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

from importer.recompression import GzipEncoder, GzipHeader, KnownCompressor, gzip_encoder_of


def opener(data: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(data)


def compressed(known: KnownCompressor, data: bytes, header: GzipHeader | None = None) -> bytes:
    encoder = gzip_encoder_of(known.compressor, header or known.headers[0])
    return encoder.write(data) + encoder.finish()


class Foreign:
    """A compressor that is not among the known: zlib with another memory level, as no known program calls it."""

    def __init__(self) -> None:
        self._encoder = zlib.compressobj(6, zlib.DEFLATED, -15, 5)
        self.write = self._encoder.compress
        self.finish = self._encoder.flush


def foreign(data: bytes) -> bytes:
    encoder = GzipEncoder(GzipHeader(), Foreign())
    return encoder.write(data) + encoder.finish()


class Dripping(io.BytesIO):
    """Gives at most 777 bytes at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 777) if size and size > 0 else 777)
