"""What the search and the recognition are handed: how to open the bytes, and who is told how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from importer.recompression.catalogue import KnownCompressor

Opener = Callable[[], BinaryIO]
"""Opens the same bytes from their start, as often as it is called, from any thread."""

Progress = Callable[[KnownCompressor, int], None]
"""Told how many raw bytes a compressor has been through; called by one thread at a time, not the caller's."""
