"""The search for the compressor that makes a layer's own bytes of its content; a digest decides."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from importer.work.executor import Executor, run
from importer.work.task import Tools

DEFAULT_SECONDS: Final = 600
"""Seconds without a match after which the search gives up, unless the user says otherwise."""

_PURE_SECONDS: Final = 60
"""The same for one layer where only the Python form is there."""

_CORES: Final = 2 if IS_NATIVE else 1
"""The C form lets two tries run at once, the Python form doesn't."""

TELLING_BYTES: Final = 4 << 20 if IS_NATIVE else 256 << 10
"""So many bytes of a sibling's content tell one compressor from another."""


_MOST_SIBLINGS: Final = 4


@dataclass(frozen=True, slots=True)
class TryCompressors:
    """Compress a layer's content with one compressor after the other, until one makes the layer's own bytes.

    Attributes:
        content: what is compressed.
        wanted: what must come out.
        compressors: the likeliest first.
        seconds: without a match after which it gives up.
        first_alone: whether the first is tried alone before all others.
    """

    content: ProvenBlob
    wanted: Wanted
    compressors: tuple[KnownCompressor, ...]
    seconds: float
    first_alone: bool

    @property
    def size(self) -> int:
        """Bytes that are compressed in a try; how many follow, nobody knows."""
        return self.content.size

    @property
    def activity(self) -> str:
        """What its progress is called."""
        return f"Recompressing {self.wanted.digest.short}"

    def carry_out(self, tools: Tools) -> Outcome:
        """Give the compressor that makes the bytes; none when the content can no longer be read."""
        try:
            return find_compressor(
                partial(tools.opener.open, self.content.recipe),
                self.wanted,
                self.compressors,
                progress=_Steps(tools, self.activity, self.size),
                limit=self.seconds,
                first_alone=self.first_alone,
            )
        except (OSError, DecodeError):
            # What can't be read any more makes nothing; whoever reads it next says why.
            return Outcome(None)


@dataclass(frozen=True, slots=True)
class RecogniseCompressor:
    """Tell which compressors may have written a gzip file, by the beginning of its content."""

    fact: FileFacts

    @property
    def size(self) -> int:
        """Bytes to read, as far as is known."""
        return min(self.fact.size, TELLING_BYTES)

    def carry_out(self, tools: Tools) -> tuple[Digest, Recognition | None]:
        """Give the file's digest and the compressors; None when it can no longer be read."""
        try:
            return self.fact.digest, recognise(partial(tools.opener.open, self.fact.file.address), most=TELLING_BYTES)
        except (OSError, DecodeError):
            return self.fact.digest, None


class CompressorSearch:
    """Finds compressors, and remembers which ones the images here were made with.

    Args:
        seconds: without a match, in all, after which it gives up; None: as long as is sensible.
        executor: reads and compresses the layers.
    """

    def __init__(self, seconds: float | None, executor: Executor) -> None:
        self._executor = executor
        self._examiner = Examiner(executor.tools)
        self._left = DEFAULT_SECONDS if seconds is None else seconds
        self._most_for_one = _PURE_SECONDS if seconds is None and not IS_NATIVE else self._left
        self._siblings: dict[Digest, Recognition | None] = {}
        self._learned: list[Recognition] = []

    def find(self, plain: ProvenBlob, layer: BlobPlan, image: BuildEvidence) -> Recompressed | Search:
        """Find what makes the layer of its content; else say why nothing does."""
        evidence = self._evidence(layer, image)
        ordered = order_by_evidence(known_compressors(), evidence)
        affordable = tuple(_affordable(ordered, plain.size, min(self._left, self._most_for_one)))
        wanted = Wanted(layer.descriptor.digest, layer.descriptor.size)
        started = time.monotonic()
        outcome = self._tried(TryCompressors(plain, wanted, affordable, self._left, evidence.is_certain))
        if outcome.found:
            known, header = outcome.found.known, outcome.found.header
            self._learned.append(Recognition(header, (known,)))
            return Recompressed(plain.recipe, known.compressor, header)
        self._left -= time.monotonic() - started
        return _why_not(outcome, is_cut=len(affordable) < len(ordered))

    def _tried(self, task: TryCompressors) -> Outcome:
        # One layer after the other: what made the first is tried first, and alone, for the next.
        self._executor.progress.start(task.activity, task.size)
        try:
            (outcome,) = run(self._executor, (task,))
        finally:
            self._executor.progress.stop()
        return outcome

    def _evidence(self, layer: BlobPlan, image: BuildEvidence) -> Evidence:
        siblings = list(_telling_siblings(image, self._examiner))
        new = [RecogniseCompressor(fact) for fact in siblings if fact.digest not in self._siblings]
        self._siblings |= dict(run(self._executor, new))
        known = [self._siblings[fact.digest] for fact in siblings]
        return Evidence(
            siblings=[*(sibling for sibling in known if sibling), *self._learned],
            history=_builder_texts(image.config),
            annotations={**image.annotations, **layer.descriptor.annotations},
        )


class _Steps:
    """Shows how far the try has come that began last; how many follow, nobody knows."""

    def __init__(self, tools: Tools, activity: str, size: int) -> None:
        self._tools = tools
        self._activity = activity
        self._size = size
        self._begun: list[str] = []
        self._done = 0

    def __call__(self, known: KnownCompressor, done: int) -> None:
        if known.name not in self._begun:
            self._begun.append(known.name)
            self._tools.begin(f"{self._activity}, try {len(self._begun)}", self._size)
            self._done = 0
        if known.name == self._begun[-1]:
            self._tools.advance(done - self._done)
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
