"""The plan: for every image what it wants and how each blob of it comes about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from importer.domain.config import ImageConfig
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.platform import Platform
from importer.domain.reference import Reference, Repository
from importer.domain.schema1 import Schema1Manifest
from importer.formats.documents import Document
from importer.formats.signatures import FileKind
from importer.inspection.file_facts import FileFacts
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


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """One manifest and all it wants.

    Attributes:
        manifest: the manifest itself, as a blob.
        parsed: the manifest or index, when it could be read.
        document: what it was parsed from.
        config_document: the config, as JSON, when it is here and valid.
        config: the image's config, when it is here and valid.
        blobs: the config and the layers, or the children of an index, in the manifest's order.
        names: under which names it goes.
        repository: where it belongs, when no tag of it is known.
        parents: the indexes it belongs to.
        proofs: where the manifest's digest is known from, in plain words; none: it is unproven.
        other_forms: what an unproven manifest's digest would be had a program changed its text, by the change.
        alteration: what shows that a program has changed an unproven manifest's text; None when nothing does.
        flaws: what is wrong with it as a whole.
        saved: the same image as a docker save's own manifest has it, where the one here can't be loaded.
        children: the plans of an index's children that are here.
        referrers_tags: under which tags it was kept that list what refers to a manifest.
    """

    kind: ImageKind
    manifest: BlobPlan
    parsed: ImageManifest | Index | Schema1Manifest | None
    document: Document | None = field(default=None, repr=False)
    config_document: Document | None = field(default=None, repr=False)
    config: ImageConfig | None = None
    blobs: tuple[BlobPlan, ...] = ()
    names: tuple[Reference, ...] = ()
    repository: Repository | None = None
    parents: tuple[Digest, ...] = ()
    proofs: tuple[str, ...] = ()
    other_forms: tuple[tuple[str, Digest], ...] = ()
    alteration: str | None = None
    flaws: tuple[Flaw, ...] = ()
    saved: ImagePlan | None = field(default=None, repr=False)
    platform: Platform | None = None
    children: tuple[ImagePlan, ...] = field(default=(), repr=False)
    referrers_tags: tuple[str, ...] = ()

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
    def image_id(self) -> Digest | None:
        """The digest of the config of a container image."""
        if self.kind is ImageKind.IMAGE and isinstance(self.parsed, ImageManifest):
            return self.parsed.config.digest
        return None

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
        return all(isinstance(blob, PresentBlob | SavedManifest) or blob.is_dispensable for blob in self.all_blobs)

    @property
    def all_images(self) -> tuple[ImagePlan, ...]:
        """The image, and below an index its children and theirs, the lowest first, each once."""
        members: dict[Digest, ImagePlan] = {}
        for child in self.children:
            members |= {member.manifest.descriptor.digest: member for member in child.all_images}
        return (*members.values(), self)


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
