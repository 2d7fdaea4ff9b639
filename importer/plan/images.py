"""The plan: for every image what it wants and how each blob of it comes about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from importer.domain.config import ImageConfig
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.platform import Platform
from importer.domain.reference import Reference, Repository
from importer.domain.schema1 import Schema1Manifest
from importer.formats.documents import Document
from importer.formats.signatures import FileKind
from importer.inspection.file_facts import FileFacts
from importer.places.address import decoded_within
from importer.plan.blobs import BlobPlan, PresentBlob, Role, SavedManifest
from importer.plan.causes import NotAManifest
from importer.plan.flaws import Flaw


class ImageKind(StrEnum):
    """What a manifest stands for."""

    IMAGE = "image"
    INDEX = "index"
    ARTIFACT = "artifact"


class Proof(StrEnum):
    """What speaks for a manifest's bytes.

    PROVEN: a digest that was known beforehand is theirs. PLAUSIBLE: none is known, but the text is as a program
    writes it that makes images. ALTERED: no such program writes it.
    """

    PROVEN = "proven"
    PLAUSIBLE = "plausible"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlannedManifest:
    """A manifest and all it wants: what an image, an index and an artifact have in common, and are asked alike.

    Attributes:
        manifest: the manifest itself, as a blob.
        document: what it was parsed from.
        blobs: the config and the layers, or the children of an index, in the manifest's order.
        names: under which names it goes.
        repository: where it belongs, when no tag of it is known.
        parents: the indexes it belongs to.
        proofs: where the manifest's digest is known from, in plain words; none: it is unproven.
        other_forms: what an unproven manifest's digest would be had a program changed its text, by the change.
        alteration: what shows that a program has changed an unproven manifest's text; None when nothing does.
        platform: what it is for: an index says so of its children, a config of its image.
    """

    manifest: BlobPlan
    document: Document | None = field(default=None, repr=False)
    blobs: tuple[BlobPlan, ...] = ()
    names: tuple[Reference, ...] = ()
    repository: Repository | None = None
    parents: tuple[Digest, ...] = ()
    proofs: tuple[str, ...] = ()
    other_forms: tuple[tuple[str, Digest], ...] = ()
    alteration: str | None = None
    platform: Platform | None = None

    @property
    def parsed(self) -> ImageManifest | Index | Schema1Manifest | None:
        """The manifest or index, when it could be read."""
        return None

    @property
    def config(self) -> ImageConfig | None:
        """A container image's config, when it is here and valid."""
        return None

    @property
    def config_document(self) -> Document | None:
        """The same as JSON."""
        return None

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """What is wrong with a container image as a whole."""
        return ()

    @property
    def saved(self) -> ContainerImage | None:
        """The same image as a docker save's own manifest has it, where the one here can't be loaded."""
        return None

    @property
    def children(self) -> tuple[ImagePlan, ...]:
        """The plans of an index's children that are here."""
        return ()

    @property
    def referrers_tags(self) -> tuple[str, ...]:
        """Under which tags an index was kept that lists what refers to a manifest."""
        return ()

    @property
    def image_id(self) -> Digest | None:
        """The digest of the config of a container image."""
        return None

    @property
    def name(self) -> str | None:
        """What it is called first: its name, or where no tag is known its repository and its digest."""
        if self.names:
            return str(self.names[0])
        return f"{self.repository}@{self.manifest.descriptor.digest}" if self.repository else None

    @property
    def manifest_digest(self) -> Digest | None:
        """The digest of the original manifest; None when its bytes aren't here."""
        return self.manifest.descriptor.digest if self.parsed and self.manifest.is_here else None

    @property
    def proof(self) -> Proof:
        """What speaks for the manifest's bytes."""
        if self.proofs:
            return Proof.PROVEN
        return Proof.ALTERED if self.alteration else Proof.PLAUSIBLE

    @property
    def is_altered(self) -> bool:
        """Whether the manifest is here, and not with the digest that it had."""
        return self.proof is Proof.ALTERED and self.manifest.is_here

    @property
    def is_only_named(self) -> bool:
        """Whether the manifest isn't here, and its digest is known, so that it can be asked for."""
        return self.parsed is None and bool(self.proofs) and not isinstance(self.manifest.cause, NotAManifest)

    @property
    def config_blob(self) -> BlobPlan | None:
        """The config as a blob."""
        return next((blob for blob in self.blobs if blob.role is Role.CONFIG), None)

    @property
    def layers(self) -> tuple[BlobPlan, ...]:
        """The layers as blobs, lowest first."""
        return tuple(blob for blob in self.blobs if blob.role is Role.LAYER)

    @property
    def all_blobs(self) -> Iterator[BlobPlan]:
        """The manifest and everything it wants."""
        yield self.manifest
        yield from self.blobs

    @property
    def is_untouched(self) -> bool:
        """Whether every blob that registries keep is here as it is."""
        return all(_is_as_it_was(blob) or blob.is_dispensable for blob in self.all_blobs)


def _is_as_it_was(blob: BlobPlan) -> bool:
    return isinstance(blob, PresentBlob | SavedManifest) and decoded_within(blob.file.file.address) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerImage(_PlannedManifest):
    """An image with a file system and a config, or what is left of one."""

    kind: ClassVar[ImageKind] = ImageKind.IMAGE
    parsed: ImageManifest | Schema1Manifest | None = field()
    config: ImageConfig | None = None
    config_document: Document | None = field(default=None, repr=False)
    flaws: tuple[Flaw, ...] = ()
    saved: ContainerImage | None = field(default=None, repr=False)

    @property
    def image_id(self) -> Digest | None:
        """The digest of the config, as docker counts it; schema 1 has none."""
        return self.parsed.config.digest if isinstance(self.parsed, ImageManifest) else None

    @property
    def all_images(self) -> tuple[ImagePlan, ...]:
        """The image alone."""
        return (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageIndex(_PlannedManifest):
    """A list of manifests, one for each platform, or of what refers to a manifest."""

    kind: ClassVar[ImageKind] = ImageKind.INDEX
    parsed: Index | None = field()
    children: tuple[ImagePlan, ...] = field(default=(), repr=False)
    referrers_tags: tuple[str, ...] = ()

    @property
    def all_images(self) -> tuple[ImagePlan, ...]:
        """Its children and theirs, the lowest first, each once, and then the index."""
        members: dict[Digest, ImagePlan] = {}
        for child in self.children:
            members |= {member.manifest.descriptor.digest: member for member in child.all_images}
        return (*members.values(), self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(_PlannedManifest):
    """A manifest of something else than an image: a chart, a signature, a model."""

    kind: ClassVar[ImageKind] = ImageKind.ARTIFACT
    parsed: ImageManifest = field()

    @property
    def all_images(self) -> tuple[ImagePlan, ...]:
        """The artifact alone."""
        return (self,)


ImagePlan = ContainerImage | ImageIndex | Artifact
"""One manifest and all it wants."""


def is_docker_save(image: ImagePlan) -> bool:
    """Whether docker save's own kind of manifest stands for the image: it names files, and no digests."""
    return bool(image.manifest.file and image.manifest.file.kind is FileKind.DOCKER_SAVE_MANIFEST)


@dataclass(frozen=True, slots=True)
class AmbiguousRemains:
    """A damaged file that may be the beginning of several blobs, and so belongs to none.

    Attributes:
        file: the file.
        digests: the blobs that it may be, the smallest first.
        more: how many further ones there are.
    """

    file: FileFacts
    digests: tuple[Digest, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """All images of the input, and which files they use.

    Attributes:
        images: indexes first, then by name and digest.
        used: paths of the files from which something is taken.
        explained: paths of the files whose damage a blob's cause tells of.
        ambiguous: damaged files that may be the remains of several missing blobs.
    """

    images: tuple[ImagePlan, ...]
    used: frozenset[str]
    explained: frozenset[str]
    ambiguous: tuple[AmbiguousRemains, ...] = ()
