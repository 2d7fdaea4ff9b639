"""Manifests and indexes, parsed.

Sources: OCI image-spec manifest.md and image-index.md; Docker "Image Manifest Version 2,
Schema 2" (image manifest and manifest list).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.json_members import child, children, needed_child, text, text_map


@dataclass(frozen=True, slots=True)
class ImageManifest:
    """One image: its config and its layers, lowest first."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    artifact_type: str | None = None
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_container_image(self) -> bool:
        """Whether it says that it can run: charts and signatures have other configs, attestations other layers."""
        is_attestation = any(layer.media_type == media_types.IN_TOTO for layer in self.layers)
        is_config = self.config.media_type in media_types.CONFIG_TYPES | media_types.IMPLIED_CONFIG_TYPES
        return is_config and not is_attestation

    @property
    def blobs(self) -> Iterator[Descriptor]:
        """Everything a registry must hold for this manifest, config first."""
        yield self.config
        yield from self.layers


@dataclass(frozen=True, slots=True)
class Index:
    """Several manifests under one digest: a manifest list (Docker) or an image index (OCI)."""

    media_type: str
    children: tuple[Descriptor, ...]
    artifact_type: str | None = None
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def manifests(self) -> Iterator[Descriptor]:
        """The children that are manifests or indexes."""
        return (child for child in self.children if not media_types.is_blob(child.media_type))

    @property
    def blobs(self) -> Iterator[Descriptor]:
        """The children that are blobs: a BuildKit cache is an index of layers."""
        return (child for child in self.children if media_types.is_blob(child.media_type))


def parse_manifest(value: Mapping[str, Any]) -> ImageManifest:
    """Read an image manifest; raises ValueError for what Go's decoder refuses."""
    return ImageManifest(
        media_type=text(value, "mediaType", media_types.OCI_MANIFEST),
        config=Descriptor.from_json(needed_child(value, "config")),
        layers=tuple(Descriptor.from_json(layer) for layer in children(value, "layers")),
        artifact_type=text(value, "artifactType") or None,
        subject=_subject(value),
        annotations=text_map(value, "annotations"),
    )


def parse_index(value: Mapping[str, Any]) -> Index:
    """Read an index or manifest list; raises ValueError for what Go's decoder refuses."""
    return Index(
        media_type=text(value, "mediaType", media_types.OCI_INDEX),
        children=tuple(Descriptor.from_json(manifest) for manifest in children(value, "manifests")),
        artifact_type=text(value, "artifactType") or None,
        subject=_subject(value),
        annotations=text_map(value, "annotations"),
    )


def _subject(value: Mapping[str, Any]) -> Descriptor | None:
    subject = child(value, "subject")
    return Descriptor.from_json(subject) if subject else None
