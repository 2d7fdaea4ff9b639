"""Packing a folder in every way that is read, and reading sources back."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import zstandard

from importer.places.named import place_of
from importer.places.opener import Opener
from importer.sources.opening import open_sources
from importer.sources.source_file import SourceFile, SourceProblem


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def zip_of(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, *, streamed: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(_Unseekable(buffer) if streamed else buffer, "w", method) as archive:
        for name, content in files.items():
            # An entry with the date of 1980: with today's, a zip in a deflated zip has another size each second.
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def tar_of(files: dict[str, bytes], more: Sequence[tarfile.TarInfo] = ()) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in more:
            archive.addfile(entry)
    return buffer.getvalue()


PACKERS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "stored.zip": lambda files: zip_of(files, zipfile.ZIP_STORED),
    "deflated.zip": zip_of,
    "streamed.zip": lambda files: zip_of(files, streamed=True),
    "plain.tar": tar_of,
    "packed.tar.gz": lambda files: gzip.compress(tar_of(files)),
    "packed.tgz": lambda files: gzip.compress(tar_of(files)),
    "packed.tar.zst": lambda files: zstandard.compress(tar_of(files)),
    "packed.tar.xz": lambda files: lzma.compress(tar_of(files)),
    "packed.tar.bz2": lambda files: bz2.compress(tar_of(files)),
    "no-ending": lambda files: gzip.compress(tar_of(files)),
    "tar-in-stored.zip": lambda files: zip_of({"inner.tar": tar_of(files)}, zipfile.ZIP_STORED),
    "zip-in-deflated.zip": lambda files: zip_of({"inner.zip": zip_of(files)}),
    "tar.gz-in-deflated.zip": lambda files: zip_of({"inner.tar.gz": gzip.compress(tar_of(files))}),
    "zip-in-tar-with-layout.tar": lambda files: tar_of({"oci-layout": b"{}", "inner.zip": zip_of(files)}),
}


OPENER = Opener()


def entries(*paths: Path) -> list[SourceFile | SourceProblem]:
    return [entry for source in open_sources(map(place_of, paths), OPENER) for entry in source.entries()]


def contents(found: Iterable[SourceFile | SourceProblem]) -> dict[str, bytes]:
    return {"/".join(file.parts): read(file) for file in found if isinstance(file, SourceFile)}


def problems(found: Iterable[SourceFile | SourceProblem]) -> dict[str, str]:
    return {problem.path: problem.reason for problem in found if isinstance(problem, SourceProblem)}


def read(file: SourceFile) -> bytes:
    with OPENER.open(file.address) as stream:
        return stream.read()


def digest_name(content: bytes) -> str:
    return f"sha256__{hashlib.sha256(content).hexdigest()}"


class _Unseekable(io.RawIOBase):
    """Makes zipfile write data descriptors, as programs do that send a zip while they make it."""

    def __init__(self, target: io.BytesIO) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._target.write(data)
