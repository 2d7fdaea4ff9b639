"""What sources cost: a large zip of stored blobs, and a folder of many small files.

Run: python benchmarks/sources.py [GIB] [FILES]. The zip's members are holes, so it takes no room on the disk.
"""

from __future__ import annotations

import resource
import struct
import sys
import tempfile
import time
from pathlib import Path

from importer.inspection.inspecting import inspect
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.progress import SilentProgress
from importer.sources.archives import WithArchives
from importer.sources.opening import open_sources
from importer.sources.source_file import Source
from importer.sources.stored_files import StoredFiles
from importer.work.executor import ThreadExecutor

_MEMBER = 1 << 30
_ROUNDS = 5


def main(gib: int = 20, files: int = 100_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        large_zip(Path(folder) / "large.zip", gib)
        small_files(Path(folder) / "small", files)


def large_zip(path: Path, members: int) -> None:
    write_sparse_zip(path, members)
    started = time.perf_counter()
    opener = Opener()
    inspection = inspect(open_sources([place_of(path)], opener), ThreadExecutor(None, SilentProgress(), opener))
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(inspection.facts)} members of 1 GiB: {seconds:.1f} s, {memory:.0f} MiB of memory")


def small_files(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        (folder / f"blob{number}").write_bytes(b"the bytes of a small blob, number %d" % number)
    alone = min(seconds_of(StoredFiles(FolderStore(folder))) for _ in range(_ROUNDS))
    both = min(seconds_of(WithArchives(StoredFiles(FolderStore(folder)), Opener())) for _ in range(_ROUNDS))
    print(f"{count} small files: {alone:.2f} s of processor time, {both:.2f} s with archives ({both / alone - 1:+.0%})")


def seconds_of(source: Source) -> float:
    started = time.process_time()
    inspect([source], ThreadExecutor(1, SilentProgress(), Opener()))
    return time.process_time() - started


def write_sparse_zip(path: Path, members: int) -> None:
    """Write a zip64 by hand (APPNOTE.TXT 4.3), seeking over the members' content."""
    directory = b""
    with path.open("wb") as stream:
        for number in range(members):
            name, start = b"layer%06d" % number, stream.tell()
            common = (45, 0, 0, 0, 0x21, 0, _MEMBER, _MEMBER, len(name))
            stream.write(b"PK\x03\x04" + struct.pack("<5H3I2H", *common, 0) + name)
            stream.seek(_MEMBER, 1)
            extra = struct.pack("<HHQ", 1, 8, start)
            rest = (len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
            directory += b"PK\x01\x02" + struct.pack("<6H3I5H2I", 45, *common, *rest) + name + extra
        at = stream.tell()
        stream.write(directory)
        end = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, members, members, len(directory), at)
        stream.write(b"PK\x06\x06" + end + b"PK\x06\x07" + struct.pack("<IQI", 0, at + len(directory), 1))
        stream.write(b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0xFFFFFFFF, 0))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
