"""Manifests that lie in other documents, or in a coding of their own, and no file is.

Sources: docker/cli, cli/command/manifest/inspect.go and cli/manifest/types (``docker manifest inspect -v`` prints
``Ref``, ``Descriptor`` and, in base64, ``Raw``; one of them, or a list; versions before 18.09 have no ``Raw``);
OCI image-spec, descriptor.md ("data").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from importer.domain.descriptor import bytes_of_base64
from importer.domain.digest import Digest
from importer.formats.documents import checked
from importer.formats.json_text import MAX_DOCUMENT_SIZE, json_bytes
from importer.formats.signatures import FileKind
from importer.formats.transfer_codings.marks import codings_shown, decoded_start
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import STATED_DIGEST, FileFacts
from importer.inventory.inventory import Inventory
from importer.places.address import Address, Decoded, Literal
from importer.plan.causes import Cause, Embedded
from importer.recovery.blobs.encoded import cause_of_coding

_KINDS: Final = frozenset({FileKind.MANIFEST, FileKind.INDEX})
_LARGEST: Final = 4 * MAX_DOCUMENT_SIZE
"""Bytes of a document in a coding: percent encoding makes three of one."""

_START: Final = 4096

# The first characters of `{` and of what may follow it, in the codings; the excerpt of a text has them.
_ENCODED: Final = re.compile(
    r"(?:e[wy3]|Cn|b?['\"]|7b|%7b|data:|begin-base64|-----BEGIN|[0-9a-f]{1,6}(?:;\S*)? \{)", re.I
)


def with_embedded_manifests(inventory: Inventory, examiner: Examiner) -> Inventory:
    """The inventory, knowing also the manifests that no file is; each is told as its file with another address."""
    found = [
        fact
        for outer in inventory.facts
        if not outer.file.borrowed
        for fact in _embedded_in(outer, examiner)
        if not inventory.with_digest(fact.digest)
    ]
    # Under its path the file itself is to be found, so it comes last.
    return Inventory.of((*found, *inventory.facts), inventory.problems) if found else inventory


def cause_of_embedding(fact: FileFacts) -> Cause | None:
    """Why a manifest is no file of its own; None for one that is."""
    match fact.file.address:
        case Decoded(_, coding):
            return cause_of_coding(coding)
        case Literal():
            return Embedded("the output of docker manifest inspect" if STATED_DIGEST in fact.properties else "an index")
    return None


def _embedded_in(outer: FileFacts, examiner: Examiner) -> Iterator[FileFacts]:
    document = outer.document
    if document and document.kind is FileKind.JSON and document.value:
        for printed in document.value if isinstance(document.value, list) else [document.value]:
            yield from _printed(outer, printed, examiner)
    if document and document.index:
        for child in document.index.children:
            if child.has_own_data:
                yield from _manifest_at(outer, Literal(child.data), examiner)
    if outer.kind is FileKind.TEXT and outer.size <= _LARGEST and _ENCODED.match(outer.excerpt):
        yield from _decoded(outer, examiner)


def _printed(outer: FileFacts, printed: Mapping[str, Any], examiner: Examiner) -> Iterator[FileFacts]:
    """The manifest in the output of ``docker manifest inspect -v``."""
    parsed = printed.get("SchemaV2Manifest") or printed.get("OCIManifest")
    content, stated = bytes_of_base64(printed.get("Raw")), _stated_digest(printed)
    if not content and stated and isinstance(parsed, dict):
        # Without the text, that of docker's own form may have the digest.
        content = json_bytes(parsed, indent=3)
    for fact in _manifest_at(outer, Literal(content), examiner) if content else ():
        yield replace(fact, properties={STATED_DIGEST: str(stated)} if stated else {})


def _stated_digest(printed: Mapping[str, Any]) -> Digest | None:
    """The digest that was printed with the manifest, whatever else is in its descriptor."""
    descriptor = printed.get("Descriptor")
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    try:
        return Digest.parse(digest) if isinstance(digest, str) else None
    except ValueError:
        return None


def _decoded(outer: FileFacts, examiner: Examiner) -> Iterator[FileFacts]:
    head = examiner.head_of(outer.file.address, _START) or b""
    for coding in codings_shown(head):
        if decoded_start(head, coding).lstrip().startswith(b"{"):
            yield from _manifest_at(outer, Decoded(outer.file.address, coding), examiner)


def _manifest_at(outer: FileFacts, address: Address, examiner: Examiner) -> Iterator[FileFacts]:
    fact = examiner.facts_of(replace(outer.file, address=address))
    if fact and fact.kind in _KINDS and fact.document:
        yield replace(fact, document=checked(fact.document))
