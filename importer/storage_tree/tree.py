"""A storage tree as it was found: what is in order takes little room, what is odd is kept in full."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from importer.domain import storage_paths as paths
from importer.domain.digest import Digest
from importer.storage_tree.layout import Layout
from importer.storage_tree.link_text import LinkFault


class LinkRole(StrEnum):
    """What a link is for."""

    LAYER = "layer"
    REVISION = "revision"
    CURRENT = "current"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class OddLink:
    """A link that isn't what or where it should be.

    Attributes:
        path: its path in the storage.
        role: what it is for, going by where it lies.
        tag: the tag it belongs to.
        in_place: whether a registry would open it.
        digest: what it means: the folder's digest where there is one, else the text's.
        text_digest: what its text means.
        fault: what is wrong with the text.
        registry_error: what go-digest says of the text.
    """

    path: str
    role: LinkRole
    tag: str | None
    in_place: bool
    digest: Digest | None
    text_digest: Digest | None = None
    fault: LinkFault | None = None
    registry_error: str | None = None


@dataclass(frozen=True, slots=True)
class OddBlob:
    """A file among the blobs that lies where no registry looks; ``claimed`` is the digest its path names."""

    path: str
    size: int
    claimed: Digest | None


class Area(StrEnum):
    """A part of the tree in which strays do different harm."""

    BLOBS = "blobs"
    REPOSITORIES = "repositories"
    LAYERS = "layers"
    REVISIONS = "revisions"
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Stray:
    """An entry that belongs to nothing."""

    path: str
    area: Area
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that the system doesn't hand out."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository's links; those in order are only remembered by their digests.

    Attributes:
        name: its path below ``repositories``.
        layers, revisions: digests with a right link.
        tags: every tag there is a folder or a file for.
        currents: what each tag names, where its link is right.
        indexed: what each tag names or has named, by right links.
        folders: of each tag that has no link at all, the digests that folders in it bear.
        odd: links that aren't in order.
        has_layers: whether ``_layers`` is there, by which registry 2.8 knows a repository.
    """

    name: str
    layers: set[Digest] = field(default_factory=set)
    revisions: set[Digest] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    currents: dict[str, Digest] = field(default_factory=dict)
    indexed: dict[str, set[Digest]] = field(default_factory=dict)
    folders: dict[str, set[Digest]] = field(default_factory=dict)
    odd: list[OddLink] = field(default_factory=list)
    has_layers: bool = True

    def link(self, role: LinkRole, digest: Digest, tag: str | None = None) -> str:
        """Where a link of this repository belongs."""
        match role:
            case LinkRole.LAYER:
                return paths.layer_link(self.name, digest)
            case LinkRole.REVISION:
                return paths.revision_link(self.name, digest)
            case LinkRole.CURRENT:
                return paths.current_link(self.name, tag or "")
        return paths.index_link(self.name, tag or "", digest)

    def has(self, role: LinkRole, digest: Digest, tag: str | None = None) -> bool:
        """Whether a right link is there."""
        match role:
            case LinkRole.LAYER:
                return digest in self.layers
            case LinkRole.REVISION:
                return digest in self.revisions
            case LinkRole.CURRENT:
                return self.currents.get(tag or "") == digest
        return digest in self.indexed.get(tag or "", ())


@dataclass(frozen=True, slots=True)
class Tree:
    """Everything a walk has seen.

    Attributes:
        blobs: the size (bytes) of every blob in its place.
        odd_blobs: files among the blobs that are in no blob's place.
    """

    layout: Layout
    blobs: dict[Digest, int] = field(default_factory=dict)
    odd_blobs: list[OddBlob] = field(default_factory=list)
    repositories: list[Repository] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
