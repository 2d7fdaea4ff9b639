"""The blobs that an image wants, and how each comes about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.formats.signatures import COMPRESSED_KINDS, FileKind
from importer.inspection.file_facts import FileFacts
from importer.places.address import Address
from importer.plan.causes import AttestationMissing, Cause, Foreign


class Role(StrEnum):
    """What a blob is for."""

    MANIFEST = "manifest"
    CONFIG = "config"
    LAYER = "layer"
    CHILD = "child"


class BlobStatus(StrEnum):
    """What became of a wanted blob."""

    OK = "ok"
    REPAIRED = "repaired"
    CONTENT_OK = "content-ok"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class ProvenBlob:
    """A recipe whose result was seen to have the digest and the size (bytes)."""

    digest: Digest
    size: int
    recipe: Address


@dataclass(frozen=True, slots=True)
class WantedBlob:
    """What a manifest or an index asks for.

    Attributes:
        descriptor: media type, digest and size (bytes).
        role, position: what it is for; layers and children are counted from 0.
        diff_id: the digest that the config wants of the content.
    """

    descriptor: Descriptor
    role: Role
    position: int | None = None
    diff_id: Digest | None = None


@dataclass(frozen=True, slots=True)
class _PlannedBlob:
    """What can be asked of a wanted blob in every state; a state has a field for each thing that it knows.

    A field without a default is written ``field()``: the property that it takes the place of would become its default.

    Attributes:
        wanted: what is asked for.
    """

    wanted: WantedBlob

    @property
    def descriptor(self) -> Descriptor:
        """What is wanted."""
        return self.wanted.descriptor

    @property
    def role(self) -> Role:
        """What it is for."""
        return self.wanted.role

    @property
    def position(self) -> int | None:
        """Which one of the layers or children it is, counted from 0."""
        return self.wanted.position

    @property
    def diff_id(self) -> Digest | None:
        """The digest that the config wants of the content."""
        return self.wanted.diff_id

    @property
    def exact(self) -> ProvenBlob | None:
        """How its very bytes come about, when they can."""
        return None

    @property
    def content(self) -> ProvenBlob | None:
        """How its decompressed content comes about, proven by the diff_id, when that was looked at."""
        return None

    @property
    def cause(self) -> Cause | None:
        """Why it isn't simply there."""
        return None

    @property
    def earlier(self) -> tuple[Cause, ...]:
        """What else had happened to the file, and was undone before."""
        return ()

    @property
    def file(self) -> FileFacts | None:
        """The file that holds it, or what is left of it."""
        return None

    @property
    def file_path(self) -> str | None:
        """Where that file lies, or of a missing blob where it should, as far as that is known."""
        return self.file.file.path if self.file else None

    @property
    def kind(self) -> FileKind | None:
        """What its very bytes are by their first ones; None where nothing tells."""
        return None

    @property
    def inside(self) -> FileKind | None:
        """What its content is by its first bytes; None where nothing tells."""
        return None

    @property
    def certain(self) -> bool:
        """Whether a digest ties the file to the blob; else it's an inference."""
        return True

    @property
    def is_here(self) -> bool:
        """Whether its very bytes can be written."""
        return self.exact is not None

    @property
    def is_dispensable(self) -> bool:
        """Whether registries do without it: they don't hold foreign layers, and attestations may lack."""
        return False


@dataclass(frozen=True, slots=True)
class PresentBlob(_PlannedBlob):
    """A file is the blob, whatever its name."""

    status: ClassVar[BlobStatus] = BlobStatus.OK
    exact: ProvenBlob = field()
    file: FileFacts = field()
    content: ProvenBlob | None = None

    @property
    def kind(self) -> FileKind:
        """What the file is by its first bytes."""
        return self.file.kind

    @property
    def inside(self) -> FileKind | None:
        """What is in the file, when that is compressed; else what it is."""
        return self.file.inside if self.file.kind in COMPRESSED_KINDS else self.file.kind


@dataclass(frozen=True, slots=True)
class SavedManifest(_PlannedBlob):
    """Docker save's own kind of manifest stands for the one of a registry, whose bytes were never saved."""

    status: ClassVar[BlobStatus] = BlobStatus.OK
    file: FileFacts = field()


@dataclass(frozen=True, slots=True)
class RepairedBlob(_PlannedBlob):
    """Its very bytes come about by a repair, or are built in."""

    status: ClassVar[BlobStatus] = BlobStatus.REPAIRED
    exact: ProvenBlob = field()
    cause: Cause = field()
    file: FileFacts | None = None
    earlier: tuple[Cause, ...] = ()
    content: ProvenBlob | None = None
    kind: FileKind | None = None
    inside: FileKind | None = None


@dataclass(frozen=True, slots=True)
class RewrittenBlob(_PlannedBlob):
    """Other bytes take its place on purpose: a manifest, a config or a layer with a new digest."""

    status: ClassVar[BlobStatus] = BlobStatus.REPAIRED
    exact: ProvenBlob = field()
    content: ProvenBlob | None = None
    kind: FileKind | None = None
    inside: FileKind | None = None


@dataclass(frozen=True, slots=True)
class ContentBlob(_PlannedBlob):
    """A layer whose own bytes aren't here, and whose content is, proven by the diff_id."""

    status: ClassVar[BlobStatus] = BlobStatus.CONTENT_OK
    content: ProvenBlob = field()
    cause: Cause = field()
    file: FileFacts = field()
    earlier: tuple[Cause, ...] = ()
    inside: FileKind | None = None


@dataclass(frozen=True, slots=True)
class InvalidBlob(_PlannedBlob):
    """Its very bytes can be written, and can't be used: they aren't what the media type says."""

    status: ClassVar[BlobStatus] = BlobStatus.DAMAGED
    exact: ProvenBlob = field()
    cause: Cause = field()
    file: FileFacts | None = None
    earlier: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class DamagedBlob(_PlannedBlob):
    """A file is what is left of it; ``certain`` says whether a name or a digest ties the file to it."""

    status: ClassVar[BlobStatus] = BlobStatus.DAMAGED
    file: FileFacts = field()
    cause: Cause = field()
    earlier: tuple[Cause, ...] = ()
    certain: bool = True


@dataclass(frozen=True, slots=True)
class UnreadableBlob(_PlannedBlob):
    """A file has its name, and can't be read."""

    status: ClassVar[BlobStatus] = BlobStatus.DAMAGED
    cause: Cause = field()
    file_path: str | None = field()


@dataclass(frozen=True, slots=True)
class MissingBlob(_PlannedBlob):
    """No file is the blob, or was meant to be; ``file_path`` is where it should lie, as far as that is known."""

    status: ClassVar[BlobStatus] = BlobStatus.MISSING
    cause: Cause = field()
    file_path: str | None = None

    @property
    def is_dispensable(self) -> bool:
        """Whether registries do without it: they don't hold foreign layers, and attestations may lack."""
        return isinstance(self.cause, Foreign | AttestationMissing)


BlobPlan = (
    PresentBlob
    | SavedManifest
    | RepairedBlob
    | RewrittenBlob
    | ContentBlob
    | InvalidBlob
    | DamagedBlob
    | UnreadableBlob
    | MissingBlob
)
"""One wanted blob, and what became of it."""

LostBlob = DamagedBlob | UnreadableBlob | MissingBlob
"""A blob whose bytes aren't here: a download could mend it."""


def with_content(blob: BlobPlan, content: ProvenBlob | None) -> BlobPlan:
    """A blob whose bytes are here, with what they are known to hold; any other is itself."""
    return replace(blob, content=content) if isinstance(blob, PresentBlob | RepairedBlob | RewrittenBlob) else blob
