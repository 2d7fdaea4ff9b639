"""Layers that lost their gzip: which of them can get their own bytes back, and of what.

The search itself is loaded only when there is such a layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from importer.domain.digest import Digest
from importer.domain.media_types import Compression, compression_of
from importer.formats.signatures import FileKind
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import claimed_digest
from importer.places.address import Decompressed, Recompressed
from importer.plan.blobs import BlobPlan, ContentBlob, DamagedBlob, ProvenBlob, RepairedBlob
from importer.plan.causes import Gunzipped, Missing, Search
from importer.plan.content import content_of, whole_file
from importer.recovery.recompress.build_evidence import BuildEvidence
from importer.work.executor import Executor

if TYPE_CHECKING:
    from importer.recovery.recompress.compressor_search import CompressorSearch

_MOST_SHRINKING: Final = 1032
"""Deflate makes nothing smaller than by this factor."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done to get a layer's own bytes back.

    Attributes:
        is_made: whether anything is done.
        seconds: without a match after which the search gives up; None: as long as is sensible.
        only_unproven: whether a content that its diff_id proves is enough.
    """

    is_made: bool = True
    seconds: float | None = None
    only_unproven: bool = False


NO_EFFORT: Final = Effort(is_made=False)


@dataclass(frozen=True, slots=True)
class Plain:
    """A layer's content, or what is taken for it, and the file it comes from."""

    content: ProvenBlob
    file: FileFacts | None


class Recompressor:
    """Computes the gzip of layers again; what was tried for one image is known for the next.

    Args:
        effort: how much is done.
        executor: reads and compresses the layers.
        leftovers: files that nothing wants.
    """

    def __init__(self, effort: Effort, executor: Executor, leftovers: Sequence[FileFacts] = ()) -> None:
        self._executor = executor
        self._effort = effort
        self._tars = [fact for fact in leftovers if fact.kind is FileKind.TAR and not claimed_digest(fact.file)]
        self._tried: dict[tuple[Digest, int, Digest], Recompressed | Search] = {}
        self._search: CompressorSearch | None = None

    def mend(self, image: BuildEvidence) -> tuple[BlobPlan, ...]:
        """The image's layers; those whose own bytes could be computed again are whole.

        The smallest is tried first: what made it makes the others, most likely.
        """
        layers = list(image.layers)
        missing = {layer.descriptor.digest for layer in layers if isinstance(layer.cause, Missing)}
        lost = [(at, plain) for at, layer in enumerate(layers) if (plain := self._plain_of(layer, missing))]
        for at, plain in sorted(lost, key=lambda pair: layers[pair[0]].descriptor.size):
            layers[at] = self._mended(layers[at], plain, image)
        return tuple(layers)

    def _plain_of(self, layer: BlobPlan, missing: set[Digest]) -> Plain | None:
        """What the layer's bytes could be computed of; None when they are here, or nothing is."""
        descriptor = layer.descriptor
        is_gzip = compression_of(descriptor.media_type) is Compression.GZIP
        if not self._effort.is_made or layer.exact or not is_gzip or not descriptor.digest.is_checkable:
            return None
        if layer.content:
            return None if self._effort.only_unproven else Plain(layer.content, layer.file)
        if layer.diff_id:
            return None
        if layer.file and layer.certain:
            return _unpacked(layer.file)
        return self._only_tar(layer, missing)

    def _only_tar(self, layer: BlobPlan, missing: set[Digest]) -> Plain | None:
        """The one tar that nothing wants, if this is the one layer that nothing is."""
        is_the_only = len(self._tars) == 1 and missing == {layer.descriptor.digest}
        return (
            _unpacked(self._tars[0]) if is_the_only and _may_shrink_to(self._tars[0], layer.descriptor.size) else None
        )

    def _mended(self, layer: BlobPlan, plain: Plain, image: BuildEvidence) -> BlobPlan:
        digest, size = layer.descriptor.digest, layer.descriptor.size
        key = (digest, size, plain.content.digest)
        if key not in self._tried:
            self._tried[key] = self._searching().find(plain.content, layer, image)
        result = self._tried[key]
        if isinstance(result, Search):
            return _unmended(layer, result)
        is_repacked = isinstance(plain.content.recipe, Decompressed)
        cause = Gunzipped(repacked=is_repacked, search=Search.FOUND, compressor=result.compressor.name)
        exact, content = ProvenBlob(digest, size, result), plain.content
        return RepairedBlob(
            layer.wanted, exact, cause, plain.file, layer.earlier, content, kind=FileKind.GZIP, inside=layer.inside
        )

    def _searching(self) -> CompressorSearch:
        if self._search is None:
            from importer.recovery.recompress.compressor_search import CompressorSearch  # noqa: PLC0415 (slow to load, seldom used)

            self._search = CompressorSearch(self._effort.seconds, self._executor)
        return self._search


def _unpacked(fact: FileFacts) -> Plain | None:
    content = whole_file(fact) if fact.kind is FileKind.TAR else content_of(fact)
    return Plain(content, fact) if content else None


def _unmended(layer: BlobPlan, result: Search) -> BlobPlan:
    match layer:
        case ContentBlob(cause=Gunzipped() as cause) | DamagedBlob(cause=Gunzipped() as cause):
            return replace(layer, cause=replace(cause, search=result))
    return layer


def _may_shrink_to(fact: FileFacts, size: int) -> bool:
    return fact.size / _MOST_SHRINKING <= size <= fact.size + fact.size // 100 + 1024
