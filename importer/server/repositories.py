"""What a registry holds, made from images that can be written exactly.

Source: distribution-spec v1.1, "Pull", "Listing Tags", "Listing Referrers".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.schema1 import Schema1Manifest
from importer.plan.blobs import ProvenBlob, Role
from importer.plan.images import ImagePlan
from importer.writers.named_image import NamedImage
from importer.writers.referrer_tags import artifact_type_of, descriptor_of
from importer.writers.verifying_reader import VerifyingReader


@dataclass(frozen=True, slots=True)
class ServedManifest:
    """A manifest's exact bytes, and what they say."""

    digest: Digest
    content: bytes = field(repr=False)
    parsed: ImageManifest | Index | Schema1Manifest

    @property
    def media_type(self) -> str:
        """What the Content-Type must be: clients refuse any other."""
        return self.parsed.media_type

    @property
    def artifact_type(self) -> str:
        """What a referrer is, as its descriptor says it (distribution-spec, "Listing Referrers")."""
        return artifact_type_of(self.parsed)

    @property
    def subject(self) -> Digest | None:
        """The manifest that this one says something about."""
        subject = None if isinstance(self.parsed, Schema1Manifest) else self.parsed.subject
        return subject.digest if subject else None

    @property
    def descriptor(self) -> dict[str, Any]:
        """How a list of referrers points at it."""
        return descriptor_of(self.parsed, self.digest, len(self.content))


@dataclass(slots=True)
class ServedRepository:
    """Tags, manifests and blobs under one name."""

    tags: dict[str, Digest] = field(default_factory=dict)
    manifests: dict[Digest, ServedManifest] = field(default_factory=dict)
    blobs: dict[Digest, ProvenBlob] = field(default_factory=dict)

    def manifest(self, reference: str) -> ServedManifest | None:
        """A manifest by tag or digest."""
        if ":" not in reference:
            digest = self.tags.get(reference)
            return self.manifests.get(digest) if digest else None
        try:
            return self.manifests.get(Digest.parse(reference))
        except ValueError:
            return None

    def blob(self, digest: str) -> ProvenBlob | None:
        """A blob by digest; a manifest is one as well."""
        try:
            return self.blobs.get(Digest.parse(digest))
        except ValueError:
            return None

    def referrers(self, subject: str) -> list[ServedManifest]:
        """The manifests that name another as their subject."""
        return [manifest for manifest in self.manifests.values() if str(manifest.subject) == subject]


def repositories_of(images: Iterable[NamedImage], reader: VerifyingReader) -> Mapping[str, ServedRepository]:
    """Everything by the names it goes under; raises VerificationError for a file that changed meanwhile."""
    repositories: dict[str, ServedRepository] = {}
    for image in images:
        for repository in image.repositories:
            served = repositories.setdefault(repository, ServedRepository())
            for member in image.plan.all_images:
                _add(served, member, reader)
        for name in image.names:
            if image.plan.manifest.exact:
                repositories[name.repository].tags[name.tag] = image.plan.manifest.exact.digest
    return repositories


def _add(repository: ServedRepository, plan: ImagePlan, reader: VerifyingReader) -> None:
    for blob in plan.all_blobs:
        if blob.exact is None:
            continue
        repository.blobs[blob.exact.digest] = blob.exact
        if blob.role is Role.MANIFEST and plan.parsed:
            content = reader.content(blob.exact)
            repository.manifests[blob.exact.digest] = ServedManifest(blob.exact.digest, content, plan.parsed)
