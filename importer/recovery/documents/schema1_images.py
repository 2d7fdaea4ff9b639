"""Schema 1 images, as a registry keeps them."""

from __future__ import annotations

from collections.abc import Iterator

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.platform import Platform
from importer.domain.schema1 import Schema1Manifest, payload_of
from importer.domain.well_known import WELL_KNOWN_BLOBS
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import KnownDigests
from importer.places.address import Literal
from importer.plan.blobs import BlobPlan, PresentBlob, ProvenBlob, Role, WantedBlob
from importer.plan.images import ContainerImage
from importer.recovery.blobs.finding import BlobFinder
from importer.recovery.documents.wanted import schema1_manifests_of


def schema1_plans(
    inventory: Inventory, known: KnownDigests, finder: BlobFinder, examiner: Examiner
) -> Iterator[ContainerImage]:
    """Plan each schema 1 image, its layers lowest first and each once."""
    for fact, manifest in schema1_manifests_of(inventory):
        blob = _manifest_blob(fact, manifest, examiner)
        if blob is None:
            continue
        digests = dict.fromkeys(layer.digest for layer in manifest.layers)
        layers = [
            finder.find(WantedBlob(_descriptor(inventory, digest), Role.LAYER, position))
            for position, digest in enumerate(digests)
        ]
        proofs = known.expected_of(fact)
        yield ContainerImage(
            manifest=blob,
            parsed=manifest,
            blobs=tuple(layers),
            proofs=tuple(reason for digest, reason in proofs.items() if digest == blob.descriptor.digest),
            platform=Platform("linux", manifest.architecture),
        )


def _manifest_blob(fact: FileFacts, manifest: Schema1Manifest, examiner: Examiner) -> BlobPlan | None:
    """The manifest as a blob; None when its signatures don't tell what they sign."""
    content = examiner.text_of(fact)
    try:
        payload = payload_of(content, fact.document.value) if fact.document else content
    except ValueError:
        return None
    digest = Digest.of(payload)
    # A registry keeps the payload and has no use for the signatures.
    recipe = fact.file.address if payload == content else Literal(payload)
    proven = ProvenBlob(digest, len(payload), recipe)
    descriptor = Descriptor(manifest.media_type, digest, len(payload))
    return PresentBlob(WantedBlob(descriptor, Role.MANIFEST), proven, fact)


def _descriptor(inventory: Inventory, digest: Digest) -> Descriptor:
    """Schema 1 tells no sizes, so that of the file with the digest has to do."""
    known = WELL_KNOWN_BLOBS.get(digest)
    files = inventory.with_digest(digest)
    size = files[0].size if files else len(known.content) if known else 0
    return Descriptor(media_types.DOCKER_LAYER_GZIP, digest, size)
