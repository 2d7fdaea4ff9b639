"""What callers pass to the search and the recognition: how to open the bytes, and how to report progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from importer.recompression.catalogue import KnownCompressor

Opener = Callable[[], BinaryIO]
"""Opens the same bytes from their start at each call, from any thread."""

Progress = Callable[[KnownCompressor, int], None]
"""Receives how many raw bytes a compressor has processed; called by one thread at a time, not the caller's."""
