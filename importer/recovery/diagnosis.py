"""From what is left of a blob to the cause: which file was meant to be it, and what happened to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.media_types import Compression
from importer.formats.signatures import COMPRESSED_KINDS, FileKind
from importer.formats.streams import Ending
from importer.inspection.content import compression_of_kind
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import claimed_digest, is_marker
from importer.recovery.causes import (
    Cause,
    Corrupt,
    DigestMismatch,
    Empty,
    ErrorPage,
    Gunzipped,
    Marker,
    PartialDownload,
    Truncated,
    ZeroFilled,
)
from importer.recovery.leftovers import BySize, Leftovers

PARTIAL_ENDINGS: Final = (".part", ".crdownload", ".download", ".partial", ".opdownload")
"""What Firefox and curl, Chrome, Safari, Edge and wget, and Opera append to an unfinished download."""

_ERROR_KINDS: Final = frozenset({FileKind.ERROR_PAGE, FileKind.HTML, FileKind.XML})
_CUT_SHORT: Final = frozenset({Ending.TRUNCATED, Ending.TRAILER_CUT})
_MIN_ZEROS: Final = 512
_MIN_ZEROS_OF_TAR: Final = 10_240 + 512
"""Runs of zeros at the end count as holes from so many bytes on; GNU tar pads to 10240 of its own."""

_MAX_ERROR_TEXT: Final = 64 * 1024


def remains_of(descriptor: Descriptor, candidates: Leftovers, beneath: Leftovers) -> tuple[FileFacts, bool] | None:
    """Find the file that was meant to be the blob, or what came to light beneath a mishap of it.

    Returns the file and whether its name says so; without a name, only a file that can be nothing
    else is taken: the one broken file of the right kind that isn't larger than the blob.
    """
    revealed = (fact for fact in beneath.named_after(descriptor) if fact.size <= descriptor.size)
    named = [*candidates.named_after(descriptor), *revealed]
    if named:
        return max(named, key=lambda fact: (_is_layer_like(fact, descriptor), not _is_wrapped(fact), fact.size)), True
    broken = candidates.sorted_by(_unnamed_layers).broken_forms_of(descriptor)
    return (broken[0], False) if len(broken) == 1 else None


@dataclass(frozen=True, slots=True)
class _Unnamed:
    """Layer-like files without a digest in their names: those of one size, and those that were cut short."""

    by_size: Mapping[tuple[Compression, int], Sequence[FileFacts]]
    cut_short: Mapping[Compression, BySize[FileFacts]]

    def broken_forms_of(self, descriptor: Descriptor) -> Sequence[FileFacts]:
        """Files that can be what is left of the blob; two of them are as good as many."""
        compression, size = media_types.compression_of(descriptor.media_type), descriptor.size
        if compression is None:
            return ()
        shorter = self.cut_short[compression].first_below(size, 2) if compression in self.cut_short else ()
        return (*self.by_size.get((compression, size), ())[:2], *shorter)


def _unnamed_layers(facts: Sequence[FileFacts]) -> _Unnamed:
    by_size: dict[tuple[Compression, int], list[FileFacts]] = {}
    cut_short: dict[Compression, list[tuple[int, FileFacts]]] = {}
    for fact in facts:
        compression = compression_of_kind(fact.kind)
        if claimed_digest(fact.file) is None:
            by_size.setdefault((compression, fact.size), []).append(fact)
            if fact.content and fact.content.ending in _CUT_SHORT:
                cut_short.setdefault(compression, []).append((fact.size, fact))
    return _Unnamed(by_size, {compression: BySize(cut) for compression, cut in cut_short.items()})


def _is_layer_like(fact: FileFacts, descriptor: Descriptor) -> bool:
    """Whether a file has the compression that the blob's media type declares."""
    declared = media_types.compression_of(descriptor.media_type)
    return declared is not None and compression_of_kind(fact.kind) is declared


def _is_wrapped(fact: FileFacts) -> bool:
    """Whether something compressed is compressed once more, so that its bytes are no beginning of anything wanted."""
    return fact.content is not None and fact.content.kind in COMPRESSED_KINDS


def diagnose(descriptor: Descriptor, fact: FileFacts) -> Cause:
    """Say what happened to the file that was meant to be the blob; the surest evidence decides."""
    return (
        _never_a_blob(fact)
        or _unfinished(descriptor, fact)
        or _decompressed(descriptor, fact)
        or _full_size(descriptor, fact)
        or _beginning(descriptor, fact)
        or _something_else(fact)
    )


def is_partial(fact: FileFacts) -> bool:
    """Whether a browser has named the file as an unfinished download."""
    return any(part.lower().endswith(PARTIAL_ENDINGS) for part in fact.file.parts)


def _never_a_blob(fact: FileFacts) -> Cause | None:
    if is_marker(fact.file):
        return Marker()
    if not fact.size:
        return PartialDownload(0) if is_partial(fact) else Empty()
    if fact.kind in _ERROR_KINDS or (fact.kind is FileKind.TEXT and fact.size <= _MAX_ERROR_TEXT):
        return ErrorPage(fact.excerpt)
    return None


def _unfinished(descriptor: Descriptor, fact: FileFacts) -> Cause | None:
    return PartialDownload(fact.size) if is_partial(fact) and fact.size <= descriptor.size else None


def _full_size(descriptor: Descriptor, fact: FileFacts) -> Cause | None:
    if fact.size != descriptor.size:
        return None
    content = fact.content
    is_tar = fact.kind is FileKind.TAR
    is_whole = content is not None and content.ending is Ending.COMPLETE and not is_tar
    if fact.size - fact.zeros_from >= _min_zeros(fact) and not is_whole:
        decoded = fact.zeros_from if is_tar else content.size if content else None
        return ZeroFilled(fact.zeros_from, decoded if content else None, content.entries if content else ())
    broken_at = content.consumed if content and content.ending is not Ending.COMPLETE else None
    return Corrupt(fact.digest, broken_at)


def _min_zeros(fact: FileFacts) -> int:
    return _MIN_ZEROS_OF_TAR if fact.kind is FileKind.TAR else _MIN_ZEROS


def _beginning(descriptor: Descriptor, fact: FileFacts) -> Cause | None:
    if fact.size >= descriptor.size or _is_wrapped(fact):
        return None
    content = fact.content
    if content and content.ending in _CUT_SHORT:
        return Truncated(fact.size, content.consumed, content.size, content.entries)
    declared = media_types.compression_of(descriptor.media_type)
    if declared is media_types.Compression.NONE and fact.kind is FileKind.TAR:
        return Truncated(fact.size, fact.size, content.size if content else None, content.entries if content else ())
    is_cut_document = fact.document and fact.document.error and descriptor.media_type.endswith("json")
    return Truncated(fact.size, fact.size) if is_cut_document else None


def _decompressed(descriptor: Descriptor, fact: FileFacts) -> Cause | None:
    declared = media_types.compression_of(descriptor.media_type)
    if declared is media_types.Compression.GZIP and fact.kind is FileKind.TAR:
        return Gunzipped(proven=False)
    return None


def _something_else(fact: FileFacts) -> Cause:
    too_far = bool(fact.content and fact.content.ending is Ending.TOO_LARGE)
    return DigestMismatch(fact.digest, fact.size, fact.kind, too_far)
