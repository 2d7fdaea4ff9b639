"""The walk of a verification: what an output is, whether programs can read it, and which images it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from importer.domain.storage_paths import STORAGE_PARTS
from importer.errors import InputError, UsageError
from importer.investigation import Investigation, Question, investigate
from importer.places.changes import WritableStore
from importer.places.named import on_disk
from importer.places.store import EntryKind, kind_at
from importer.plan.blobs import BlobPlan, BlobStatus
from importer.plan.fidelity import ImageStatus, status_of
from importer.plan.images import ImagePlan
from importer.recovery.examination import Depth
from importer.rules.rule import Severity
from importer.tree_checkup import Checkup, TreeQuestion, check_tree
from importer.verification.docker_save import MANIFEST, flaws_of_docker_save
from importer.verification.layout import flaws_of_layout
from importer.verification.objects import Objects, objects_in_store, objects_in_tar
from importer.verification.reading import ObjectReader
from importer.work.executor import Executor
from importer.writers.named_image import NamedImage
from importer.writers.oci_layout import INDEX_NAME, LAYOUT_NAME

REGISTRY_TREE: Final = "a registry tree"
DOCKER_TAR: Final = "a docker tar"
LAYOUT: Final = "an OCI layout"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One output as other programs read it.

    Attributes:
        place: where it is.
        kind: what it is, in words.
        flaws: what keeps programs from an image in it, or will.
    """

    place: WritableStore
    kind: str
    flaws: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read back.

    Attributes:
        outputs: each place as other programs read it.
        seen: the images in them.
    """

    outputs: tuple[ReadBack, ...]
    seen: Investigation

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
        """Whether there are images, each with all its bytes, and programs find all of them."""
        is_wrong = any(finding.severity is Severity.ERROR for finding in self.seen.findings)
        is_hidden = any(output.flaws for output in self.outputs)
        return bool(self.seen.case.plan.images) and not (self.flawed or self.seen.case.unread or is_wrong or is_hidden)

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


def verify(places: Iterable[WritableStore], executor: Executor) -> Verification:
    """Read everything, each layer unpacked and held against its diff_id.

    Raises UsageError for what is no output, InputError for what can't be read, and what ``check_tree`` raises.
    """
    named = tuple(places)
    try:
        outputs = tuple(_read_back(place, executor) for place in named)
    except OSError as error:
        raise InputError(f"{error.filename or named[0].shown('')}: {error.strerror or error}") from error
    return Verification(outputs, investigate(Question(places=named, depth=Depth(every_layer=True)), executor))


def _read_back(place: WritableStore, executor: Executor) -> ReadBack:
    if kind_at(place, "/".join(STORAGE_PARTS)) is EntryKind.FOLDER:
        return ReadBack(place, REGISTRY_TREE, _flaws_of_tree(check_tree(TreeQuestion(place), executor)))
    file = on_disk(place) if kind_at(place, "") is EntryKind.FILE else None
    if file:
        objects = objects_in_tar(file)
    elif EntryKind.FILE in (kind_at(place, INDEX_NAME), kind_at(place, LAYOUT_NAME)):
        objects = objects_in_store(place)
    else:
        raise UsageError(
            f"{place.shown('')}: is not a docker tar, registry tree or OCI layout; for anything else use blobfix scan"
        )
    executor.progress.start("Verifying", sum(objects.sizes.values()))
    found = _read_objects(place, objects, ObjectReader(objects, executor.tools.opener, executor.tools.advance))
    executor.progress.stop()
    return found


def _read_objects(place: WritableStore, objects: Objects, reader: ObjectReader) -> ReadBack:
    is_layout = INDEX_NAME in objects or LAYOUT_NAME in objects
    is_for_docker = MANIFEST in objects
    if not (is_layout or is_for_docker) and not objects.flaws:
        raise UsageError(f"{place.shown('')}: has neither {MANIFEST} nor {INDEX_NAME}, so no program finds an image")
    flaws = [*objects.flaws]
    flaws += flaws_of_docker_save(objects, reader) if is_for_docker else ()
    flaws += flaws_of_layout(objects, reader) if is_layout else ()
    kind = DOCKER_TAR if is_for_docker else LAYOUT if is_layout else "a damaged tar"
    return ReadBack(place, kind, tuple(flaws))


def _flaws_of_tree(tree: Checkup) -> tuple[str, ...]:
    wrong = [finding for finding in tree.findings if finding.severity is not Severity.INFO]
    flaws = [str(finding.observation.message) for finding in wrong]
    return tuple(flaws) if tree.census.manifests else (*flaws, "no repository in it has an image")
