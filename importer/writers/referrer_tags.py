"""The index through which a registry without the referrers API tells what refers to an image.

Source: distribution-spec v1.1, "Referrers Tag Schema" and "Pushing Manifests with Subject": the client keeps an image
index under the tag ``<algorithm>-<hex>`` of the subject, and adds to it; entries that are there stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.schema1 import Schema1Manifest
from importer.errors import UsageError
from importer.formats.documents import read_document
from importer.recovery.plan import ImageKind, ImagePlan
from importer.writers.named_image import NamedImage
from importer.writers.oci_layout import compact_json
from importer.writers.referrers import subject_of
from importer.writers.verifying_reader import verified_blocks

_TAG: Final = re.compile(r"(?:sha256|sha512)-[0-9a-f]{64}")
_LONGEST_HEX: Final = 64
"""A tag has no room for more; a longer digest is cut off."""


@dataclass(frozen=True, slots=True)
class ReferrersListing:
    """What is to stand in the index of one subject.

    Attributes:
        repository: where.
        tag: under which tag: the digest that they refer to.
        entries: the descriptors that it has at least.
        saved: an index that was saved under this tag, byte for byte.
    """

    repository: str
    tag: str
    entries: tuple[Mapping[str, Any], ...] = ()
    saved: bytes | None = None

    @property
    def subject(self) -> str:
        """The digest that the tag stands for; one that was cut off is none that a registry knows."""
        return self.tag.replace("-", ":", 1)

    def merged_into(self, present: bytes | None) -> bytes:
        """The index with all entries: what is there now, or was saved, as it stands when it has them already.

        Raises UsageError when what stands under the tag is no index: it isn't replaced.
        """
        base = present or self.saved or compact_json(_NEW)
        value = _index_in(base, self.tag)
        known = {entry.get("digest") for entry in value["manifests"]}
        new = [entry for entry in self._all_entries() if entry["digest"] not in known]
        return compact_json(value | {"manifests": [*value["manifests"], *new]}) if new else base

    def _all_entries(self) -> list[Mapping[str, Any]]:
        saved = _index_in(self.saved, self.tag)["manifests"] if self.saved else ()
        return list({entry["digest"]: entry for entry in (*saved, *self.entries)}.values())


_NEW: Final = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": []}


def listings_of(images: Sequence[NamedImage]) -> tuple[ReferrersListing, ...]:
    """One for each repository and subject to which something of the images refers."""
    entries: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for image in images:
        for member in image.plan.family:
            subject, manifest = subject_of(member), member.manifest.descriptor
            if subject and member.parsed:
                entry = descriptor_of(member.parsed, manifest.digest, manifest.size)
                for repository in image.repositories:
                    entries.setdefault((repository, tag_of(subject)), {})[entry["digest"]] = entry
    saved = dict(_saved_in(images))
    return tuple(
        ReferrersListing(
            repository, tag, tuple(entries.get((repository, tag), {}).values()), saved.get((repository, tag))
        )
        for repository, tag in dict.fromkeys((*entries, *saved))
    )


def tag_of(subject: Digest) -> str:
    """Under which tag the index of a subject stands."""
    return f"{subject.algorithm}-{subject.hex[:_LONGEST_HEX]}"


def is_listing(image: ImagePlan, tag: str) -> bool:
    """Whether an image is such an index, by its tag: it is added to, and never replaced."""
    return image.kind is ImageKind.INDEX and _TAG.fullmatch(tag) is not None


def descriptor_of(parsed: ImageManifest | Index | Schema1Manifest, digest: Digest, size: int) -> dict[str, Any]:
    """How a list of referrers points at a manifest of ``size`` bytes (distribution-spec, "Listing Referrers")."""
    value: dict[str, Any] = {"mediaType": parsed.media_type, "digest": str(digest), "size": size}
    if artifact_type_of(parsed):
        value["artifactType"] = artifact_type_of(parsed)
    if not isinstance(parsed, Schema1Manifest) and parsed.annotations:
        value["annotations"] = dict(parsed.annotations)
    return value


def artifact_type_of(parsed: ImageManifest | Index | Schema1Manifest) -> str:
    """What a referrer is; empty when it doesn't say so."""
    return (parsed.artifact_type or parsed.config.media_type) if isinstance(parsed, ImageManifest) else ""


def _saved_in(images: Iterable[NamedImage]) -> Iterator[tuple[tuple[str, str], bytes]]:
    for image in images:
        for name in image.names:
            if is_listing(image.plan, name.tag) and image.plan.manifest.exact:
                content = b"".join(verified_blocks(image.plan.manifest.exact, lambda _: None))
                yield (name.repository, name.tag), content


def _index_in(content: bytes, tag: str) -> dict[str, Any]:
    document = read_document(content)
    if not document.index:
        raise UsageError(f"the tag {tag}, under which clients look for referrers, names no index; move it away first")
    value: dict[str, Any] = document.value
    return value
