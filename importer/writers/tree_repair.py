"""Carrying out the steps that mend a storage tree.

Each phase of steps is on the disk before the next one depends on it, so that a kill between two steps, or a power cut,
leaves a tree that the next run understands. What is taken out of the tree is set aside below the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from importer.domain.digest import Digest
from importer.domain.storage_paths import blob_path
from importer.places.changes import Changes, Job
from importer.places.durability import Durability
from importer.places.store import Store
from importer.progress import Progress
from importer.storage_tree.layout import Layout
from importer.storage_tree.link_text import MAX_LINK_SIZE, is_spelling_of
from importer.storage_tree.steps import (
    MakeFolder,
    MoveBlob,
    Relocate,
    SetAside,
    Step,
    WriteBlob,
    WriteLink,
    in_phases,
)
from importer.writers.verifying_reader import VerifyingReader

_REPAIR: Final = Job(
    "repair",
    busy="another repair-tree is running here; wait until it has finished",
    # A registry looks for them.
    landmarks=frozenset({"blobs", "repositories", "sha256", "sha512", "_layers", "_manifests", "revisions", "tags"}),
)


def repair_tree(
    layout: Layout, steps: Sequence[Step], reader: VerifyingReader, progress: Progress, durability: Durability
) -> None:
    """Carry out the steps in their order.

    Raises OutputError when another repair is at work, the tree leads out of its root, or the system
    refuses; VerificationError and InputError when a source has changed. What is done by then stays.
    """
    size = sum(step.blob.size for step in steps if isinstance(step, WriteBlob))
    with layout.store.changing(_REPAIR, durability) as changes:
        layout.store.demand_space(size)
        progress.start("Writing", size)
        repair = _Repair(layout, changes, reader, progress)
        for phase in in_phases(steps):
            for step in phase:
                repair.ask_for(step)
            changes.settle()
        progress.stop()


def clear_workshop(layout: Layout) -> None:
    """Take away what a killed repair has left under ``.blobfix-``, where there is nothing else to do.

    Raises OutputError when another repair is at work.
    """
    layout.store.clear_up(_REPAIR)


class _Repair:
    def __init__(self, layout: Layout, changes: Changes, reader: VerifyingReader, progress: Progress) -> None:
        self._layout = layout
        self._changes = changes
        self._reader = reader
        self._progress = progress

    def ask_for(self, step: Step) -> None:
        key, changes = self._layout.key, self._changes
        match step:
            case MoveBlob(source, digest, stamp, keeps_source):
                changes.copy(key(source), key(blob_path(digest)), stamp)
                # In another blob's place the bytes stay until that blob comes.
                if not keeps_source:
                    changes.remove(key(source))
            case WriteBlob(blob):
                blocks = self._reader.blocks(blob, self._progress.advance)
                changes.put(key(blob_path(blob.digest)), blocks, keeps_former=True)
            case MakeFolder(path):
                changes.make_folder(key(path))
            case WriteLink(path, digest):
                keeps_former = _says_something_else(self._layout.store, key(path), digest)
                changes.put(key(path), [str(digest).encode()], keeps_former=keeps_former)
            case SetAside(path):
                changes.set_aside(key(path))
            case Relocate(source, target):
                changes.move_folder(source, target)


def _says_something_else(store: Store, link: str, digest: Digest) -> bool:
    """Whether a link's old text isn't just another spelling of the digest."""
    try:
        raw = store.head(link, MAX_LINK_SIZE)
    except OSError:
        return False
    return bool(raw.strip()) and not is_spelling_of(raw, digest)
