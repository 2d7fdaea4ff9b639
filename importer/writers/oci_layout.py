"""What an OCI image layout consists of, be it a folder or an archive.

Sources: OCI image-spec, image-layout.md and annotations.md; containerd, core/images/archive/importer.go
(the annotation ``io.containerd.image.name``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.plan.blobs import ProvenBlob
from importer.recovery.documents.referrers import is_listing
from importer.writers.moved_tags import MovedTag
from importer.writers.named_image import NamedImage
from importer.writers.staging import blobs_of

INDEX_NAME: Final = "index.json"
LAYOUT_NAME: Final = "oci-layout"
LAYOUT_FILE: Final = b'{"imageLayoutVersion":"1.0.0"}'

_Named = tuple[dict[str, Any], Reference | None]
"""An entry of ``index.json``, and the name that it gives the image."""

_FULL_NAME: Final = "io.containerd.image.name"
_SHORT_NAME: Final = "org.opencontainers.image.ref.name"


@dataclass(frozen=True, slots=True)
class ReferrersList:
    """The index of what refers to a manifest, and the tag by which regctl finds it in a layout.

    Source: regclient, scheme/ocidir/referrer.go and ocidir.go (``indexGet``, ``indexSet``).
    """

    tag: str
    content: bytes

    @property
    def digest(self) -> Digest:
        """That of its bytes."""
        return Digest.of(self.content)

    @property
    def entry(self) -> dict[str, Any]:
        """How ``index.json`` names it: by the tag alone, as it is no image that somebody could run."""
        descriptor = {"mediaType": media_types.OCI_INDEX, "digest": str(self.digest), "size": len(self.content)}
        return descriptor | {"annotations": {_SHORT_NAME: self.tag}}


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


def layout_members(images: Sequence[NamedImage], lists: Sequence[ReferrersList]) -> tuple[TarMember, ...]:
    """The layout as an archive: the blobs, then the documents that bind them."""
    blobs: dict[Digest, ProvenBlob | bytes] = {each.digest: each.content for each in lists}
    blobs |= {digest: blob for image in images for digest, blob in blobs_of(image.plan).items()}
    members = [TarMember(blob_name(digest), blobs[digest]) for digest in sorted(blobs)]
    members.append(TarMember(INDEX_NAME, compact_json(index_of(images, lists))))
    members.append(TarMember(LAYOUT_NAME, LAYOUT_FILE))
    return tuple(members)


def index_of(images: Iterable[NamedImage], lists: Sequence[ReferrersList] = ()) -> dict[str, Any]:
    """The ``index.json`` of a new layout: one entry for each name, one for an image without, one for each list."""
    return merged_index({"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": []}, images, lists)


def merged_index(
    present: dict[str, Any], images: Iterable[NamedImage], lists: Sequence[ReferrersList] = ()
) -> dict[str, Any]:
    """The ``index.json`` of a layout to which images are added; a name that was taken now means the new image."""
    images = tuple(images)
    new = _Entries.of(present, images)
    before = {each.tag: listed_before(present, each.tag) for each in lists}
    kept = [old for old in present["manifests"] if new.successor_of(old) is None and old not in before.values()]
    unchanged = {_full_name(old): old for old in present["manifests"] if _full_name(old)}
    entries = [_as_it_was(entry, unchanged.get(_full_name(entry))) for entry in new.entries]
    listed = [_as_it_was(each.entry, before[each.tag]) for each in lists]
    return present | {"manifests": [*kept, *entries, *listed]}


def listed_before(index: Mapping[str, Any], tag: str) -> dict[str, Any] | None:
    """The entry of ``index.json`` for a list of referrers, as regctl finds it: by its tag, or a name that ends so."""
    found = (
        entry for entry in index["manifests"] if _short_name(entry) == tag or _short_name(entry).endswith(f":{tag}")
    )
    return next(found, None)


def tags_moved(present: dict[str, Any], images: Iterable[NamedImage]) -> tuple[MovedTag, ...]:
    """The names of a layout that would mean another image if these were added."""
    new = _Entries.of(present, tuple(images))
    pairs = ((old, new.successor_of(old)) for old in present["manifests"])
    return tuple(
        MovedTag(name, Digest.parse(old["digest"]), Digest.parse(entry["digest"]))
        for old, successor in pairs
        if successor and (entry := successor[0])["digest"] != old["digest"] and (name := successor[1])
    )


def short_name_in(index: dict[str, Any], name: Reference) -> str:
    """By what skopeo and umoci find an image in a layout: its tag, unless that would find two."""
    entries = (entry for entry in index["manifests"] if _full_name(entry) == name.fully_qualified)
    return next(map(_short_name, entries), name.tag)


def compact_json(value: Any) -> bytes:
    """JSON in one line, the same each time."""
    return json.dumps(value, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class _Entries:
    """The entries of the images to add, each with its name, found by what an entry can be known by."""

    entries: tuple[dict[str, Any], ...]
    by_full_name: Mapping[str, _Named]
    by_short_name: Mapping[str, _Named]
    by_digest: Mapping[str, _Named]

    @classmethod
    def of(cls, present: dict[str, Any], images: Sequence[NamedImage]) -> _Entries:
        repositories = _repositories_by_tag(present, images)
        named = [each for image in images for each in _descriptors(image, repositories)]
        return cls(
            tuple(entry for entry, _ in named),
            {_full_name(entry): (entry, name) for entry, name in named if name},
            {_short_name(entry): (entry, name) for entry, name in named if name},
            {entry["digest"]: (entry, name) for entry, name in named},
        )

    def successor_of(self, old: dict[str, Any]) -> _Named | None:
        """The entry that takes an old one's place: programs must not find two by what they know."""
        if _full_name(old):
            return self.by_full_name.get(_full_name(old))
        if _short_name(old):
            return self.by_short_name.get(_short_name(old))
        return self.by_digest.get(old["digest"])


def _full_name(entry: dict[str, Any]) -> str:
    return str((entry.get("annotations") or {}).get(_FULL_NAME) or "")


def _short_name(entry: dict[str, Any]) -> str:
    return str((entry.get("annotations") or {}).get(_SHORT_NAME) or "")


def _as_it_was(entry: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    """An entry whose image keeps its name; what it was called for skopeo may stand in somebody's script."""
    return old if old and old["digest"] == entry["digest"] else entry


def _repositories_by_tag(present: dict[str, Any], images: Iterable[NamedImage]) -> Mapping[str, set[str]]:
    """The full names that are, or ask to be, known by a tag alone."""
    found: dict[str, set[str]] = {}
    for old in present["manifests"]:
        if _full_name(old):
            found.setdefault(_short_name(old), set()).add(_full_name(old))
    for image in images:
        for name in () if is_listing(image.plan) else image.names:
            found.setdefault(name.tag, set()).add(name.fully_qualified)
    return found


def _descriptors(image: NamedImage, repositories: Mapping[str, set[str]]) -> Iterator[_Named]:
    if is_listing(image.plan):
        return
    manifest = image.entry.manifest.descriptor
    descriptor = {"mediaType": manifest.media_type, "digest": str(manifest.digest), "size": manifest.size}
    for name in image.names:
        # The same tag of two repositories: skopeo takes the whole name as well, and would find two by the tag.
        short = name.tag if len(repositories[name.tag]) == 1 else str(name)
        yield descriptor | {"annotations": {_FULL_NAME: name.fully_qualified, _SHORT_NAME: short}}, name
    if not image.names:
        yield descriptor, None
