"""What an OCI image layout consists of, be it a folder or an archive.

Sources: OCI image-spec, image-layout.md and annotations.md; containerd, core/images/archive/importer.go
(the annotation ``io.containerd.image.name``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.recovery.plan import ProvenBlob
from importer.writers.named_image import NamedImage
from importer.writers.staging import blobs_of

INDEX_NAME: Final = "index.json"
LAYOUT_NAME: Final = "oci-layout"
LAYOUT_FILE: Final = b'{"imageLayoutVersion":"1.0.0"}'

_FULL_NAME: Final = "io.containerd.image.name"
_SHORT_NAME: Final = "org.opencontainers.image.ref.name"


@dataclass(frozen=True, slots=True)
class TarMember:
    """A file of an archive: a proven blob, or a small document."""

    name: str
    content: ProvenBlob | bytes

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size


def blob_name(digest: Digest) -> str:
    """Where an OCI layout keeps a blob."""
    return f"blobs/{digest.algorithm}/{digest.hex}"


def layout_members(images: Sequence[NamedImage]) -> tuple[TarMember, ...]:
    """The layout as an archive: the blobs, then the documents that bind them."""
    blobs = {digest: blob for image in images for digest, blob in blobs_of(image.plan).items()}
    members = [TarMember(blob_name(digest), blobs[digest]) for digest in sorted(blobs)]
    members.append(TarMember(INDEX_NAME, compact_json(index_of(images))))
    members.append(TarMember(LAYOUT_NAME, LAYOUT_FILE))
    return tuple(members)


def index_of(images: Iterable[NamedImage]) -> dict[str, Any]:
    """The ``index.json`` of a new layout: one entry for each name, one for an image without."""
    entries = [entry for image in images for entry in _descriptors(image)]
    return {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": entries}


def merged_index(present: dict[str, Any], images: Iterable[NamedImage]) -> dict[str, Any]:
    """The ``index.json`` of a layout to which images are added; a name that was taken now means the new image."""
    entries = index_of(images)["manifests"]
    kept = [old for old in present["manifests"] if not any(_is_replaced(old, entry) for entry in entries)]
    return present | {"manifests": [*kept, *entries]}


def compact_json(value: Any) -> bytes:
    """JSON in one line, the same each time."""
    return json.dumps(value, separators=(",", ":")).encode()


def _is_replaced(old: dict[str, Any], new: dict[str, Any]) -> bool:
    was, now = old.get("annotations") or {}, new.get("annotations") or {}
    if _FULL_NAME in was:
        return bool(was[_FULL_NAME] == now.get(_FULL_NAME))
    if _SHORT_NAME in was:
        # Programs that know only short names must not find two.
        return bool(was[_SHORT_NAME] == now.get(_SHORT_NAME))
    return bool(old["digest"] == new["digest"])


def _descriptors(image: NamedImage) -> Iterator[dict[str, Any]]:
    # A containerd store knows an image that was picked from an index by the index's digest.
    named = image.index if image.index and image.index.manifest.exact else image.plan
    manifest = named.manifest.descriptor
    descriptor = {"mediaType": manifest.media_type, "digest": str(manifest.digest), "size": manifest.size}
    for name in image.names:
        yield descriptor | {"annotations": _annotations(name)}
    if not image.names:
        yield descriptor


def _annotations(name: Reference) -> dict[str, str]:
    return {_FULL_NAME: name.fully_qualified, _SHORT_NAME: name.tag}
