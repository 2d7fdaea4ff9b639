"""Tars block by block, for those that no library would write."""

from __future__ import annotations

import tarfile

from importer.writers.tar_entries import TarEntry, TarReader

END = bytes(1024)


def header(name: str, kind: bytes = b"0", size: int = 0, link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info.tobuf(format=tarfile.USTAR_FORMAT)


def extended(kind: bytes, content: bytes) -> bytes:
    return header("extended", kind, len(content)) + content + bytes(-len(content) % 512)


def record(key: bytes, value: bytes) -> bytes:
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    return b"%d %s=%s\n" % (rest + len(str(length)), key, value)


def entries(*blocks: bytes) -> list[TarEntry]:
    return list(TarReader(iter([b"".join(blocks) + END]), "the layer"))
