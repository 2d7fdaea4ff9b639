"""What can be wrong with a storage tree: each defect with its evidence and the steps that mend it.

A defect is a value; the text that explains it to people belongs to the rule of the same subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Rules of downloads know some defects by name, and no command about downloads should load the rest of this room.
    from importer.domain.digest import Digest
    from importer.formats.signatures import FileKind
    from importer.plan.causes import Cause
    from importer.storage_tree.foreign_stores import StoreKind
    from importer.storage_tree.link_text import LinkFault
    from importer.storage_tree.steps import Step
    from importer.storage_tree.tree import Area, LinkRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """The head of the family.

    Attributes:
        path: where it is, below the root; None when nothing is there.
        digest: the blob it is about.
        steps: what mends it; none when it can't be repaired from what is here.
        leads_out: whether it would be mended if a link on the way didn't lead out of the tree.
    """

    path: str | None
    digest: Digest | None = None
    steps: tuple[Step, ...] = ()
    leads_out: bool = False

    @property
    def is_remark(self) -> bool:
        """Whether nothing is lost and nothing has to be done."""
        return False

    @property
    def is_loss(self) -> bool:
        """Whether an image lacks something that can't be had from here."""
        return not self.steps and not self.is_remark


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDefect(Defect):
    """Something about a link: what it is for, and of which repository and tag."""

    role: LinkRole
    repository: str
    tag: str | None = None

    @property
    def is_remark(self) -> bool:
        """No request reads what a tag's ``index/`` says."""
        return self.role == "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMalformed(LinkDefect):
    """A link in its place with a wrong text; ``registry_error`` is what go-digest says of it."""

    fault: LinkFault
    text_digest: Digest | None
    registry_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMisplaced(LinkDefect):
    """A link that lies where no registry looks for it; ``belongs`` is what it should be."""

    belongs: LinkRole
    is_flat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryMisnamed(Defect):
    """A repository under a name that can't be asked for; ``clash`` names a tag that is another under the right one."""

    name: str
    right_name: str
    clash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMissing(LinkDefect):
    """A link that something here demands; ``because`` names it.

    ``candidates``: of a tag that may have named several manifests, or one that isn't here.
    """

    because: str
    candidates: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayersFolderMissing(Defect):
    """A repository without ``_layers``."""

    repository: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who wants a blob that isn't in its place.

    Attributes:
        size: bytes, None when nothing tells.
        role: what it is for: manifest, config, layer.
        places: repositories that want it, each with a tag that leads to it, or "".
    """

    size: int | None
    role: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDangling(Defect):
    """Something points at a blob that isn't there; ``is_supplied`` says that it was found elsewhere."""

    wish: Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobMisplaced(Defect):
    """A blob that lies where no registry looks for it.

    Attributes:
        size: in bytes.
        is_inside_another: whether it lies in another blob's place.
        is_replaced: whether another blob's bytes lie in its own place.
    """

    size: int
    is_inside_another: bool = False
    is_replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobDamaged(Defect):
    """The bytes have another digest than their path says.

    Attributes:
        actual, size, kind: what is there (bytes).
        wish: who wants it; None when nobody does.
        cause: what happened to it, where that can be told.
    """

    actual: Digest
    size: int
    kind: FileKind
    wish: Wish | None
    cause: Cause | None = None

    @property
    def is_loss(self) -> bool:
        """What no manifest names is in the way of a push, and no loss."""
        return not self.steps and self.wish is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayEntry(Defect):
    """An entry that belongs to nothing, and that a registry may take for something."""

    area: Area
    reason: str = ""

    @property
    def is_loss(self) -> bool:
        """No image misses it."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRegistryStorage(Defect):
    """All of it is another kind of store, whose owner needs it as it is; ``place`` is the folder that was given."""

    kind: StoreKind
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootMisplaced(Defect):
    """A half of the tree that begins at a wrong place."""

    right_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryUnreadable(Defect):
    """The system doesn't hand it out."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionInvalid(Defect):
    """A blob that is linked as a manifest, has the right digest, and is none."""

    repository: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildMissing(Defect):
    """An index names a manifest for a platform that isn't here."""

    repository: str
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema1Manifest(Defect):
    """A manifest of the first schema; registry 2 serves it."""

    repository: str

    @property
    def is_remark(self) -> bool:
        """It is kept as it is."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTypeAbsent(Defect):
    """A docker manifest that doesn't say what it is, and so is taken for OCI's."""

    repository: str

    @property
    def is_remark(self) -> bool:
        """Its digest forbids any change."""
        return True
