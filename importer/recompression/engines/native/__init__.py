"""The deflate encoders of Go and klauspost/compress in C, where they were built and can be loaded."""

from typing import Final

try:
    from importer.recompression.engines.native._deflate import Classic, Modern
except ImportError:
    _has_extension = False
else:
    _has_extension = True

__all__ = ["IS_NATIVE", "Classic", "Modern"]

IS_NATIVE: Final = _has_extension
"""Whether the C form was built and can be loaded; an install without a compiler does without."""
