"""Tables of checksums that somebody else has computed: of blobs, their digests need not be computed again.

Sources: RFC 4180; Amazon S3 User Guide, "S3 Batch Operations completion reports" (columns Bucket, Key, VersionId,
TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage, without a header) and "Compute checksums" (the result is JSON;
a COMPOSITE checksum is made of those of an upload's parts, and isn't that of the object).
"""

from __future__ import annotations

import csv
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

_SHA256: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)
_BATCH_COLUMNS: Final = 7
_PATHS: Final = ("path", "key", "name", "file")


class Checksum(NamedTuple):
    """The sha256 of what lies somewhere: below a root, or in a bucket by its whole address."""

    path: str
    sha256: str


class ChecksumTableError(ValueError):
    """The file is no table of checksums; the message starts with the line number."""


def read_checksums(lines: Iterable[str]) -> Iterator[Checksum]:
    """Each checksum of a table: a report of S3 Batch Operations, or columns ``path`` and ``sha256``.

    Lines of failed tasks and of other checksums are left out. Raises ChecksumTableError.
    """
    rows = csv.reader(lines)
    path_at, sum_at, is_first = 0, 1, True
    try:
        for row in rows:
            if not row:
                continue
            was_first, is_first = is_first, False
            if was_first and (columns := _columns(row)):
                path_at, sum_at = columns
            elif len(row) >= _BATCH_COLUMNS and (found := _of_batch(row)) is not None:
                yield from found
            else:
                yield Checksum(row[path_at], _sha256(row[sum_at]))
    except (csv.Error, ValueError, IndexError) as error:
        raise ChecksumTableError(f"line {rows.line_num}: no path and sha256: {error}") from error


def _columns(row: list[str]) -> tuple[int, int] | None:
    """Where path and checksum stand, if the row is a header."""
    names = [name.strip().lower().lstrip("\ufeff") for name in row]
    paths = [names.index(name) for name in _PATHS if name in names]
    return (paths[0], names.index("sha256")) if paths and "sha256" in names else None


def _sha256(text: str) -> str:
    found = _SHA256.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text[:80]!r} is not a sha256")
    return found[1].lower()


def _of_batch(row: list[str]) -> list[Checksum] | None:
    """The checksum of a task, or none; None where the row is of another table."""
    bucket, key, _, status, _, _, message = row[:_BATCH_COLUMNS]
    if status.lower() not in ("succeeded", "failed"):
        return None
    try:
        result = json.loads(message) if status.lower() == "succeeded" else None
    except (ValueError, RecursionError):
        result = None
    if not isinstance(result, dict) or result.get("checksumAlgorithm") != "SHA256":
        return []
    if result.get("checksumType") != "FULL_OBJECT":
        return []
    text = result.get("checksum_hex") or b64decode(str(result.get("checksum_base64", ""))).hex()
    return [Checksum(f"s3://{bucket}/{unquote_plus(key)}", _sha256(str(text)))]
