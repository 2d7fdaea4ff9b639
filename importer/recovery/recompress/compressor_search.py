"""The search for the compressor that makes a layer's own bytes of its content; a digest decides."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from importer.domain.digest import Digest
from importer.domain.json_members import child, children, text, text_map
from importer.errors import DecodeError
from importer.formats.documents import Document
from importer.formats.signatures import FileKind
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Recompressed
from importer.plan.blobs import BlobPlan, PresentBlob, ProvenBlob
from importer.plan.causes import Search
from importer.progress import Progress
from importer.recompression import (
    IS_NATIVE,
    Evidence,
    GzipHeader,
    KnownCompressor,
    Outcome,
    Recognition,
    Wanted,
    find_compressor,
    is_original_zlib,
    known_compressors,
    order_by_evidence,
    recognise,
    seconds_for,
)
from importer.recovery.recompress.build_evidence import BuildEvidence

DEFAULT_SECONDS: Final = 600
"""Seconds without a match after which the search gives up, unless the user says otherwise."""

_PURE_SECONDS: Final = 60
"""The same for one layer where only the Python form is there."""

_CORES: Final = 2 if IS_NATIVE else 1
"""The C form lets two tries run at once, the Python form doesn't."""

TELLING_BYTES: Final = 4 << 20 if IS_NATIVE else 256 << 10
"""So many bytes of a sibling's content tell one compressor from another."""


_MOST_SIBLINGS: Final = 4


class CompressorSearch:
    """Finds compressors, and remembers which ones the images here were made with.

    Args:
        seconds: without a match, in all, after which it gives up; None: as long as is sensible.
        progress: is told of the bytes that are compressed.
        examiner: opens the layers.
    """

    def __init__(self, seconds: float | None, progress: Progress, examiner: Examiner) -> None:
        self._examiner = examiner
        self._left = DEFAULT_SECONDS if seconds is None else seconds
        self._most_for_one = _PURE_SECONDS if seconds is None and not IS_NATIVE else self._left
        self._progress = progress
        self._siblings: dict[Digest, Recognition | None] = {}
        self._learned: list[Recognition] = []

    def find(self, plain: ProvenBlob, layer: BlobPlan, image: BuildEvidence) -> Recompressed | Search:
        """Find what makes the layer of its content; else say why nothing does."""
        evidence = self._evidence(layer, image)
        ordered = order_by_evidence(known_compressors(), evidence)
        affordable = tuple(_affordable(ordered, plain.size, min(self._left, self._most_for_one)))
        started = time.monotonic()
        outcome = self._tried(plain, layer, affordable, is_certain=evidence.is_certain)
        if outcome.found:
            known, header = outcome.found.known, outcome.found.header
            self._learned.append(Recognition(header, (known,)))
            return Recompressed(plain.recipe, known.compressor, header)
        self._left -= time.monotonic() - started
        return _why_not(outcome, is_cut=len(affordable) < len(ordered))

    def _tried(
        self, plain: ProvenBlob, layer: BlobPlan, compressors: Sequence[KnownCompressor], *, is_certain: bool
    ) -> Outcome:
        wanted = Wanted(layer.descriptor.digest, layer.descriptor.size)
        activity = f"Recompressing {layer.descriptor.digest.short}"
        self._progress.start(activity, plain.size)
        try:
            return find_compressor(
                partial(self._examiner.opener.open, plain.recipe),
                wanted,
                compressors,
                progress=_Steps(self._progress, activity, plain.size),
                limit=self._left,
                first_alone=is_certain,
            )
        except (OSError, DecodeError):
            # What can't be read any more makes nothing; whoever reads it next says why.
            return Outcome(None)
        finally:
            self._progress.stop()

    def _evidence(self, layer: BlobPlan, image: BuildEvidence) -> Evidence:
        known = [self._recognition(fact) for fact in _telling_siblings(image, self._examiner)]
        return Evidence(
            siblings=[*(sibling for sibling in known if sibling), *self._learned],
            history=_builder_texts(image.config),
            annotations={**image.annotations, **layer.descriptor.annotations},
        )

    def _recognition(self, fact: FileFacts) -> Recognition | None:
        if fact.digest not in self._siblings:
            try:
                self._siblings[fact.digest] = recognise(
                    partial(self._examiner.opener.open, fact.file.address), most=TELLING_BYTES
                )
            except (OSError, DecodeError):
                self._siblings[fact.digest] = None
        return self._siblings[fact.digest]


class _Steps:
    """Shows how far the try has come that began last; how many follow, nobody knows."""

    def __init__(self, progress: Progress, activity: str, size: int) -> None:
        self._progress = progress
        self._activity = activity
        self._size = size
        self._begun: list[str] = []
        self._done = 0

    def __call__(self, known: KnownCompressor, done: int) -> None:
        if known.name not in self._begun:
            self._begun.append(known.name)
            self._progress.start(f"{self._activity}, try {len(self._begun)}", self._size)
            self._done = 0
        if known.name == self._begun[-1]:
            self._progress.advance(done - self._done)
            self._done = done


def _affordable(compressors: Sequence[KnownCompressor], size: int, seconds: float) -> Iterator[KnownCompressor]:
    """Those that there is time for, going by their usual speeds."""
    spent = 0.0
    for known in compressors:
        needed = seconds_for((known,), size) / _CORES
        if spent + needed <= seconds:
            spent += needed
            yield known


def _telling_siblings(image: BuildEvidence, examiner: Examiner) -> Iterator[FileFacts]:
    """For each gzip header among the intact layers, the largest of those that have it."""
    groups: dict[GzipHeader, FileFacts] = {}
    for layer in image.layers:
        fact = layer.file if isinstance(layer, PresentBlob) else None
        if fact and fact.kind is FileKind.GZIP and (header := _header_of(fact, examiner)):
            groups[header] = max(groups.get(header, fact), fact, key=lambda each: each.size)
    yield from sorted(groups.values(), key=lambda fact: -fact.size)[:_MOST_SIBLINGS]


def _builder_texts(config: Document | None) -> tuple[str, ...]:
    """What a config says of how the image was built: its history, and the names of its labels."""
    if config is None or config.config is None:
        return ()
    try:
        steps = children(config.value, "history")
        told = [text(step, key) for step in steps for key in ("created_by", "comment", "author")]
        labels = text_map(child(config.value, "config") or {}, "Labels")
    except ValueError:
        return ()
    return tuple(said for said in (*told, *labels) if said)


def _header_of(fact: FileFacts, examiner: Examiner) -> GzipHeader | None:
    head = examiner.head_of(fact.file.address, 512)
    try:
        return GzipHeader.parse(head) if head else None
    except ValueError:
        return None


def _why_not(outcome: Outcome, *, is_cut: bool) -> Search:
    if is_cut and not IS_NATIVE:
        return Search.TOO_SLOW_HERE
    if is_cut or outcome.given_up:
        return Search.OUT_OF_TIME
    return Search.NONE_FITS if is_original_zlib() else Search.WITHOUT_ZLIB
