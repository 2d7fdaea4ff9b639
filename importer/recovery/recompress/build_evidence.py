"""What an image shows of how it was built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from importer.formats.documents import Document
from importer.plan.blobs import BlobPlan


@dataclass(frozen=True, slots=True)
class BuildEvidence:
    """What the rest of an image may tell of the compressor of its layers.

    Attributes:
        layers: all of them, found or not.
        config: the image's config, which tells how it was built.
        annotations: the manifest's.
    """

    layers: Sequence[BlobPlan]
    config: Document | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
