"""Inputs for the encoders, made from a seed: the same bytes on every machine and Python."""

from __future__ import annotations

import io
import random
import re
import tarfile
from collections.abc import Callable, Iterator
from typing import Final

_WORDS: Final = re.split(
    " ",
    "the of layer and a digest to blob in manifest is config that registry it push as pull with image for tar on"
    " gzip be this by sha256 are not or from at have library /usr/lib/python3 /usr/share/doc return import self None"
    " def class error (and 0x00 0xff { } ;\n \n\n , . = == -> \t",
)


def _zeros(_rng: random.Random, size: int) -> bytes:
    return bytes(size)


def _noise(rng: random.Random, size: int) -> bytes:
    return rng.randbytes(size)


def _words(rng: random.Random) -> Iterator[bytes]:
    while True:
        # The square makes some words common and others rare.
        yield _WORDS[int(rng.random() ** 2 * len(_WORDS))].encode() + b" "


def _runs(rng: random.Random) -> Iterator[bytes]:
    while True:
        yield bytes([int(rng.random() * 4)]) * (1 + int(rng.random() ** 4 * 2000))


def _skewed(rng: random.Random) -> Iterator[bytes]:
    while True:
        yield bytes(int(rng.random() ** 3 * 256) for _ in range(512))


def _echoes(rng: random.Random) -> Iterator[bytes]:
    """Pieces of what came before, at all distances up to a little over the window, with a byte changed."""
    past = bytearray(rng.randbytes(64))
    yield bytes(past)
    while True:
        length = 3 + int(rng.random() ** 3 * 600)
        distance = 1 + int(rng.random() ** 2 * 34000)
        start = max(0, len(past) - distance)
        piece = bytearray(past[start : start + length]) + rng.randbytes(int(rng.random() * 3))
        yield bytes(piece)
        past += piece
        del past[:-40000]


def _mixed(rng: random.Random) -> Iterator[bytes]:
    makers = (_words, _runs, _skewed, _echoes)
    while True:
        part = 1 + int(rng.random() ** 2 * 150_000)
        which = int(rng.random() * 6)
        yield rng.randbytes(part) if which >= len(makers) else _take(makers[which](rng), part)


def _tar(rng: random.Random, size: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        while out.tell() < size:
            content = _take(_mixed(rng), int(rng.random() ** 3 * 60_000))
            info = tarfile.TarInfo(f"usr/share/{int(rng.random() * 1000)}/{len(content)}.bin")
            info.size = len(content)
            info.mtime = 1_700_000_000 + int(rng.random() * 1000)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()[:size]


def _take(parts: Iterator[bytes], size: int) -> bytes:
    out = bytearray()
    while len(out) < size:
        out += next(parts)
    return bytes(out[:size])


def _streamed(make: Callable[[random.Random], Iterator[bytes]]) -> Callable[[random.Random, int], bytes]:
    return lambda rng, size: _take(make(rng), size)


KINDS: Final[dict[str, Callable[[random.Random, int], bytes]]] = {
    "zeros": _zeros,
    "noise": _noise,
    "words": _streamed(_words),
    "runs": _streamed(_runs),
    "skewed": _streamed(_skewed),
    "echoes": _streamed(_echoes),
    "mixed": _streamed(_mixed),
    "tar": _tar,
}


def make_input(kind: str, size: int, seed: int) -> bytes:
    """The ``size`` bytes that belong to the kind and the seed."""
    return KINDS[kind](random.Random(f"{kind} {seed}"), size)


def random_input(seed: int, largest: int) -> bytes:
    """An input of any kind and of a size up to ``largest`` bytes, often near an encoder's limits."""
    rng = random.Random(seed)
    kind = list(KINDS)[int(rng.random() * len(KINDS))]
    edges = [0, 1, 16, 17, 32, 33, 127, 128, 258, 1024, 16384, 32768, 65274, 65535, 65536, 131070, 131072, 262144]
    size = int(rng.random() ** 3 * largest)
    if rng.random() < 0.3:
        size = max(0, edges[int(rng.random() * len(edges))] + int(rng.random() * 5) - 2)
    return make_input(kind, min(size, largest), seed)
