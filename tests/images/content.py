"""What test images hold: trees of text files that look like a small Linux system with an application."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import struct
import tarfile
import zlib
from collections.abc import Mapping

import zstandard

Files = Mapping[str, bytes]
"""Path to content; a ``.wh.NAME`` file (empty) takes NAME of a lower layer away."""

_VOCABULARY = (
    "account adapter archive backup batch buffer cache calendar channel client cluster column config contract cursor "
    "customer default delivery device driver element engine event export factory field filter folder format gateway "
    "handler header history import index input interval invoice journal kernel ledger library listener location "
    "manager margin memory message meter module monitor network number object offer order output owner package page "
    "partner payment period policy process product profile project protocol queue record region report request "
    "reserve resource result retry route sample schedule schema season sensor server service session setting share "
    "signal source status storage stream supply system table target task template tenant timer token total trace "
    "transfer update user value vendor version volume warehouse window worker zone"
)
_WORDS = _VOCABULARY.split()


def text(seed: str, size: int) -> bytes:
    """Make ``size`` bytes of lines of words and numbers; the same seed gives the same bytes."""
    source = random.Random(seed)
    lines: list[str] = []
    length = 0
    while length < size:
        words = source.choices(_WORDS, k=source.randint(4, 11))
        lines.append(f"{source.randrange(16**6):06x} {' '.join(words)} = {source.randrange(10**6)}")
        length += len(lines[-1]) + 1
    return ("\n".join(lines) + "\n").encode()[:size]


def noise(size: int, seed: str = "noise") -> bytes:
    """Bytes that no compressor makes smaller; the same seed gives the same bytes."""
    blocks = (hashlib.sha256(f"{seed}{number}".encode()).digest() for number in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def sample_layers(seed: str, size: int) -> list[Files]:
    """Three layers of a few files each, together about ``size`` bytes; the last one takes a file away."""
    name = hashlib.sha256(seed.encode()).hexdigest()[:8]
    system = {
        "etc/os-release": b'NAME="Example Linux"\nID=example\nVERSION_ID="12"\n',
        "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/srv/app:/bin/false\n",
        "etc/hostname": f"build-{name}\n".encode(),
        "usr/share/doc/example/changelog": text(f"{seed}/changelog", size * 5 // 12),
    }
    application = {
        "srv/app/settings.ini": b"[server]\nport = 8080\nworkers = 4\n\n[log]\nlevel = info\n",
        "srv/app/data/products.txt": text(f"{seed}/products", size * 3 // 12),
        "srv/app/data/routes.txt": text(f"{seed}/routes", size * 2 // 12),
        "srv/app/README": text(f"{seed}/readme", 1500),
    }
    update = {
        "srv/app/data/.wh.routes.txt": b"",
        "srv/app/data/regions.txt": text(f"{seed}/regions", size * 2 // 12),
        "srv/app/settings.ini": b"[server]\nport = 8443\nworkers = 8\n\n[log]\nlevel = warning\n",
    }
    return [system, application, update]


def tar_of(files: Files) -> bytes:
    """Pack files, and the folders they are in, in the order of their paths; always the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted({folder for path in files for folder in _parents(path)} | set(files)):
            entry = tarfile.TarInfo(name)
            entry.mtime = 1_700_000_000
            if name in files:
                entry.size, entry.mode = len(files[name]), 0o644
                tar.addfile(entry, io.BytesIO(files[name]))
            else:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
    return buffer.getvalue()


def compress(tar: bytes, compression: str) -> bytes:
    """Pack a layer's tar with ``gzip``, ``zstd`` or ``none``; always the same bytes on one machine."""
    match compression:
        case "none":
            return tar
        case "gzip":
            return gzip.compress(tar, mtime=0)
        case "zstd":
            return zstandard.ZstdCompressor(write_checksum=True).compress(tar)
    raise ValueError(f"not a compression: {compression!r}")


def strange(tar: bytes, _: str = "gzip") -> bytes:
    """Pack a layer's tar with gzip as no known program does: an empty block comes first."""
    encoder = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"\0\0\0\xff\xff" + encoder.compress(tar) + encoder.flush()
    header = bytes.fromhex("1f8b08000000000000ff")
    return header + body + struct.pack("<II", zlib.crc32(tar), len(tar) & 0xFFFFFFFF)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
