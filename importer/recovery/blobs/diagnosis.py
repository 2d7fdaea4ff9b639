"""From what is left of a blob to the cause: which file was meant to be it, and what happened to it."""

from __future__ import annotations

from typing import Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.file_names import UNFINISHED_ENDINGS
from importer.formats.other_kinds import OtherKind
from importer.formats.signatures import COMPRESSED_KINDS, PAGE_KINDS, FileKind
from importer.formats.streams import Ending
from importer.inspection.content import Content, compression_of_kind
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import is_marker
from importer.plan.causes import (
    Cause,
    Corrupt,
    DigestMismatch,
    Empty,
    ErrorPage,
    Gunzipped,
    Marker,
    OtherContent,
    PartialDownload,
    Truncated,
    ZeroFilled,
)
from importer.recovery.blobs.candidates import Candidates

_CUT_SHORT: Final = frozenset({Ending.TRUNCATED, Ending.TRAILER_CUT})
_MIN_ZEROS: Final = 512
MIN_ZEROS_OF_TAR: Final = 512 + 1_024 + 10_240
"""Runs of zeros at the end count as holes from so many bytes on: a tar fills up its last member to 512 bytes, ends with
1024 zeros, and GNU tar fills it up to a multiple of 10240."""


def remains_of(descriptor: Descriptor, candidates: Candidates, unwrapped: Candidates) -> FileFacts | None:
    """Find the file that by its name was meant to be the blob, or an unwrapped one."""
    inner = (fact for fact in unwrapped.named_after(descriptor) if fact.size <= descriptor.size)
    named = (*candidates.named_after(descriptor), *inner)
    return max(
        named,
        key=lambda fact: (_is_layer_like(fact, descriptor), not _is_wrapped(fact), fact.size),
        default=None,
    )


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
    return any(part.lower().endswith(UNFINISHED_ENDINGS) for part in fact.file.parts)


def _never_a_blob(fact: FileFacts) -> Cause | None:
    if is_marker(fact.file):
        return Marker()
    if not fact.size:
        return PartialDownload(0) if is_partial(fact) else Empty()
    if fact.other and fact.other.kind not in (OtherKind.EXPORT, OtherKind.FILE_SYSTEM):
        return OtherContent(fact.other)
    if fact.kind in PAGE_KINDS:
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
    if fact.size - fact.zeros_from >= _min_zeros(descriptor, fact) and not is_whole:
        decoded = fact.zeros_from if is_tar else content.size if content else None
        return ZeroFilled(fact.zeros_from, decoded if content else None, content.entries if content else ())
    return Corrupt(fact.digest, _broken_at(content) if content else None)


def _broken_at(content: Content) -> int | None:
    """Where decoding fails: at the damage, or where a stream ends that seems to be whole, or at the file's end."""
    if content.ending is Ending.COMPLETE:
        return None
    return content.consumed if content.broken_at is None else content.broken_at


def _min_zeros(descriptor: Descriptor, fact: FileFacts) -> int:
    # A tar whose first header is damaged isn't recognised as one.
    declared = media_types.compression_of(descriptor.media_type)
    is_tar = fact.kind is FileKind.TAR or declared is media_types.Compression.NONE
    return MIN_ZEROS_OF_TAR if is_tar else _MIN_ZEROS


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
