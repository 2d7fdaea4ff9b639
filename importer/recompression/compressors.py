"""The compressors in circulation, as data.

A compressor is a way to compress plus the headers that the programs using it write. How common each is
was estimated from the public sources of the programs named; it only decides what is tried first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from importer.recompression.bodies import (
    Body,
    classic_body,
    klauspost_body,
    modern_body,
    pgzip_body,
    pigz_body,
    zlib_body,
)
from importer.recompression.engines.encoders import Encoder
from importer.recompression.engines.zlib_encoder import is_original_zlib
from importer.recompression.gzip_file import GzipEncoder, GzipHeader

GO_ZERO_TIME: Final = 0x886E0900
"""Go's zero time cut to 32 bits: klauspost's gzip and pgzip write it, and compress/gzip did before Go 1.8."""

_FASTEST: Final = 4
_BEST: Final = 2
_OS_FAT: Final = 0
_OS_UNIX: Final = 3


@dataclass(frozen=True, slots=True)
class Compressor:
    """One compressor with the headers that it is known to write, the most common first."""

    body: Body
    headers: tuple[GzipHeader, ...]
    writers: tuple[str, ...]
    """The programs that are known to use it."""
    commonness: int
    """The higher, the more layers in circulation were written by it."""

    @property
    def name(self) -> str:
        """As a person would say it: ``Go ≤1.26, level 6``."""
        return self.body.name

    @property
    def speed(self) -> float:
        """Megabytes of tar per second on one core, estimated."""
        return self.body.speed

    def encoder(self) -> Encoder:
        """A new encoder for the part between header and trailer."""
        return self.body.make()

    def gzip_encoder(self, header: GzipHeader | None = None) -> GzipEncoder:
        """A new encoder for the whole file; without a header given, with the most common one."""
        return GzipEncoder(header or self.headers[0], self.encoder())


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


def _go_compressors() -> list[Compressor]:
    default = ("docker push", "BuildKit", "containerd", "nix2container", "buildpacks")
    fastest = ("crane", "ko", "kaniko", "distroless")
    best = ("BuildKit with compression-level=9",)
    return [
        Compressor(classic_body(6), _go_headers(6), default, 100),
        Compressor(classic_body(1), _go_headers(1), fastest, 70),
        Compressor(modern_body(6), _go_headers(6), default, 60),
        Compressor(modern_body(1), _go_headers(1), fastest, 40),
        Compressor(classic_body(9), _go_headers(9), best, 15),
        *(Compressor(classic_body(level), _go_headers(level), (), 2) for level in (2, 3, 4, 5, 7, 8)),
        *(Compressor(modern_body(level), _go_headers(level), (), 2) for level in (2, 3, 4, 7, 8, 9)),
    ]


def _klauspost_compressors() -> list[Compressor]:
    return [
        Compressor(pgzip_body(_MIB, full_tables=True), _klauspost_headers(5), _CONTAINERS_IMAGE, 80),
        Compressor(pgzip_body(_MIB, full_tables=False), _klauspost_headers(5), _CONTAINERS_IMAGE, 50),
        Compressor(pgzip_body(_QUARTER_MIB, full_tables=True), _klauspost_headers(5), ("umoci",), 12),
        Compressor(pgzip_body(_QUARTER_MIB, full_tables=False), _klauspost_headers(5), ("umoci",), 10),
        Compressor(klauspost_body(5), _klauspost_headers(5), ("programs with klauspost/compress/gzip",), 8),
        Compressor(modern_body(5), _klauspost_headers(5), ("programs with klauspost/compress/gzip",), 7),
        *(
            Compressor(
                pgzip_body(_MIB, full_tables=full, level=level), _klauspost_headers(level), _CONTAINERS_IMAGE[:3], 1
            )
            for level in (1, 2, 3, 4, 6, 7, 8, 9)
            for full in (True, False)
        ),
        *(Compressor(klauspost_body(level), _klauspost_headers(level), (), 1) for level in (1, 2, 3, 4, 6, 7, 8, 9)),
    ]


def _zlib_compressors() -> list[Compressor]:
    if not is_original_zlib():
        return []
    common = {6: ("jib", "Java", "bsdtar", "bazel tar.bzl", "Python"), 9: ("bsdtar", "Python")}
    ranks = {6: 30, 9: 14}
    return [
        Compressor(pigz_body(9), _pigz_headers(9), ("debuerreotype: Debian's base layer",), 35),
        Compressor(pigz_body(6), _pigz_headers(6), (), 9),
        *(
            Compressor(zlib_body(level), _zlib_headers(level), common.get(level, ()), ranks.get(level, 1))
            for level in range(1, 10)
        ),
    ]


def known_compressors() -> tuple[Compressor, ...]:
    """Every compressor that can be reproduced here, the most common first.

    Without zlib's own and pigz where Python's zlib is another, which writes other bytes.
    """
    found = [*_go_compressors(), *_klauspost_compressors(), *_zlib_compressors()]
    return tuple(sorted(found, key=lambda compressor: -compressor.commonness))


def seconds_for(compressors: tuple[Compressor, ...], size: int) -> float:
    """How long it takes to try them all, one after the other, on a tar of ``size`` bytes; estimated."""
    return sum(size / 1e6 / compressor.speed for compressor in compressors)
