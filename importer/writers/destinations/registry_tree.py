"""A storage tree that registry:2 serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from importer.domain.media_types import HELM_CONFIG
from importer.domain.storage_paths import STORAGE_PARTS
from importer.errors import UsageError
from importer.places.durability import Durability
from importer.places.named import AnyPath, on_disk, place_of
from importer.places.store import EntryKind, Store, joined, kind_at
from importer.plan.images import Artifact, Plan
from importer.progress import Progress
from importer.words.printable import for_shell
from importer.writers import registry_tree
from importer.writers.destination import OpenDestination, Outcome
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.output_places import check_not_an_input, check_outside, strangers_in
from importer.writers.outputs import REGISTRY_TREE
from importer.writers.selection import Choice, Selection, choose
from importer.writers.staging import StagingCapture
from importer.writers.verifying_reader import VerifyingReader

_IN_A_BUCKET: Final = (
    "to serve it, give the registry's storage driver this bucket, and as rootdirectory what follows the bucket's name"
)


@dataclass(frozen=True, slots=True)
class RegistryTree:
    """The storage of a registry, new or added to; the tags become visible last.

    Attributes:
        path: the folder that is mounted at ``/var/lib/registry``, or the part of a bucket that a registry has.
        replace_tags: whether tags that are there already may name other images than before.
        sync: whether all is on the disk before it is called done.
    """

    path: AnyPath
    replace_tags: bool = False
    sync: bool = True

    def check(self, inputs: Iterable[Store]) -> None:
        """Raise UsageError when the folder is none to write to."""
        _check_place(place_of(self.path), inputs)

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[OpenRegistryTree]:
        """Begin a tree beside its place; raises OutputError."""
        store, durability = place_of(self.path), Durability(is_wanted=self.sync)
        with registry_tree.RegistryTree.opened(store, reader, progress, durability) as tree:
            yield OpenRegistryTree(self, tree, reader)


class OpenRegistryTree(OpenDestination[Outcome]):
    """The tree, before anything of it is seen."""

    def __init__(self, place: RegistryTree, tree: registry_tree.RegistryTree, reader: VerifyingReader) -> None:
        self._place = place
        self._tree = tree
        self._reader = reader

    def capture(self) -> StagingCapture:
        """Stages wanted blobs while they are first read."""
        return self._tree.capture()

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images whose manifests can be written, and that have a name."""
        return choose(plan, choice, REGISTRY_TREE, self._reader)

    def moved_tags(self, images: Sequence[NamedImage]) -> tuple[MovedTag, ...]:
        """The tags that the tree has already, for other images."""
        return self._tree.moved_tags(images)

    def write(self, images: Sequence[NamedImage]) -> Outcome:
        """Write the images; raises UsageError for tags that moved meanwhile and may not."""
        self._tree.write(images, replace_tags=self._place.replace_tags)
        store = place_of(self._place.path)
        folder = on_disk(store)
        if not folder:
            check = f"blobfix repair-tree {for_shell(store.shown(''))}"
            return Outcome("check it:", (check,), remarks=(_IN_A_BUCKET,))
        mount = _mount_of(str(folder.resolve()))
        serve = f"docker run -d -p 5000:5000 {mount} registry:2"
        return Outcome("serve it and pull from it:", (serve, pull_command(images[0], "localhost:5000")))


def pull_command(image: NamedImage, host: str) -> str:
    """What fetches the image from a registry that speaks plain http: docker, or what knows artifacts."""
    repository, tag = image.names[0].repository, image.names[0].tag
    if not isinstance(image.plan, Artifact):
        return f"docker pull {host}/{repository}:{tag}"
    config = image.plan.config_blob
    if config and config.descriptor.media_type == HELM_CONFIG:
        return f"helm pull oci://{host}/{repository} --version {tag} --plain-http"
    return f"oras pull --plain-http {host}/{repository}:{tag}"


def _mount_of(root: str) -> str:
    """The option that gives the registry its storage; -v takes no colon in a path."""
    if ":" in root:
        return f"--mount {for_shell(f'type=bind,source={root},target=/var/lib/registry')}"
    return f"-v {for_shell(f'{root}:/var/lib/registry')}"


def _check_place(store: Store, inputs: Iterable[Store]) -> None:
    """A registry tree goes into a new or empty folder, or into one that holds a tree already."""
    inputs = tuple(inputs)
    check_outside(store, inputs)
    check_not_an_input(store.within(STORAGE_PARTS[0]), inputs)
    kind, root = kind_at(store, ""), store.shown("")
    if kind is None:
        return
    if kind is not EntryKind.FOLDER:
        raise UsageError(f"{root}: is a file; a registry tree must be a folder")
    is_tree = kind_at(store, joined(*STORAGE_PARTS)) is EntryKind.FOLDER
    strangers = [] if is_tree else strangers_in(store)
    if strangers:
        raise UsageError(
            f"{root}: the folder is not empty and holds no registry's data ({strangers[0]} is there); "
            "give a new or empty folder, or the one that is mounted at /var/lib/registry"
        )
