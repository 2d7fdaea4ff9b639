"""An image's layers as archives that Dockerfile's ADD unpacks.

ADD unpacks plain tars and those packed with gzip in every version (moby, pkg/archive/archive.go). It
takes an archive without members for a plain file, and doesn't apply whiteouts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from importer.formats.signatures import FileKind
from importer.plan.blobs import BlobPlan, ProvenBlob
from importer.plan.images import ImagePlan
from importer.writers.merged_names import WHITEOUT
from importer.writers.tar_entries import TarReader
from importer.writers.verifying_reader import VerifyingReader

_MAX_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class LayerArchive:
    """A layer that was read to its end, and found to be what the config says.

    Attributes:
        name: its file name.
        blob: what is written.
        members: how many members its tar has.
        whiteouts: how many of them take something of lower layers away.
        examples: the paths of the first few of these.
    """

    name: str
    blob: ProvenBlob
    members: int
    whiteouts: int
    examples: tuple[bytes, ...]


def layer_archives(plan: ImagePlan, reader: VerifyingReader) -> Iterator[LayerArchive]:
    """Look at the layers, lowest first; raises CannotWriteError and VerificationError."""
    width = len(str(len(plan.layers)))
    for number, layer in enumerate(plan.layers, start=1):
        yield _archive(layer, reader, f"layer-{number:0{width}}", layer_title(plan, layer))


def layer_title(plan: ImagePlan, layer: BlobPlan) -> str:
    """What to call a layer in an error message."""
    return f"layer {(layer.position or 0) + 1} of {len(plan.layers)} ({layer.descriptor.digest.short})"


def _archive(layer: BlobPlan, reader: VerifyingReader, name: str, title: str) -> LayerArchive:
    counted = _Counted(reader.unpacked_blocks(layer))
    members, whiteouts = 0, 0
    examples: list[bytes] = []
    for entry in TarReader(counted, title):
        members += 1
        if entry.path.rstrip(b"/").rpartition(b"/")[2].startswith(WHITEOUT):
            whiteouts += 1
            examples += [entry.path] if len(examples) < _MAX_EXAMPLES else []
    if layer.exact and reader.kind_of(layer.exact) is FileKind.GZIP:
        blob, suffix = layer.exact, ".tar.gz"
    else:
        blob, suffix = reader.unpacked_blob(layer, counted.size), ".tar"
    return LayerArchive(name + suffix, blob, members, whiteouts, tuple(examples))


class _Counted:
    """Blocks on their way, counted in bytes."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = next(self._blocks)
        self.size += len(block)
        return block
