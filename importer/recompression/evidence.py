"""Evidence of which compressor made a blob, and the order of tries that follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from importer.recompression.catalogue import KnownCompressor
from importer.recompression.compressor import Compressor
from importer.recompression.gzip_file import GzipHeader
from importer.recompression.recognition import Recognition

_FAR_MORE: Final = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rest of the image shows of the compressor of its layers."""

    siblings: Sequence[Recognition] = ()
    """What :func:`~importer.recompression.recognition.recognise` found for intact layers of the same image."""
    history: Sequence[str] = ()
    """Texts of the image config: created_by, comment and author of the history, names of labels."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Of the manifest and of the layer's descriptor."""

    @property
    def is_certain(self) -> bool:
        """Whether the siblings leave one compressor only, or one far more common than the others they leave.

        It is then the first in order.
        """
        if not self.siblings:
            return False
        left = set.intersection(*(_compressors(sibling) for sibling in self.siblings))
        fitting = {one.compressor: one.commonness for one in self.siblings[0].compressors if one.compressor in left}
        first, *others = [*sorted(fitting.values(), reverse=True), 0]
        return first > _FAR_MORE * max(others, default=0)


@dataclass(frozen=True, slots=True)
class _Trace:
    pattern: re.Pattern[str]
    writers: frozenset[str]


def _trace(pattern: str, *writers: str) -> _Trace:
    return _Trace(re.compile(pattern, re.IGNORECASE), frozenset(writers))


_TRACES: Final = (
    _trace(r"buildkit", "BuildKit", "docker push"),
    _trace(r"kaniko", "kaniko"),
    _trace(r"\bjib\b|jib-(maven|gradle|core)", "jib"),
    _trace(r"buildah|podman", "buildah", "podman"),
    _trace(r"debuerreotype|^# debian\.sh|debian\.sh --arch", "debuerreotype: Debian's base layer"),
    _trace(r"\bapko\b", "apko"),
    _trace(r"ko://|ko-build", "ko"),
    _trace(r"bazel|rules_oci", "bazel tar.bzl", "distroless"),
    _trace(r"umoci", "umoci"),
    _trace(r"buildpacks", "buildpacks"),
    _trace(r"nix2container|/nix/store", "nix2container"),
)
"""What the builders leave in the config's history and in annotations: from their public sources and images."""

_RECOGNISED: Final = 10_000
_SAME_HEADER: Final = 1_000
_TRACED: Final = 300


def order_by_evidence(compressors: Sequence[KnownCompressor], evidence: Evidence) -> tuple[KnownCompressor, ...]:
    """The compressors in the order to try them.

    First those that wrote an intact sibling, then those that write a sibling's header, then those whose
    writers left traces, then by how common they are. A sibling's header counts among the headers of the
    compressor that wrote it, even if it was not known before.
    """
    headers = [sibling.header for sibling in evidence.siblings]
    writers = _traced_writers(evidence)

    def score(known: KnownCompressor) -> int:
        recognised = sum(known.compressor in _compressors(sibling) for sibling in evidence.siblings)
        same_header = max((_fit(header, known) for header in headers), default=0)
        traced = not writers.isdisjoint(known.writers)
        return known.commonness + _RECOGNISED * recognised + same_header + _TRACED * traced

    ordered = sorted(compressors, key=score, reverse=True)
    return tuple(_with_headers(known, evidence.siblings) for known in ordered)


def _fit(header: GzipHeader, known: KnownCompressor) -> int:
    """How strong a header is as evidence for a compressor: weaker if that usually writes another."""
    return _SAME_HEADER // (1 + known.headers.index(header)) if header in known.headers else 0


def _compressors(sibling: Recognition) -> set[Compressor]:
    return {known.compressor for known in sibling.compressors}


def _traced_writers(evidence: Evidence) -> frozenset[str]:
    texts = [*evidence.history, *evidence.annotations.keys(), *evidence.annotations.values()]
    found = [trace.writers for trace in _TRACES if any(trace.pattern.search(text) for text in texts)]
    return frozenset().union(*found)


def _with_headers(known: KnownCompressor, siblings: Sequence[Recognition]) -> KnownCompressor:
    seen = [sibling.header for sibling in siblings if known.compressor in _compressors(sibling)]
    return replace(known, headers=tuple(dict.fromkeys([*seen, *known.headers]))) if seen else known
