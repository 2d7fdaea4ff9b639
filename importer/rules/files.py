"""What rules ask about files: whether a name is the right one, and which files should be manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from importer.domain.digest import Digest
from importer.domain.file_names import MANIFEST_NAMES
from importer.formats.other_kinds import OtherKind
from importer.formats.signatures import PAGE_KINDS, FileKind
from importer.formats.transfer_codings.coding import TransferCoding
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory, claimed_digest, is_marker
from importer.places.address import decoded_within, joined_within, paths_of
from importer.plan.blobs import SavedManifest
from importer.recovery.documents.wanted import layout_indexes
from importer.rules.rule import Case, Observation, Severity
from importer.sources.download_marks import names_tar
from importer.sources.source_file import SourceFile
from importer.words.text import FilePath, Text

_OLD_IMAGE: Final = re.compile(r"images/[0-9a-f]{64}/(?:json|ancestry|layer|_checksum|_files|_diff)")
_NO_ARCHIVES: Final = PAGE_KINDS | {FileKind.TEXT, FileKind.EMPTY}
_MARKS_OF_LAYOUTS: Final = frozenset(
    {"oci-layout", "version", "VERSION", "repositories", "ref", "startedat", "updatedat"}
)
_FOLDERS_OF_LINKS: Final = frozenset({"_layers", "_manifests"})
_LAYOUT_FILES: Final = ("oci-layout", "version")


def is_named_after(inventory: Inventory, file: SourceFile, digest: Digest) -> bool:
    """Whether the name is the blob's: in Artifactory, an OCI layout, a skopeo directory or a registry tree."""
    if file.name == digest.file_name:
        return True
    folder = file.parts[-2] if len(file.parts) > 1 else ""
    if file.name == digest.hex:
        return folder == digest.algorithm or any(inventory.at(neighbour(file, name)) for name in _LAYOUT_FILES)
    return file.name == "data" and folder == digest.hex


def is_manifest_name(inventory: Inventory, file: SourceFile, digest: Digest) -> bool:
    """Whether the name is one that programs give a manifest."""
    is_usual = file.name in MANIFEST_NAMES or file.name == f"{digest.hex}.manifest.json"
    return is_usual or is_named_after(inventory, file, digest)


def notes(case: Case) -> Iterator[FileFacts]:
    """What programs write about images, beside what images are made of.

    The marks and indexes of layouts, the links of registries, what Artifactory and Nexus note of a file or put in
    the place of one, checksums.
    """
    wanted = {blob.descriptor.digest for image in case.plan.images for blob in image.all_blobs}
    yield from (sidecar.facts for sidecar in case.known.sidecars)
    yield from (fact for fact, _ in layout_indexes(case.inventory))
    for fact in case.inventory.facts:
        is_mark = fact.kind is FileKind.OCI_LAYOUT or fact.file.name in _MARKS_OF_LAYOUTS
        is_link = not _FOLDERS_OF_LINKS.isdisjoint(fact.file.parts)
        stands_for_a_blob = is_marker(fact.file) and claimed_digest(fact.file) in wanted
        if is_mark or is_link or stands_for_a_blob or fact.properties:
            yield fact


def strangers(case: Case) -> Iterator[FileFacts]:
    """Known things that are no part of an image, and pages and empty files in place of an archive."""
    told = case.plan.used.union(case.plan.explained, (remains.file.file.path for remains in case.plan.ambiguous))
    blobs = [blob for image in case.plan.images for blob in image.all_blobs]
    known = {digest for blob in blobs for digest in (blob.descriptor.digest, blob.diff_id)}
    for fact in case.inventory.facts:
        is_told = fact.file.borrowed or fact.file.path in told or not known.isdisjoint(fact.digests)
        # Beside images a file system is a layer of another one, rather.
        is_layer = bool(blobs) and fact.other is not None and fact.other.kind is OtherKind.FILE_SYSTEM
        if is_told or is_layer or Digest.from_name(fact.file.name) is not None:
            continue
        if fact.other or (names_tar(fact.file.name) and fact.kind in _NO_ARCHIVES):
            yield fact


def decoded_archives(case: Case) -> Mapping[str, TransferCoding]:
    """Archives that were decoded to get at what an image uses: their paths, and the coding."""
    used = (fact for fact in case.inventory.files if fact.file.path in case.plan.used)
    decoded = (decoded_within(fact.file.address) for fact in used)
    return {paths_of(whole.encoded)[0]: whole.coding for whole in decoded if whole}


def joined_archives(case: Case) -> Iterator[tuple[str, ...]]:
    """Archives in pieces that were joined to get at what an image uses: the paths of their pieces."""
    used = (fact for fact in case.inventory.files if fact.file.path in case.plan.used)
    joined = (joined_within(fact.file.address) for fact in used)
    yield from dict.fromkeys(paths_of(whole) for whole in joined if whole)


def archive_observation(path: str, seen: str, coding: TransferCoding) -> Observation:
    """What is seen of such an archive."""
    return Observation(
        Text("{} is an archive, {}: {}", FilePath(path), seen, coding),
        remedy=Text("its members are read from the decoded archive; digests prove those that are used"),
        path=path,
    )


def old_registries(case: Case) -> dict[str, list[FileFacts]]:
    """The storage of registries of the first generation: what lies in it, by its folder.

    Source: docker-registry 0.9, docker_registry/core/driver.py (``images/<id>/{json,ancestry,layer}``).
    """
    found: dict[str, list[FileFacts]] = {}
    for fact in case.inventory.facts:
        if len(fact.file.parts) >= 3 and _OLD_IMAGE.fullmatch("/".join(fact.file.parts[-3:])):
            found.setdefault(fact.file.path[: -len("/".join(fact.file.parts[-3:])) - 1], []).append(fact)
    return {folder: facts for folder, facts in found.items() if any(f.file.name == "ancestry" for f in facts)}


def severity_of_stray(case: Case) -> Severity | None:
    """How bad a file is that no image here could want: a warning where they lack nothing, else as its rule says."""
    wanted = [blob for image in case.plan.images for blob in image.all_blobs]
    lacks_nothing = all(
        isinstance(blob, SavedManifest) or blob.exact or blob.content or blob.is_dispensable for blob in wanted
    )
    return Severity.WARNING if wanted and lacks_nothing else None


def severity_of_lost(case: Case, manifest: FileFacts) -> Severity | None:
    """How bad a file is that is called a manifest and is none: as its rule says, where an image was lost with it."""
    is_loss = any(unread.matters and unread.path == manifest.file.path for unread in case.unread)
    return None if is_loss else severity_of_stray(case)


def neighbour(file: SourceFile, name: str) -> str:
    """The path of another file in the same folder."""
    return file.folder + name
