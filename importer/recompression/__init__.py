"""Computes the original bytes of a gzip layer from its raw tar.

Nearly every layer in circulation was written by one of a handful of deterministic compressors. Each is
here, written to give the same bytes, so that a layer that was decompressed on its way gets its digest
back. A result is proven by its digest; a wrong guess costs only time.
"""

from importer.recompression.catalogue import KnownCompressor, known_compressors, seconds_for
from importer.recompression.compressor import Compressor, Family
from importer.recompression.engines.encoders import Encoder
from importer.recompression.engines.native import IS_NATIVE
from importer.recompression.engines.registry import encoder_of
from importer.recompression.engines.zlib_encoder import is_original_zlib
from importer.recompression.evidence import Evidence, order_by_evidence
from importer.recompression.gzip_file import GzipEncoder, GzipHeader, gzip_encoder_of
from importer.recompression.identifying import Found, Opener, Outcome, Progress, Wanted, identify
from importer.recompression.recognising import Recognition, compressor_of

__all__ = [
    "IS_NATIVE",
    "Compressor",
    "Encoder",
    "Evidence",
    "Family",
    "Found",
    "GzipEncoder",
    "GzipHeader",
    "KnownCompressor",
    "Opener",
    "Outcome",
    "Progress",
    "Recognition",
    "Wanted",
    "compressor_of",
    "encoder_of",
    "gzip_encoder_of",
    "identify",
    "is_original_zlib",
    "known_compressors",
    "order_by_evidence",
    "seconds_for",
]
