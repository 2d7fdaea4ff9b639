"""The blobs that an image wants, and how each comes about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.formats.signatures import FileKind
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
class BlobPlan:
    """One wanted blob.

    Attributes:
        role, position: what it is for; layers and children are counted from 0.
        descriptor: what is wanted.
        status: what became of it.
        exact: how its very bytes come about, when they can.
        content: how its decompressed content comes about, proven by the diff_id, when that was looked at.
        diff_id: the digest that the config wants of the content.
        cause: why it isn't simply there.
        earlier: what else had happened to the file, and was undone before.
        file: the file that holds it, or what is left of it.
        kind, inside: what its very bytes, and those of its content, are by their first ones; None where nothing tells.
        certain: whether a digest ties the file to the blob; else it's an inference.
    """

    role: Role
    descriptor: Descriptor
    status: BlobStatus
    position: int | None = None
    exact: ProvenBlob | None = None
    content: ProvenBlob | None = None
    diff_id: Digest | None = None
    cause: Cause | None = None
    earlier: tuple[Cause, ...] = ()
    file: FileFacts | None = None
    path: str | None = None
    kind: FileKind | None = None
    inside: FileKind | None = None
    certain: bool = True

    @property
    def file_path(self) -> str | None:
        """The file that holds the blob or what is left of it."""
        return self.file.file.path if self.file else self.path

    @property
    def is_here(self) -> bool:
        """Whether its very bytes can be written."""
        return self.exact is not None

    @property
    def is_dispensable(self) -> bool:
        """Whether registries do without it: they don't hold foreign layers, and attestations may lack."""
        return self.status is BlobStatus.MISSING and isinstance(self.cause, Foreign | AttestationMissing)
