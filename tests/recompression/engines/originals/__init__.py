"""The original compressors, and which of blobfix's they must equal.

The Go and Java programs beside this file are built on first use; what is not installed is left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from importer.recompression import IS_NATIVE, Compressor, Family, GzipEncoder, GzipHeader, encoder_of
from importer.recompression.catalogue import GO_ZERO_TIME
from importer.recompression.compressor import PGZIP_DEFAULT_LEVEL

_HERE: Final = Path(__file__).parent
_MIB: Final = 1 << 20


@dataclass(frozen=True)
class Original:
    """One way in which an original compresses, and blobfix's own form of it."""

    name: str
    program: str
    """Which of the programs of :class:`Programs`."""
    arguments: tuple[str, ...]
    header: GzipHeader
    compressor: Compressor

    @property
    def has_python_form(self) -> bool:
        """Whether blobfix's own form is written in Python, too."""
        return self.compressor.family not in (Family.ZLIB, Family.PIGZ)

    def reproduce(self, data: bytes, *, native: bool = IS_NATIVE, chunk: int = 1 << 20) -> bytes:
        """Compress with blobfix's own form, fed in pieces of ``chunk`` bytes."""
        encoder = GzipEncoder(self.header, encoder_of(self.compressor, native=native))
        view = memoryview(data)
        parts = [encoder.write(view[at : at + chunk]) for at in range(0, len(data), chunk)]
        return b"".join([*parts, encoder.finish()])


def _go_header(level: int) -> GzipHeader:
    return GzipHeader(xfl={1: 4, 9: 2}.get(level, 0))


def _classic(level: int) -> Original:
    return Original(
        f"Go 1.19, level {level}",
        "go1.19",
        ("gzip", str(level)),
        _go_header(level),
        Compressor(Family.GO_CLASSIC, level),
    )


def _modern(level: int) -> Original:
    return Original(
        f"Go 1.27, level {level}",
        "go1.27",
        ("gzip", str(level)),
        _go_header(level),
        Compressor(Family.GO_MODERN, level),
    )


def _klauspost(level: int) -> Original:
    return Original(
        f"klauspost 1.15.12, level {level}",
        "klauspost",
        ("gzip", str(level)),
        replace(_go_header(level), mtime=GO_ZERO_TIME),
        Compressor(Family.KLAUSPOST, level),
    )


def _pgzip(block_size: int, *, full_tables: bool, level: int = -1) -> Original:
    used = PGZIP_DEFAULT_LEVEL if level == -1 else level
    title = "pgzip, klauspost 1.15.12" if full_tables else "pgzip's blocks, Go 1.27"
    return Original(
        f"{title}, {block_size >> 10} KiB" + ("" if level == -1 else f", level {level}"),
        "klauspost" if full_tables else "go1.27",
        (str(block_size), str(level if full_tables else used)),
        replace(_go_header(level), mtime=GO_ZERO_TIME) if full_tables else GzipHeader(mtime=GO_ZERO_TIME),
        Compressor(Family.PGZIP_KLAUSPOST if full_tables else Family.PGZIP_MODERN, used, block_size),
    )


def _pigz(level: int, *arguments: str, name: bytes | None = None) -> Original:
    title = "pigz" + "".join(f" {argument}" for argument in arguments)
    xfl = {1: 4, 9: 2}.get(level, 0)
    header = GzipHeader(xfl=xfl, os=3, name=name)
    return Original(title, "pigz", arguments, header, Compressor(Family.PIGZ, level))


def _zlib(program: str, level: int, header: GzipHeader) -> Original:
    name = f"{program}, level {level}"
    return Original(name, program, ("gzip", str(level)), header, Compressor(Family.ZLIB, level))


ORIGINALS: Final = (
    *(_classic(level) for level in range(1, 10)),
    *(_modern(level) for level in range(1, 10)),
    *(_klauspost(level) for level in range(1, 10)),
    *(_pgzip(size, full_tables=full) for full in (True, False) for size in (_MIB, _MIB // 4)),
    *(_pgzip(_MIB, full_tables=True, level=level) for level in (1, 6, 9)),
    _pigz(1, "-1", "--no-name"),
    _pigz(6, "--no-name"),
    _pigz(9, "--best", "--no-name", "--processes", "1"),
    _pigz(9, "--best", "--no-time", "rootfs.tar", name=b"rootfs.tar"),
    *(_zlib("Java", level, GzipHeader()) for level in (1, 6, 9)),
    _zlib("bsdtar", 6, GzipHeader(os=3)),
    _zlib("bsdtar", 9, GzipHeader(xfl=2, os=3)),
)


@dataclass
class Programs:
    """The originals as running programs. Where a Go is not in PATH, its variable names it."""

    go_1_19: str = field(default_factory=lambda: os.environ.get("GO_1_19", "/usr/lib/go-1.19/bin/go"))
    go_1_27: str = field(default_factory=lambda: os.environ.get("GO_1_27", "go"))
    klauspost_gopath: str = "/usr/share/gocode"

    def __post_init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.nanoseconds: list[int] = []
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    def close(self) -> None:
        """End the programs and remove what was built."""
        for server in self._servers.values():
            server.communicate()
        self._folder.cleanup()

    def installed(self) -> tuple[Original, ...]:
        """Those originals that can run here."""
        builds = {"go1.19": self._go_1_19, "go1.27": self._go_1_27, "klauspost": self._klauspost, "Java": self._java}
        for program, build in builds.items():
            command = build()
            if command:
                self._servers[program] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        there = {*self._servers, *filter(shutil.which, ("pigz", "bsdtar"))}
        return tuple(original for original in ORIGINALS if original.program in there)

    def compress(self, original: Original, data: bytes) -> bytes:
        """What the original makes of the data."""
        if original.program == "pigz":
            return self._run_pigz(original, data)
        if original.program == "bsdtar":
            return self._run_bsdtar(original, data)
        server = self._servers[original.program]
        assert server.stdin
        assert server.stdout
        server.stdin.write(f"{' '.join(original.arguments)} {len(data)}\n".encode() + data)
        server.stdin.flush()
        size, *self.nanoseconds = map(int, server.stdout.readline().split())
        return server.stdout.read(size)

    def seconds(self, original: Original, data: bytes) -> float:
        """How long a Go original took, by its own clock, without sending the bytes to and fro."""
        self.compress(original, data)
        return self.nanoseconds[0] / 1e9

    def _build_go(self, go: str, source: str, version: str, **environment: str) -> list[str] | None:
        path = shutil.which(go)
        variables: Mapping[str, str] = {**os.environ, "GO111MODULE": "off", "GOTOOLCHAIN": "local", **environment}
        if (
            not path
            or version not in subprocess.run([path, "version"], capture_output=True, text=True, check=False).stdout
        ):
            return None
        binary = str(Path(self._folder.name, f"{source}-{version}"))
        command = [path, "build", "-o", binary, str(_HERE / source / "main.go")]
        subprocess.run(command, check=True, env=variables)
        return [binary]

    def _go_1_19(self) -> list[str] | None:
        return self._build_go(self.go_1_19, "standard", "go1.19")

    def _go_1_27(self) -> list[str] | None:
        return self._build_go(self.go_1_27, "standard", "go1.27")

    def _klauspost(self) -> list[str] | None:
        if not Path(self.klauspost_gopath, "src/github.com/klauspost/pgzip").is_dir():
            return None
        return self._build_go(self.go_1_19, "klauspost", "go1.19", GOPATH=self.klauspost_gopath)

    def _java(self) -> list[str] | None:
        if not shutil.which("javac"):
            return None
        subprocess.run(["javac", "-d", self._folder.name, str(_HERE / "java" / "Original.java")], check=True)
        return ["java", "-cp", self._folder.name, "Original"]

    def _run_pigz(self, original: Original, data: bytes) -> bytes:
        command = ["pigz", "--stdout", *original.arguments]
        if original.header.name is None:
            return subprocess.run(command, input=data, capture_output=True, check=True).stdout
        Path(self._folder.name, original.header.name.decode()).write_bytes(data)
        return subprocess.run(command, cwd=self._folder.name, capture_output=True, check=True).stdout

    def _run_bsdtar(self, original: Original, data: bytes) -> bytes:
        """The raw format writes the one file's content, so that any bytes can be compressed."""
        content, result = Path(self._folder.name, "content"), Path(self._folder.name, "result")
        content.write_bytes(data)
        options = f"gzip:!timestamp,gzip:compression-level={original.arguments[1]}"
        command = ["bsdtar", "-c", "-z", "--format=raw", "--options", options, "-f", str(result), content.name]
        subprocess.run(command, cwd=self._folder.name, check=True)
        return result.read_bytes()
