"""Reading an output back: what it holds, and whether every byte of it is there and right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from importer.domain.storage_paths import STORAGE_PARTS
from importer.investigation import Investigation, Question, investigate
from importer.places.changes import WritableStore
from importer.places.store import EntryKind, kind_at
from importer.plan.blobs import BlobPlan, BlobStatus
from importer.plan.fidelity import ImageStatus, status_of
from importer.plan.images import ImagePlan
from importer.recovery.examination import Depth
from importer.tree_checkup import Checkup, TreeQuestion, check_tree
from importer.work.executor import Executor
from importer.writers.named_image import NamedImage


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read back.

    Attributes:
        seen: the images.
        trees: the registry storages among the places, whose links were followed as well.
    """

    seen: Investigation
    trees: tuple[Checkup, ...]

    @property
    def flawed(self) -> tuple[ImagePlan, ...]:
        """The images of which something is missing or damaged."""
        host = self.seen.case.host
        return tuple(
            image
            for image in self.seen.case.plan.images
            if status_of(image, host) is ImageStatus.INCOMPLETE or not all(map(_is_here, image.all_blobs))
        )

    @property
    def is_whole(self) -> bool:
        """Whether there are images, each with all its bytes, and every link leads to them."""
        case = self.seen.case
        unread = any(unread.matters for unread in case.unread)
        wrong_links = any(not defect.is_remark for tree in self.trees for defect in tree.defects)
        return bool(case.plan.images) and not (self.flawed or unread or wrong_links)

    def lacks(self, images: Iterable[NamedImage]) -> Iterator[NamedImage]:
        """The images that should be here and aren't, as far as they were whole when they were written."""
        found = self.seen.case.plan.images
        here = {blob.descriptor.digest for image in found for blob in image.all_blobs if _is_here(blob)}
        whole = {image.image_id for image in found if image not in self.flawed}
        for image in images:
            written = {blob.exact.digest for each in image.plan.all_images for blob in each.all_blobs if blob.exact}
            if not (written <= here or (image.plan.image_id and image.plan.image_id in whole)):
                yield image


def _is_here(blob: BlobPlan) -> bool:
    return blob.status in (BlobStatus.OK, BlobStatus.CONTENT_OK)


def verify(places: tuple[WritableStore, ...], executor: Executor) -> Verification:
    """Read everything, each layer unpacked and held against its diff_id; raises as ``investigate`` does."""
    seen = investigate(Question(places=places, depth=Depth(every_layer=True)), executor)
    storage = "/".join(STORAGE_PARTS)
    trees = [place for place in places if kind_at(place, storage) is EntryKind.FOLDER]
    return Verification(seen, tuple(check_tree(TreeQuestion(tree, quick=True), executor) for tree in trees))
