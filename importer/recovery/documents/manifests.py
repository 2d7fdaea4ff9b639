"""Which documents are the manifests to recover, what their bytes should be, and what proves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import HEX_LENGTHS, Digest
from importer.domain.manifest import ImageManifest, Index
from importer.formats.documents import Document, read_document
from importer.formats.json_text import TextForm
from importer.formats.signatures import FileKind
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import KnownDigests
from importer.plan.blobs import DamagedBlob, PresentBlob, RepairedBlob, Role, WantedBlob
from importer.plan.causes import Cause, DigestMismatch, NotAManifest
from importer.plan.content import literal, whole_file
from importer.recovery.blobs.restoration import Restoration, cause_of_form, restorations
from importer.recovery.documents.embedded import cause_of_embedding
from importer.recovery.documents.manifest_proofs import ManifestProofs
from importer.recovery.documents.manifest_text import alteration_in
from importer.recovery.documents.wanted import is_layout_index

MANIFEST_KINDS: Final = frozenset({FileKind.MANIFEST, FileKind.INDEX})
_MAX_FORMS: Final = 6


@dataclass(frozen=True, slots=True)
class FoundManifest:
    """A manifest or index: the blob it is, the document it holds, and what is known of it.

    Attributes:
        blob: how its bytes come about.
        document: what they say.
        files: every file that holds them, the one in ``blob`` first.
        proofs: where its digest is known from; none when nothing proves it.
        parents: indexes that list it.
        other_forms: digests that other forms of an unproven manifest's text have, by the change.
        alteration: what shows that a program has changed an unproven manifest's text.
    """

    blob: PresentBlob | RepairedBlob | DamagedBlob
    document: Document
    files: tuple[FileFacts, ...]
    proofs: tuple[str, ...]
    parents: tuple[Digest, ...] = ()
    other_forms: tuple[tuple[str, Digest], ...] = ()
    alteration: str | None = None

    @property
    def digest(self) -> Digest:
        """The digest of the bytes."""
        return self.blob.descriptor.digest

    @property
    def parsed(self) -> ImageManifest | Index | None:
        """The manifest or index; None when the document breaks its schema."""
        return self.document.manifest or self.document.index


def find_manifests(inventory: Inventory, known: KnownDigests, examiner: Examiner) -> tuple[FoundManifest, ...]:
    """All manifests and indexes among the user's own files, the broken ones too, each digest once."""
    known_proofs = ManifestProofs.of(inventory, known)
    groups: dict[Digest, list[FileFacts]] = {}
    for fact in inventory.facts:
        if fact.kind in MANIFEST_KINDS and not fact.file.borrowed and not is_layout_index(inventory, fact):
            groups.setdefault(fact.digest, []).append(fact)
    return tuple(_merged(_found(files, known_proofs, examiner) for files in groups.values()))


def _merged(found: Iterable[FoundManifest]) -> Iterator[FoundManifest]:
    """One manifest a digest: a restored one may equal one that was there all the time."""
    by_digest: dict[Digest, FoundManifest] = {}
    for manifest in sorted(found, key=lambda m: not isinstance(m.blob, PresentBlob)):
        first = by_digest.get(manifest.digest)
        by_digest[manifest.digest] = replace(first, files=first.files + manifest.files) if first else manifest
    yield from by_digest.values()


def _found(files: list[FileFacts], known_proofs: ManifestProofs, examiner: Examiner) -> FoundManifest:
    fact = files[0]
    if known_proofs.of_digest(fact.digest, files):
        return _as_it_is(files, known_proofs, examiner)
    restored = _restored(fact, known_proofs, examiner)
    if restored:
        return _restored_manifest(files, known_proofs, *restored)
    found = _as_it_is(files, known_proofs, examiner, _mismatch(fact, known_proofs))
    return replace(found, other_forms=_other_forms(fact, examiner), alteration=alteration_in(examiner.text_of(fact)))


def _restored_manifest(
    files: list[FileFacts], known_proofs: ManifestProofs, digest: Digest, restoration: Restoration
) -> FoundManifest:
    content = restoration.content
    document = read_document(content)
    wanted = WantedBlob(_descriptor(document, digest, len(content)), Role.MANIFEST)
    blob = RepairedBlob(wanted, literal(content), restoration.cause, files[0])
    proofs = known_proofs.of_digest(digest, files)
    return FoundManifest(blob, document, tuple(files), proofs, known_proofs.parents.get(digest, ()))


def _other_forms(fact: FileFacts, examiner: Examiner) -> tuple[tuple[str, Digest], ...]:
    forms = islice(restorations(examiner.text_of(fact)), _MAX_FORMS)
    return tuple((form.description, Digest.of(form.content)) for form in forms)


def _as_it_is(
    files: list[FileFacts], known_proofs: ManifestProofs, examiner: Examiner, cause: Cause | None = None
) -> FoundManifest:
    fact = files[0]
    document = fact.document or Document(fact.kind)
    if cause is None and document.form is not TextForm.UTF8:
        cause = cause_of_form(examiner.text_of(fact), document.form)
    if cause is None and not document.is_valid:
        cause = NotAManifest()
    wanted = WantedBlob(_descriptor(document, fact.digest, fact.size), Role.MANIFEST)
    blob: DamagedBlob | RepairedBlob | PresentBlob
    if cause:
        blob = DamagedBlob(wanted, fact, cause)
    elif embedding := cause_of_embedding(fact):
        blob = RepairedBlob(wanted, whole_file(fact), embedding, fact)
    else:
        blob = PresentBlob(wanted, whole_file(fact), fact)
    proofs = known_proofs.of_digest(fact.digest, files)
    return FoundManifest(blob, document, tuple(files), proofs, known_proofs.parents.get(fact.digest, ()))


def _mismatch(fact: FileFacts, known_proofs: ManifestProofs) -> Cause | None:
    """A manifest that should have another digest, by its name, by a note, or by the user's word."""
    if known_proofs.known.expected_of(fact) or known_proofs.unmet:
        return DigestMismatch(fact.digest, fact.size, fact.kind)
    return None


def _descriptor(document: Document, digest: Digest, size: int) -> Descriptor:
    parsed = document.manifest or document.index
    return Descriptor(parsed.media_type if parsed else _declared_type(document), digest, size)


def _declared_type(document: Document) -> str:
    fallback = media_types.OCI_INDEX if document.kind is FileKind.INDEX else media_types.OCI_MANIFEST
    return document.media_type or fallback


def _restored(fact: FileFacts, known_proofs: ManifestProofs, examiner: Examiner) -> tuple[Digest, Restoration] | None:
    """A former text of the manifest with a digest of its own that is known, or with one that nobody has yet."""
    own = known_proofs.known.expected_of(fact)
    for restoration in restorations(examiner.text_of(fact)) if own or known_proofs.missing else ():
        for algorithm in HEX_LENGTHS:
            digest = Digest.of(restoration.content, algorithm)
            if digest in own or digest in known_proofs.missing:
                return digest, restoration
    return None
