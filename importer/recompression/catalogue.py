"""The compressors in circulation, as data.

Each with the headers that the programs using it write. How common each is was estimated from the public
sources of the programs named; it only decides what is tried first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from importer.recompression.compressor import PGZIP_DEFAULT_LEVEL, Compressor, Family
from importer.recompression.engines.registry import speed_of
from importer.recompression.engines.zlib_encoder import is_original_zlib
from importer.recompression.gzip_file import GzipHeader

GO_ZERO_TIME: Final = 0x886E0900
"""Go's zero time cut to 32 bits: klauspost's gzip and pgzip write it, and compress/gzip did before Go 1.8."""

_FASTEST: Final = 4
_BEST: Final = 2
_OS_FAT: Final = 0
_OS_UNIX: Final = 3


@dataclass(frozen=True, slots=True)
class KnownCompressor:
    """A compressor, and what is known of its use."""

    compressor: Compressor
    headers: tuple[GzipHeader, ...]
    """Those that it is known to write, the most common first."""
    writers: tuple[str, ...]
    """The programs that are known to use it."""
    commonness: int
    """The higher, the more layers in circulation were written by it."""

    @property
    def name(self) -> str:
        """As a person would say it: ``Go ≤1.26, level 6``."""
        return self.compressor.name

    @property
    def speed(self) -> float:
        """Megabytes of tar per second on one core, estimated."""
        return speed_of(self.compressor)


def _go_headers(level: int) -> tuple[GzipHeader, ...]:
    """compress/gzip of Go 1.19 and 1.27, gzip.go, Write; the zero time as before Go 1.8."""
    xfl = {1: _FASTEST, 9: _BEST}.get(level, 0)
    return (GzipHeader(xfl=xfl), GzipHeader(mtime=GO_ZERO_TIME, xfl=xfl))


def _klauspost_headers(level: int) -> tuple[GzipHeader, ...]:
    """Of klauspost/compress 1.15.12, gzip/gzip.go, Write; pgzip 1.2.5, gzip.go, Write."""
    return _go_headers(level)[::-1]


def _zlib_headers(level: int) -> tuple[GzipHeader, ...]:
    """Of zlib 1.2.13, deflate.c; java.util.zip.GZIPOutputStream of JDK 17 and 8; libarchive 3.6.2.

    Java always writes 0 as XFL, and 255 as OS from JDK 16 on.
    """
    xfl = {1: _FASTEST, 9: _BEST}.get(level, 0)
    written = (
        GzipHeader(xfl=xfl, os=_OS_UNIX),
        GzipHeader(os=_OS_FAT),
        GzipHeader(),
        GzipHeader(os=_OS_UNIX),
        GzipHeader(xfl=xfl),
    )
    return tuple(dict.fromkeys(written))


def _pigz_headers(level: int) -> tuple[GzipHeader, ...]:
    """Of pigz 2.6, pigz.c, put_header; the name is the one that debuerreotype's oci-image.sh compresses."""
    plain = GzipHeader(xfl={1: _FASTEST, 9: _BEST}.get(level, 0), os=_OS_UNIX)
    named = GzipHeader(xfl=plain.xfl, os=_OS_UNIX, name=b"rootfs.tar")
    return (named, plain) if level == 9 else (plain, named)


_MIB: Final = 1 << 20
_QUARTER_MIB: Final = 1 << 18

_CONTAINERS_IMAGE: Final = ("podman", "buildah", "skopeo", "apko")


def _go(family: Family, level: int, writers: tuple[str, ...] = (), commonness: int = 2) -> KnownCompressor:
    return KnownCompressor(Compressor(family, level), _go_headers(level), writers, commonness)


def _klauspost(family: Family, level: int, writers: tuple[str, ...] = (), commonness: int = 1) -> KnownCompressor:
    return KnownCompressor(Compressor(family, level), _klauspost_headers(level), writers, commonness)


def _pgzip(
    family: Family, block_size: int, writers: tuple[str, ...], commonness: int, *, level: int = PGZIP_DEFAULT_LEVEL
) -> KnownCompressor:
    return KnownCompressor(Compressor(family, level, block_size), _klauspost_headers(level), writers, commonness)


def _zlib(level: int, writers: tuple[str, ...] = (), commonness: int = 1) -> KnownCompressor:
    return KnownCompressor(Compressor(Family.ZLIB, level), _zlib_headers(level), writers, commonness)


def _pigz(level: int, writers: tuple[str, ...], commonness: int) -> KnownCompressor:
    return KnownCompressor(Compressor(Family.PIGZ, level), _pigz_headers(level), writers, commonness)


def _go_compressors() -> list[KnownCompressor]:
    default = ("docker push", "BuildKit", "containerd", "nix2container", "buildpacks")
    fastest = ("crane", "ko", "kaniko", "distroless")
    best = ("BuildKit with compression-level=9",)
    return [
        _go(Family.GO_CLASSIC, 6, default, 100),
        _go(Family.GO_CLASSIC, 1, fastest, 70),
        _go(Family.GO_MODERN, 6, default, 60),
        _go(Family.GO_MODERN, 1, fastest, 40),
        _go(Family.GO_CLASSIC, 9, best, 15),
        *(_go(Family.GO_CLASSIC, level) for level in (2, 3, 4, 5, 7, 8)),
        *(_go(Family.GO_MODERN, level) for level in (2, 3, 4, 7, 8, 9)),
    ]


def _klauspost_compressors() -> list[KnownCompressor]:
    own = ("programs with klauspost/compress/gzip",)
    rare = (1, 2, 3, 4, 6, 7, 8, 9)
    return [
        _pgzip(Family.PGZIP_KLAUSPOST, _MIB, _CONTAINERS_IMAGE, 80),
        _pgzip(Family.PGZIP_MODERN, _MIB, _CONTAINERS_IMAGE, 50),
        _pgzip(Family.PGZIP_KLAUSPOST, _QUARTER_MIB, ("umoci",), 12),
        _pgzip(Family.PGZIP_MODERN, _QUARTER_MIB, ("umoci",), 10),
        _klauspost(Family.KLAUSPOST, 5, own, 8),
        _klauspost(Family.GO_MODERN, 5, own, 7),
        *(
            _pgzip(family, _MIB, _CONTAINERS_IMAGE[:3], 1, level=level)
            for level in rare
            for family in (Family.PGZIP_KLAUSPOST, Family.PGZIP_MODERN)
        ),
        *(_klauspost(Family.KLAUSPOST, level) for level in rare),
    ]


def _zlib_compressors() -> list[KnownCompressor]:
    if not is_original_zlib():
        return []
    return [
        _pigz(9, ("debuerreotype: Debian's base layer",), 35),
        _pigz(6, (), 9),
        _zlib(6, ("jib", "Java", "bsdtar", "bazel tar.bzl", "Python"), 30),
        _zlib(9, ("bsdtar", "Python"), 14),
        *(_zlib(level) for level in (1, 2, 3, 4, 5, 7, 8)),
    ]


def known_compressors() -> tuple[KnownCompressor, ...]:
    """Every compressor that can be reproduced here, the most common first.

    Without zlib's own and pigz where Python's zlib is another, which writes other bytes.
    """
    found = [*_go_compressors(), *_klauspost_compressors(), *_zlib_compressors()]
    return tuple(sorted(found, key=lambda known: -known.commonness))


def seconds_for(compressors: Iterable[KnownCompressor], size: int) -> float:
    """How long it takes to try them all, one after the other, on a tar of ``size`` bytes; estimated."""
    return sum(size / 1e6 / known.speed for known in compressors)
