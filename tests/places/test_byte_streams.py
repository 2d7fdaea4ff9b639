"""Buffers for reading."""

from __future__ import annotations

import ctypes

from importer.places.byte_streams import BLOCK_SIZE, read_buffer


def test_large_buffer_is_not_where_amd_processors_copy_slowly() -> None:
    # glibc gives a block of its own to what is larger than this, 16 bytes behind the start of a page.
    buffer = read_buffer(64 << 20)
    assert ctypes.addressof(ctypes.c_char.from_buffer(buffer)) % 4096 != 16


def test_buffer_has_its_size() -> None:
    assert len(read_buffer(BLOCK_SIZE)) == BLOCK_SIZE
