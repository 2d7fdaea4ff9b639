"""Which lost layer a damaged file is that no name gives away.

Only its compression and its size speak for such a file. It is taken for a layer's remains when it can be no
other's, and when no other file can be that layer's; a file that may be several belongs to none, since a download
that goes on from it spoils it for all others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.media_types import Compression
from importer.formats.streams import Ending
from importer.inspection.content import compression_of_kind
from importer.inspection.file_facts import FileFacts
from importer.plan.blobs import BlobPlan, DamagedBlob, MissingBlob, Role
from importer.plan.causes import DigestMismatch, Missing
from importer.plan.images import AmbiguousRemains, ImageIndex, ImagePlan
from importer.recovery.blobs.candidates import claim_of
from importer.recovery.blobs.diagnosis import diagnose

_CUT_SHORT: Final = frozenset({Ending.TRUNCATED, Ending.TRAILER_CUT})
_MOST_NAMED: Final = 64
"""Layers that are named of those that a file may be: there may be thousands of them, beside thousands of files."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The images with the remains that are surely theirs, and the files that may be several layers."""

    images: tuple[ImagePlan, ...]
    ambiguous: tuple[AmbiguousRemains, ...]


def settle_remains(images: Iterable[ImagePlan], files: Iterable[FileFacts]) -> Settled:
    """Give damaged files without telling names to the layers that are still missing.

    Args:
        images: all images, as far as proofs and names have explained them.
        files: what may be left of a blob and isn't explained yet.
    """
    images = tuple(images)
    lost = _LostLayers(images)
    owners: dict[Digest, list[FileFacts]] = {}
    ambiguous = []
    for fact in files if lost else ():
        possible = lost.that_may_be(fact)
        if len(possible) == 1:
            owners.setdefault(possible[0].digest, []).append(fact)
        elif possible:
            named = tuple(descriptor.digest for descriptor in possible[:_MOST_NAMED])
            ambiguous.append(AmbiguousRemains(fact, named, len(possible) - len(named)))
    own = _undisputed(owners, ambiguous)
    return Settled(tuple(_with_remains(image, own) for image in images) if own else images, tuple(ambiguous))


def _undisputed(
    owners: Mapping[Digest, Sequence[FileFacts]], ambiguous: Sequence[AmbiguousRemains]
) -> Mapping[Digest, FileFacts]:
    if any(remains.more for remains in ambiguous):
        return {}
    disputed = frozenset(digest for remains in ambiguous for digest in remains.digests)
    return {digest: facts[0] for digest, facts in owners.items() if len(facts) == 1 and digest not in disputed}


class _LostLayers:
    """The layers of which nothing is known to be left, each digest once, by compression and size."""

    def __init__(self, images: Iterable[ImagePlan]) -> None:
        lost = {blob.descriptor.digest: blob.descriptor for image in images for blob in image.blobs if _is_lost(blob)}
        self._layers: dict[Compression, list[Descriptor]] = {}
        for descriptor in sorted(lost.values(), key=lambda descriptor: descriptor.size):
            compression = media_types.compression_of(descriptor.media_type)
            if compression is not None:
                self._layers.setdefault(compression, []).append(descriptor)
        self._sizes = {key: [layer.size for layer in layers] for key, layers in self._layers.items()}

    def __bool__(self) -> bool:
        return bool(self._layers)

    def that_may_be(self, fact: FileFacts) -> Sequence[Descriptor]:
        """Those whose remains the file may be: those of its very size, else all larger ones if it was cut short."""
        compression = compression_of_kind(fact.kind)
        if compression not in self._layers or not fact.size or claim_of(fact):
            return ()
        layers, sizes = self._layers[compression], self._sizes[compression]
        start, end = bisect_left(sizes, fact.size), bisect_right(sizes, fact.size)
        is_cut = fact.content is not None and fact.content.ending in _CUT_SHORT
        return layers[start:end] or (layers[end:] if is_cut else ())


def _is_lost(blob: BlobPlan) -> bool:
    return blob.role is Role.LAYER and isinstance(blob, MissingBlob) and isinstance(blob.cause, Missing)


def _with_remains(image: ImagePlan, own: Mapping[Digest, FileFacts]) -> ImagePlan:
    image = replace(image, blobs=tuple(_damaged(blob, own) for blob in image.blobs))
    if isinstance(image, ImageIndex):
        return replace(image, children=tuple(_with_remains(child, own) for child in image.children))
    return image


def _damaged(blob: BlobPlan, own: Mapping[Digest, FileFacts]) -> BlobPlan:
    fact = own.get(blob.descriptor.digest) if _is_lost(blob) else None
    if fact is None:
        return blob
    return DamagedBlob(blob.wanted, fact, diagnose(blob.descriptor, fact), certain=False)


def is_replaceable(blob: BlobPlan) -> bool:
    """Whether what lies in the blob's place is what is left of it, and no loss once the blob is there.

    A file that has nothing but the blob's name may be anything, somebody's only copy of something else included.
    """
    return blob.file is not None and blob.cause is not None and not isinstance(blob.cause, DigestMismatch)
