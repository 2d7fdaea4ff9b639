"""Computes the original bytes of a gzip layer from its raw tar.

Nearly every layer in circulation was written by one of a handful of deterministic compressors. Each is
here, written to give the same bytes, so that a layer that was decompressed on its way gets its digest
back. A result is proven by its digest; a wrong guess costs only time.
"""

from importer.recompression.callbacks import Opener, Progress
from importer.recompression.catalogue import KnownCompressor, known_compressors, seconds_for
from importer.recompression.compressor import Compressor, Family
from importer.recompression.engines.encoders import Encoder
from importer.recompression.engines.native import IS_NATIVE
from importer.recompression.engines.registry import encoder_of
from importer.recompression.engines.zlib_encoder import is_original_zlib
from importer.recompression.evidence import Evidence, order_by_evidence
from importer.recompression.gzip_file import GzipEncoder, GzipHeader, gzip_encoder_of
from importer.recompression.recognition import Recognition, recognise
from importer.recompression.search import Found, Outcome, Wanted, find_compressor

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
    "encoder_of",
    "find_compressor",
    "gzip_encoder_of",
    "is_original_zlib",
    "known_compressors",
    "order_by_evidence",
    "recognise",
    "seconds_for",
]
