"""Tables of image names: CSV, TSV or JSON lines, each with a name and what it belongs to.

Sources: RFC 4180; jsonlines.org; JFrog Artifactory, the columns ``repo``, ``node_path``, ``node_name``,
``sha1_actual`` and ``sha256`` of the database's table ``nodes``.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Final

from importer.domain.file_names import MANIFEST_NAMES
from importer.domain.reference import Reference

MAX_LINE: Final = 1 << 20
"""Longest line of a table, in bytes."""

_DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_SHA1: Final = re.compile(r"(?:sha1:)?([0-9a-f]{40})")
_NODES: Final = ("node_path", "node_name")
_KEYS: Final = ("digest", "sha256", "sha1", "sha1_actual", "path")
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class NameTable:
    """Names by what they belong to.

    Attributes:
        by_sha256: by hex digits of a manifest's digest or an image id.
        by_sha1: by hex digits of the manifest's or the config's SHA-1.
        by_path: by the file or folder that holds the image.
    """

    by_sha256: Mapping[str, tuple[Reference, ...]]
    by_sha1: Mapping[str, tuple[Reference, ...]]
    by_path: Mapping[str, tuple[Reference, ...]]


class NameTableError(ValueError):
    """The file is not a table of names; the message starts with the line number."""


def read_name_table(stream: IO[bytes]) -> NameTable:
    """Read a table to its end, a line at a time; raises NameTableError."""
    tables: dict[str, dict[str, dict[Reference, None]]] = {"sha256": {}, "sha1": {}, "path": {}}
    for number, row in _rows(stream):
        name = _name_in(row, number)
        if name:
            for kind, key in _keys_in(row, number):
                tables[kind].setdefault(key, {})[name] = None
    sha256, sha1, path = ({key: tuple(names) for key, names in each.items()} for each in tables.values())
    return NameTable(sha256, sha1, path)


def _rows(stream: IO[bytes]) -> Iterator[tuple[int, Mapping[str, str]]]:
    lines = _lines(stream)
    first = next(lines, None)
    if first is None:
        raise NameTableError("line 1: the file is empty; a table begins with a header line")
    lines = _chained(first, lines)
    return _json_rows(lines) if first.lstrip().startswith("{") else _separated_rows(first, lines)


def _lines(stream: IO[bytes]) -> Iterator[str]:
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if number == 1 and line.startswith(_BYTE_ORDER_MARKS):
            raise NameTableError("line 1: the file is UTF-16; save it as UTF-8")
        if len(line) > MAX_LINE:
            raise NameTableError(f"line {number}: has more than {MAX_LINE:,} bytes")
        if b"\0" in line:
            raise NameTableError(f"line {number}: has a NUL byte; this isn't a text file")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise NameTableError(f"line {number}: isn't UTF-8; save the file as UTF-8") from error


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _separated_rows(header: str, lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(lines, delimiter=max("\t,;", key=header.count), strict=True)
    try:
        columns = [column.strip().lower() for column in next(reader)]
        _demand_columns(columns)
        for values in reader:
            if values:
                yield reader.line_num, dict(zip(columns, values, strict=False))
    except csv.Error as error:
        raise NameTableError(f"line {reader.line_num}: {error}") from error


def _json_rows(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise NameTableError(f"line {number}: isn't JSON") from error
        if not isinstance(value, dict):
            raise NameTableError(f"line {number}: isn't a JSON object")
        row = {str(key).lower(): each for key, each in value.items() if isinstance(each, str)}
        _demand_columns(row, number)
        yield number, row


def _demand_columns(columns: Iterable[str], number: int = 1) -> None:
    there = set(columns)
    named = "name" in there or there.issuperset(_NODES)
    if not named or not there.intersection(_KEYS):
        raise NameTableError(
            f"line {number}: a table of names has the column name, or node_path and node_name, "
            f"and one of {', '.join(_KEYS)}"
        )


def _name_in(row: Mapping[str, str], number: int) -> Reference | None:
    """The name in a row; None for Artifactory's other files, which have none."""
    try:
        if row.get("name"):
            return Reference.parse(row["name"].strip()).familiar
        image, slash, tag = row.get("node_path", "").strip("/").rpartition("/")
        if row.get("node_name") not in MANIFEST_NAMES or not slash or tag.startswith("sha256:") or "sha256__" in tag:
            return None
        return Reference.of_repository(image, tag)
    except ValueError as error:
        raise NameTableError(f"line {number}: {error}") from error


def _keys_in(row: Mapping[str, str], number: int) -> Iterator[tuple[str, str]]:
    for column, kind, form in (
        ("digest", "sha256", _DIGEST),
        ("sha256", "sha256", _DIGEST),
        ("sha1", "sha1", _SHA1),
        ("sha1_actual", "sha1", _SHA1),
    ):
        text = row.get(column, "").strip().lower()
        match = form.fullmatch(text)
        if match:
            yield kind, match[1]
        elif text:
            raise NameTableError(f"line {number}: {text[:80]!r} in the column {column} is no {kind} digest")
    if row.get("path"):
        yield "path", row["path"].strip().removeprefix("./").rstrip("/")
