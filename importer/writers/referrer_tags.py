"""The index through which a registry without the referrers API tells what refers to an image.

Source: distribution-spec v1.1, "Referrers Tag Schema" and "Pushing Manifests with Subject": the client keeps an image
index under the tag ``<algorithm>-<hex>`` of the subject, and adds to it; entries that are there stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.referrers_tag import referrers_tag
from importer.domain.schema1 import Schema1Manifest
from importer.errors import UsageError
from importer.formats.documents import read_document
from importer.formats.json_text import json_bytes
from importer.places.store import Store, opened_at
from importer.recovery.documents.referrers import is_listing, subject_of
from importer.writers.named_image import NamedImage
from importer.writers.verifying_reader import VerifyingReader


@dataclass(frozen=True, slots=True)
class ReferrersListing:
    """What is to stand in the index of one subject.

    Attributes:
        repository: where; empty in a layout, which is one for all.
        tag: under which tag: the digest that they refer to.
        entries: the descriptors that it has at least.
        saved: indexes that were saved under this tag, byte for byte.
    """

    repository: str
    tag: str
    entries: tuple[Mapping[str, Any], ...] = ()
    saved: tuple[bytes, ...] = ()

    @property
    def subject(self) -> str:
        """The digest that the tag stands for; one that was cut off is none that a registry knows."""
        return self.tag.replace("-", ":", 1)

    @property
    def all_entries(self) -> tuple[Mapping[str, Any], ...]:
        """The descriptors that were saved, and those that are to be added, each digest once."""
        saved = (entry for content in self.saved for entry in _index_in(content, self.tag)["manifests"])
        return tuple({entry["digest"]: entry for entry in (*self.entries, *saved)}.values())

    def of_those(self, digests: Iterable[Digest]) -> ReferrersListing:
        """The same without what was saved of others: registries refuse an index of what they don't hold."""
        there = set(map(str, digests))
        here = tuple(entry for entry in self.all_entries if entry["digest"] in there)
        return self if len(here) == len(self.all_entries) else replace(self, entries=here, saved=())

    def lacks_nothing_in(self, present: bytes | None) -> bool:
        """Whether an index has all entries."""
        return present is not None and self.merged_into(present) == present

    def merged_into(self, present: bytes | None) -> bytes:
        """The index with all entries: what is there now, or was saved, as it stands when it has them already.

        Raises UsageError when what stands under the tag is no index: it isn't replaced.
        """
        base = present or next(iter(self.saved), None) or json_bytes(_NEW)
        value = _index_in(base, self.tag)
        known = {entry.get("digest") for entry in value["manifests"]}
        new = [entry for entry in self.all_entries if entry["digest"] not in known]
        return json_bytes(value | {"manifests": [*value["manifests"], *new]}) if new else base


_NEW: Final = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": []}


def listings_of(images: Sequence[NamedImage], reader: VerifyingReader) -> tuple[ReferrersListing, ...]:
    """One for each repository and subject to which something of the images refers."""
    return _listings(images, reader, lambda image: image.repositories)


def layout_listings_of(images: Sequence[NamedImage], reader: VerifyingReader) -> tuple[ReferrersListing, ...]:
    """One for each subject to which something of the images refers, wherever that is."""
    return _listings(images, reader, lambda _: ("",))


def _listings(
    images: Sequence[NamedImage], reader: VerifyingReader, places: Callable[[NamedImage], Iterable[str]]
) -> tuple[ReferrersListing, ...]:
    entries: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    saved: dict[tuple[str, str], dict[bytes, None]] = {}
    for image in images:
        for place in places(image):
            for tag, entry in _entries(image):
                entries.setdefault((place, tag), {})[entry["digest"]] = entry
            for tag, content in _saved_in(image, reader):
                saved.setdefault((place, tag), {})[content] = None
    return tuple(
        ReferrersListing(*key, tuple(entries.get(key, {}).values()), tuple(saved.get(key, ())))
        for key in dict.fromkeys((*entries, *saved))
    )


def _entries(image: NamedImage) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for member in image.plan.all_images:
        subject, manifest = subject_of(member), member.manifest.descriptor
        if subject and member.parsed:
            yield referrers_tag(subject), descriptor_of(member.parsed, manifest.digest, manifest.size)


def _saved_in(image: NamedImage, reader: VerifyingReader) -> Iterator[tuple[str, bytes]]:
    if is_listing(image.plan) and image.plan.manifest.exact:
        content = reader.content(image.plan.manifest.exact)
        yield from ((tag, content) for tag in image.plan.referrers_tags)


def descriptor_of(parsed: ImageManifest | Index | Schema1Manifest, digest: Digest, size: int) -> dict[str, Any]:
    """How a list of referrers points at a manifest of ``size`` bytes (distribution-spec, "Listing Referrers")."""
    value: dict[str, Any] = {"mediaType": parsed.media_type, "digest": str(digest), "size": size}
    if artifact_type_of(parsed):
        value["artifactType"] = artifact_type_of(parsed)
    if not isinstance(parsed, Schema1Manifest) and parsed.annotations:
        value["annotations"] = dict(parsed.annotations)
    return value


def artifact_type_of(parsed: ImageManifest | Index | Schema1Manifest) -> str:
    """What a referrer is; empty when it doesn't say so. Only an image manifest's config says it as well."""
    if isinstance(parsed, Schema1Manifest):
        return ""
    return parsed.artifact_type or (parsed.config.media_type if isinstance(parsed, ImageManifest) else "")


def read_list(store: Store, key: str, digest: Digest) -> bytes | None:
    """The list of referrers that an output has; None when there is none, or not with that digest's bytes.

    Raises OSError.
    """
    opened = opened_at(store, key)
    if not opened:
        return None
    with opened.stream as stream:
        content = stream.read()
    return content if Digest.of(content) == digest else None


def _index_in(content: bytes, tag: str) -> dict[str, Any]:
    document = read_document(content)
    if not document.index:
        raise UsageError(f"the tag {tag}, under which clients look for referrers, names no index; move it away first")
    value: dict[str, Any] = document.value
    return value
