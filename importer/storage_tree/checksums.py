"""The blobs of a tree that are whole by checksums that somebody else has computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from importer.domain.digest import Digest
from importer.domain.storage_paths import BLOBS, blob_path
from importer.errors import UsageError
from importer.formats.checksum_table import ChecksumTableError, read_checksums
from importer.storage_tree.layout import Layout

_PLACE: Final = re.compile(r"sha256/[0-9a-f]{2}/([0-9a-f]{64})/data")
"""Of a blob's file, below the folder of all blobs."""

_LONGEST: Final = 1 << 20


def whole_by_checksum(table: Path, layout: Layout) -> frozenset[bytes]:
    """The sha256 of each blob that has that checksum in its place, of a table of which one line at a time is read.

    A line counts for this tree if its path is that of a blob below the root, or its address. A blob about which lines
    contradict each other is left out. Raises UsageError for a
    table that can't be read, and for one of which no line counts.
    """
    starts = tuple(f"{start}/" for start in {layout.key(BLOBS), layout.store.shown(layout.key(BLOBS))})
    whole, doubted, is_of_tree = set(), set(), False
    try:
        if not table.is_file():
            raise UsageError(f"--checksums {table}: is not a regular file; give a table as a file on this machine")
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            for path, sha256 in read_checksums(_lines(stream)):
                start = next((start for start in starts if path.removeprefix("./").startswith(start)), None)
                if start is None:
                    continue
                is_of_tree = True
                place = path.removeprefix("./")[len(start) :]
                if place == blob_path(Digest("sha256", sha256)).partition("/")[2]:
                    whole.add(bytes.fromhex(sha256))
                elif of_place := _PLACE.fullmatch(place):
                    # Another line may say that it is whole, perhaps of an older version of the object.
                    doubted.add(bytes.fromhex(of_place[1]))
    except ChecksumTableError as error:
        raise UsageError(f"--checksums {table}: {error}") from error
    except OSError as error:
        raise UsageError(f"--checksums {table}: can't be read: {error.strerror}") from error
    if not is_of_tree:
        raise UsageError(
            f"--checksums {table}: no line is about a blob of this tree; paths must begin with "
            f"{layout.key(BLOBS)}/, or with the address of the bucket"
        )
    return frozenset(whole - doubted)


def _lines(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise ChecksumTableError(f"a line is longer than {_LONGEST:,} characters")
        yield line
