"""The one way from an address to its bytes."""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from typing import BinaryIO, Final

from importer.errors import BombError, DecodeError
from importer.formats.decoders import decoder_for, decoder_of
from importer.formats.streams import DecodedStream, Ending
from importer.formats.transfer_codings.coding import decode
from importer.places.address import (
    Address,
    Copied,
    Decoded,
    Decompressed,
    FileOnDisk,
    Joined,
    Literal,
    Member,
    Part,
    Recompressed,
    StoredObject,
    Unpacked,
    can_seek,
)
from importer.places.byte_streams import BLOCK_SIZE, blocks_of_stream, open_joined, open_part, open_pieces, skip
from importer.places.spool import Spool
from importer.places.store import Opened, Store

# What an image wants may hold a disk of zeros, and zstd packs those 20,000 times smaller. Hashing so much takes
# some ten seconds; more would be hours, and would fill the disk.
_LARGEST: Final = 16 << 30
_LARGEST_RATIO: Final = 1000


class _Copy:
    """A temporary copy, which is made once, by the first who needs it; others wait for that copy alone."""

    def __init__(self, made: Spool | None = None) -> None:
        self._made = made
        self._lock = threading.Lock()

    def of(self, blocks: Callable[[Address], Generator[bytes, None, None]], address: Copied) -> Spool:
        """The copy of what an address has, as far as it goes; raises OSError and DecodeError."""
        with self._lock:
            if self._made is None:
                made = Spool()
                for block in _between(blocks(address.original), 0, address.size):
                    made.append(block)
                self._made = made
            return self._made


class Opener:
    """Opens addresses, and keeps the temporary copies that some of them need as long as it lives.

    It may be used by several threads, and handed to other processes, which make their own copies.

    Args:
        other: one with which it shares the copies.
    """

    def __init__(self, other: Opener | None = None) -> None:
        self._copies: dict[Copied, _Copy] = other._copies if other else {}
        self._lock: threading.Lock = other._lock if other else threading.Lock()

    def __reduce__(self) -> tuple[type[Opener], tuple[()]]:
        return Opener, ()

    def open(self, address: Address) -> BinaryIO:
        """A new stream from the first byte on, to be read forward; raises OSError, and DecodeError while it is read.

        Where ``can_seek`` says so, it can be read at any place.
        """
        while isinstance(address, Member):
            address = address.content
        match address:
            case FileOnDisk(path):
                return open_regular(path)
            case StoredObject(store, key):
                return self.opened(store, key).stream
            case Part() | Joined() if can_seek(address):
                return self._open_parts(address)
            case Copied():
                return self._copy(address).of(self.blocks, address).open()
            case Literal(content):
                return io.BytesIO(content)
        return open_pieces(self._made(address))

    def opened(self, store: Store, key: str) -> Opened:
        """Open an object of a store; raises OSError."""
        return store.open(key)

    def _open_parts(self, address: Part | Joined) -> BinaryIO:
        if isinstance(address, Part):
            return open_part(partial(self.open, address.whole), address.start, address.length)
        parts = [piece for piece in address.pieces if isinstance(piece, Part)]
        return open_joined([(partial(self.open, part), part.length) for part in parts])

    def blocks(
        self, address: Address, *, start: int = 0, length: int | None = None, block_size: int = BLOCK_SIZE
    ) -> Generator[bytes, None, None]:
        """Yield the bytes (``length`` of them from ``start`` on) in blocks; raises OSError and DecodeError.

        Blocks that are read have up to ``block_size`` bytes; those that are made have what comes out at a time.
        """
        if not can_seek(address):
            made = self._made(address)
            yield from made if not start and length is None else _between(made, start, length)
            return
        with self.open(address) as stream:
            skip(stream, start)
            left = length
            while left is None or left > 0:
                block = stream.read(block_size if left is None else min(block_size, left))
                if not block:
                    return
                if left is not None:
                    left -= len(block)
                yield block

    def head(self, address: Address, size: int) -> bytes:
        """The first ``size`` bytes, or all where there are fewer; raises OSError and DecodeError."""
        return b"".join(self.blocks(address, length=size))

    def keep(self, address: Copied, copy: Spool) -> None:
        """Use a copy that was made already."""
        with self._lock:
            self._copies[address] = _Copy(copy)

    def forget(self, address: Copied) -> None:
        """Let go of a copy that nobody needs."""
        with self._lock:
            self._copies.pop(address, None)

    def _copy(self, address: Copied) -> _Copy:
        with self._lock:
            return self._copies.setdefault(address, _Copy())

    def _made(self, address: Address) -> Generator[bytes, None, None]:
        match address:
            case Member(_, content):
                yield from self._made(content)
            case Part(whole, start, length):
                yield from _between(self.blocks(whole), start, length)
            case Joined(pieces):
                for piece in pieces:
                    yield from self.blocks(piece)
            case Unpacked(packed, coding, most):
                out = decoded(self.open(packed), decoder_of(coding))
                yield from out if most is None else _bounded(out, most)
            case Decompressed():
                yield from self._decompressed(address)
            case Decoded(encoded, coding):
                yield from decode(self.blocks(encoded), coding)
            case Recompressed():
                yield from self._recompressed(address)

    def _decompressed(self, address: Decompressed) -> Iterator[bytes]:
        stream = decoder_for(address.kind)
        size = 0
        for block in self.blocks(address.packed):
            for piece in stream.feed(block):
                size += len(piece)
                if size > _LARGEST and size > stream.consumed * _LARGEST_RATIO:
                    raise BombError(f"{stream.consumed:,} bytes of {address.kind} unpack to more than {size:,} bytes")
                yield piece
            if stream.ending is not None:
                break
        # Bytes that follow the stream don't belong to the content; the content itself must be whole.
        if stream.close() not in (Ending.COMPLETE, Ending.TRAILING_DATA):
            raise DecodeError(f"the {address.kind} data ends {stream.ending}")

    def _recompressed(self, address: Recompressed) -> Iterator[bytes]:
        from importer.recompression import gzip_encoder_of  # noqa: PLC0415 (slow to load, seldom used)

        encoder = gzip_encoder_of(address.compressor, address.header)
        for block in self.blocks(address.plain):
            if packed := encoder.write(block):
                yield packed
        yield encoder.finish()


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file for reading, without buffers of its own; raises OSError for anything else."""
    # Between the listing and now a pipe may have taken the file's place; opening one must not hang.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "no longer a regular file", os.fspath(path))
    return os.fdopen(descriptor, "rb", buffering=0)


def decoded(stream: BinaryIO, decoder: DecodedStream) -> Generator[bytes, None, None]:
    """Yield what a decoder makes of a stream, as far as it is good; closes the stream."""
    with stream:
        for block in blocks_of_stream(stream):
            yield from decoder.feed(block)
            if decoder.ending is not None:
                return


def _between(blocks: Generator[bytes, None, None], start: int, length: int | None) -> Generator[bytes, None, None]:
    end = None if length is None else start + length
    position = 0
    with closing(blocks):
        for block in blocks:
            if end is not None and position >= end:
                return
            if piece := block[max(start - position, 0) : None if end is None else max(end - position, 0)]:
                yield piece
            position += len(block)
            if end is not None and position >= end:
                return


def _bounded(pieces: Generator[bytes, None, None], most: int) -> Generator[bytes, None, None]:
    with closing(pieces):
        for piece in pieces:
            most -= len(piece)
            if most < 0:
                raise OSError(0, "it unpacks to more than the archive declares; refused")
            yield piece
