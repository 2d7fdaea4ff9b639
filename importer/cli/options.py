"""Options that several commands share, and how their texts become values."""

from __future__ import annotations

import math
import re
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from importer.domain.digest import Digest
from importer.domain.platform import Platform
from importer.domain.reference import Reference
from importer.errors import UsageError
from importer.formats.name_table import NameTable, NameTableError, read_name_table
from importer.places.changes import WritableStore
from importer.places.named import place_of
from importer.recovery.recompress.recompressing import Effort
from importer.report.origin import Origin
from importer.work.share import Share
from importer.writers.naming import NameTemplate, Naming


class TextOrJson(StrEnum):
    """Forms of an answer: for people, and for scripts."""

    TEXT = "text"
    JSON = "json"


_SIZE = re.compile(r"(?P<count>[1-9]\d{0,14})(?P<unit>[KMGT]?)(?P<base>i?B)?", re.IGNORECASE)

LEAST_PIECE = 1 << 20
"""Bytes of the smallest piece that ``--split`` makes."""


def size_of(text: str) -> int:
    """Bytes, as split(1) reads them: ``M`` and ``MiB`` are powers of 1,024, ``MB`` of 1,000; raises BadParameter."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise typer.BadParameter(f"{text!r} is not a size; give a number and K, M or G, as in 4000M")
    base = 1000 if (match["base"] or "").upper() == "B" else 1024
    size = int(match["count"]) * int(base ** " KMGT".index(match["unit"].upper() or " "))
    if size < LEAST_PIECE:
        raise typer.BadParameter(f"{text!r} is less than 1 MiB; give a larger size")
    return size


Paths = Annotated[
    list[WritableStore] | None,
    typer.Argument(
        metavar="[PATH]...",
        help="Folders, archives (zip, tar) or buckets (s3://…) that hold the download. Default: this folder.",
        show_default=False,
        parser=place_of,
    ),
]
Name = Annotated[
    str | None, typer.Option("-n", "--name", metavar="NAME[:TAG]", help="The image's name, as in team/app:1.4.")
]
Names = Annotated[
    Path | None,
    typer.Option(
        "--names",
        metavar="FILE",
        help="A table (CSV, TSV or JSON lines) with names for unnamed images: columns name and one of digest, "
        "sha256, sha1, path; or Artifactory's nodes table.",
        readable=False,
    ),
]
NameTemplateText = Annotated[
    str | None,
    typer.Option(
        "--name-template",
        metavar="TEXT",
        help="A name for unnamed images, as in recovered/{image_id}; also {digest}, {title}, {version}.",
    ),
]
Select = Annotated[
    str | None,
    typer.Option("--select", metavar="NAME|DIGEST", help="Select one of several images by name, digest or image id."),
]
PlatformOption = Annotated[
    str | None,
    typer.Option(
        "--platform",
        metavar="OS/ARCH[/VARIANT]",
        help="One platform of a multi-platform image; for one of several Windows builds, windows/amd64:OS.VERSION.",
    ),
]
Digests = Annotated[
    list[str] | None,
    typer.Option("--digest", metavar="sha256:…", help="The manifest digest, if you know it; it proves the manifest."),
]
Borrow = Annotated[
    list[WritableStore] | None,
    typer.Option(
        "--borrow",
        metavar="PATH",
        help="Another place to look for blobs; its own images are ignored. Can be given more than once.",
        parser=place_of,
    ),
]
AllowNewDigest = Annotated[
    bool,
    typer.Option(
        "--allow-new-digest",
        help="Accept a new manifest digest if the original can't be kept or a layer's media type is wrong, and a new "
        "image id if the config was edited.",
    ),
]
ConvertSchema1 = Annotated[
    bool,
    typer.Option("--convert-schema1", help="Convert a schema 1 image to schema 2: new image id and digest."),
]
Sparse = Annotated[
    bool,
    typer.Option("--sparse", help="Write a multi-platform image even if some platforms are missing."),
]
Salvage = Annotated[
    bool,
    typer.Option("--salvage", help="If the config is missing, write the layers with a minimal one: a new image id."),
]
Deep = Annotated[
    bool, typer.Option("--deep", help="Unpack every layer, including large ones, and check its diff_id and its tar.")
]
ReplaceTags = Annotated[
    bool,
    typer.Option("--replace-tags", help="Replace existing tags that name other images."),
]
NoRecompress = Annotated[
    bool,
    typer.Option("--no-recompress", help="Don't compute the original gzip of layers that were unpacked in transit."),
]
RecompressLimit = Annotated[
    float | None,
    typer.Option(
        "--recompress-limit",
        min=0,
        metavar="SECONDS",
        help="Give up the search after this many seconds without a match. Default: 600; if plain layers will do, 60.",
        show_default=False,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "-j", "--jobs", min=1, metavar="N", help=("Number of files to read at once. Default: one per processor.")
    ),
]
States = Annotated[
    list[Path] | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Remember in FILE what was read, and don't read files again that are unchanged. If given more than once, "
        "the first one is written.",
        readable=False,
    ),
]
MaxAge = Annotated[
    float | None,
    typer.Option(
        "--max-age", min=0, metavar="DAYS", help="With --state, read again what was last read more than DAYS days ago."
    ),
]
ShardText = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="K/N",
        help="Only read this share of the files into the first --state: one of N machines' work. No report.",
    ),
]
EngineText = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="dask[://HOST:PORT]",
        help="Read and hash on a Dask cluster: on the one with its scheduler at HOST:PORT, else on N processes (-j) of "
        "this machine. Default: threads.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only the result, in one line, and errors.")]
Silent = Annotated[bool, typer.Option("-q", "--quiet", help="Print only warnings and errors.")]
NoSync = Annotated[
    bool,
    typer.Option(
        "--no-sync",
        help="Don't wait until the output is on the disk: faster, but a power failure soon after may lose it.",
    ),
]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Don't show a progress bar.")]


def places_or_here(places: list[WritableStore] | None) -> tuple[WritableStore, ...]:
    """The places to look at: this folder, unless others are named."""
    return tuple(places) if places else (place_of(""),)


def reference_of(name: str | None) -> Reference | None:
    """Read ``--name``; raises UsageError."""
    try:
        return Reference.parse(name) if name is not None else None
    except ValueError as error:
        raise UsageError(f"--name: {error}") from error


def naming_of(table: Path | None, template: str | None) -> Naming:
    """Read ``--names`` and ``--name-template``; raises UsageError."""
    try:
        made = NameTemplate.parse(template) if template is not None else None
    except ValueError as error:
        raise UsageError(f"--name-template: {error}") from error
    return Naming(_table_of(table) if table else None, made)


def _table_of(path: Path) -> NameTable:
    try:
        with path.open("rb") as stream:
            return read_name_table(stream)
    except NameTableError as error:
        raise UsageError(f"--names {path}: {error}") from error
    except OSError as error:
        raise UsageError(f"--names {path}: can't be read: {error.strerror}") from error


def digests_of(digests: list[str] | None) -> tuple[Digest, ...]:
    """Read ``--digest``; raises UsageError."""
    try:
        return tuple(Digest.parse(text.strip()) for text in digests or ())
    except ValueError as error:
        raise UsageError(f"--digest: {error}; it looks like sha256: and 64 hex digits") from error


def effort_of(*, no_recompress: bool, limit: float | None, only_unproven: bool = False) -> Effort:
    """Read ``--no-recompress`` and ``--recompress-limit``; raises UsageError."""
    if limit is not None and math.isnan(limit):
        raise UsageError("--recompress-limit: nan is not a number of seconds")
    return Effort(is_made=not no_recompress, seconds=limit, only_unproven=only_unproven)


def platform_of(platform: str | None) -> Platform | None:
    """Read ``--platform``; raises UsageError."""
    try:
        return Platform.parse(platform) if platform is not None else None
    except ValueError as error:
        raise UsageError(f"--platform: {error}; it looks like linux/amd64") from error


def share_of(text: str | None, states: list[Path] | None, *, wants_text: bool) -> Share | None:
    """Read ``--shard``; raises UsageError."""
    if text is None:
        return None
    if not states:
        raise UsageError("--shard: needs --state FILE, in which it keeps what it has read")
    if not wants_text:
        raise UsageError("--shard only reads, and gives no report; give --format to the run with all --state files")
    try:
        return Share.of(text)
    except ValueError as error:
        raise UsageError(f"--shard: {error}") from error


def subset_of(text: str | None, *, quick: bool) -> Share | None:
    """Read ``--read-subset``; raises UsageError."""
    if text is None:
        return None
    if quick:
        raise UsageError("--quick hashes no layers and --read-subset a part of them; give one of the two")
    try:
        return Share.sample(text, secrets.token_hex(8))
    except ValueError as error:
        raise UsageError(f"--read-subset: {error}") from error


def origin_of(origin: str | None) -> str | None:
    """Check ``--from``; raises UsageError."""
    try:
        if origin is not None:
            Origin.parse(origin, "any/image")
    except ValueError as error:
        raise UsageError(f"--from: {error}") from error
    return origin
