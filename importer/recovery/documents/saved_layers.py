"""Layers that are known by their diff_id alone, in the file that docker save's ``manifest.json`` names for them.

Nothing tells the size of such a layer; what its tar says of its own end does instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from importer.domain import media_types
from importer.formats.signatures import TAR_BLOCK, FileKind
from importer.inspection.content import Content
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Part
from importer.plan.blobs import DamagedBlob, ProvenBlob, RepairedBlob, WantedBlob
from importer.plan.causes import Cause, Corrupt, TrailingData, Truncated, ZeroFilled
from importer.recovery.blobs.diagnosis import MIN_ZEROS_OF_TAR, diagnose

_RECORD: Final = 20 * TAR_BLOCK
"""GNU tar fills an archive up to whole records, others write two blocks of zeros (POSIX ustar, "End-of-Archive")."""


def saved_layer(wanted: WantedBlob, fact: FileFacts, examiner: Examiner) -> RepairedBlob | DamagedBlob:
    """What the file that should be the layer's content is: the layer and more, or what is left of it.

    Args:
        wanted: the layer, with its diff_id for a digest.
        fact: the file, whose digest isn't that one.
        examiner: reads its tar, and what may be the layer in it.
    """
    # Docker saves plain tars; only its containerd store saves layers as they were pulled.
    descriptor = replace(wanted.descriptor, media_type=media_types.DOCKER_LAYER)
    content = _tar_in(fact, examiner)
    if content is None:
        return DamagedBlob(wanted, fact, diagnose(descriptor, fact))
    for size in _possible_sizes(fact, content):
        recipe = Part(fact.file.address, 0, size)
        digest = descriptor.digest
        if examiner.digest_of(recipe, digest.algorithm, size) == digest:
            proven = ProvenBlob(digest, size, recipe)
            found = replace(wanted, descriptor=replace(descriptor, size=size))
            return RepairedBlob(found, proven, TrailingData(fact.size - size), fact, content=proven)
    return DamagedBlob(wanted, fact, _cause(fact, content))


def _tar_in(fact: FileFacts, examiner: Examiner) -> Content | None:
    if fact.kind is not FileKind.TAR:
        return None
    try:
        return examiner.content_of(fact)
    except OSError:
        return None


def _possible_sizes(fact: FileFacts, content: Content) -> Iterator[int]:
    """Where the layer may end in a longer file (bytes), each once."""
    whole_blocks = fact.size - fact.size % TAR_BLOCK
    ends = [whole_blocks]
    if content.tar_ended_at is not None:
        end = content.tar_ended_at + 2 * TAR_BLOCK
        ends += [end, -(-end // _RECORD) * _RECORD, content.tar_ended_at]
    yield from dict.fromkeys(end for end in ends if 0 < end < fact.size)


def _cause(fact: FileFacts, content: Content) -> Cause:
    if fact.size - fact.zeros_from >= MIN_ZEROS_OF_TAR:
        return ZeroFilled(fact.zeros_from, fact.zeros_from)
    if content.tar_ended_at is None and content.tar_broken_at is None:
        return Truncated(fact.size, fact.size, content.size)
    return Corrupt(fact.digest, content.tar_broken_at)
