"""What writers are given."""

from __future__ import annotations

from dataclasses import dataclass

from importer.domain.reference import Reference
from importer.plan.images import ImagePlan


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image and the names under which it is to be written.

    Attributes:
        plan: what is written.
        names: the names; none makes an image without one.
        original: the image as it was found, when what is written has other digests.
        index: the index from which it was picked.
        is_asked: whether the user asked for its platform.
        beside: the repositories of the image that it refers to, when it has no name of its own.
    """

    plan: ImagePlan
    names: tuple[Reference, ...]
    original: ImagePlan | None = None
    index: ImagePlan | None = None
    is_asked: bool = False
    beside: tuple[str, ...] = ()

    @property
    def entry(self) -> ImagePlan:
        """What the ``index.json`` of an archive names, so that it names nothing that isn't there.

        That is the index, by whose digest a containerd store knows the image, if it lists this image alone.
        """
        own = {self.plan.manifest.descriptor.digest}
        is_alone = self.index and not self.is_asked and {blob.descriptor.digest for blob in self.index.blobs} == own
        return self.index if self.index and is_alone and self.index.manifest.exact else self.plan

    @property
    def repositories(self) -> tuple[str, ...]:
        """The repositories that it goes into, each once."""
        return tuple(dict.fromkeys(name.repository for name in self.names)) or self.beside
