"""What is wrong with an OCI image layout, as a folder, in a bucket or in a tar.

Source: OCI image-spec v1.1, image-layout.md: ``oci-layout``, ``index.json``, and ``blobs/<algorithm>/<hex>``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.formats.documents import read_document
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.verification.objects import Objects
from importer.verification.reading import ObjectReader
from importer.writers.oci_layout import INDEX_NAME, LAYOUT_NAME, blob_name

_VERSION: Final = "1.0.0"
_BLOB: Final = re.compile(r"blobs/([a-z0-9+._-]+)/([0-9a-f]+)")


def flaws_of_layout(objects: Objects, reader: ObjectReader) -> Iterator[str]:
    """Each thing that keeps a program from an image, in words; raises OSError."""
    yield from _flaws_of_version(objects, reader)
    for name in objects.addresses:
        if (match := _BLOB.fullmatch(name)) and (wrong := _wrong_digest(match, name, reader)):
            yield wrong
    content = reader.document(INDEX_NAME)
    index = read_document(content).index if content is not None else None
    if index is None or not index.children:
        yield f"{INDEX_NAME} {'is missing' if content is None else 'names no image'}"
        return
    yield from _Walk(objects, reader).below(index.children, is_top=True)


def _flaws_of_version(objects: Objects, reader: ObjectReader) -> Iterator[str]:
    if LAYOUT_NAME not in objects:
        yield f"{LAYOUT_NAME} is missing"
        return
    try:
        value = json.loads(reader.document(LAYOUT_NAME) or b"")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or value.get("imageLayoutVersion") != _VERSION:
        yield f"{LAYOUT_NAME} doesn't say that this is layout version {_VERSION}"


def _wrong_digest(match: re.Match[str], name: str, reader: ObjectReader) -> str | None:
    try:
        digest = Digest(match[1], match[2])
        found = reader.digest(name, digest.algorithm)
    except ValueError:
        return None
    return None if found == digest else f"{name} has another digest: {found}"


class _Walk:
    """From descriptor to descriptor; each blob is looked at once."""

    def __init__(self, objects: Objects, reader: ObjectReader) -> None:
        self._objects = objects
        self._reader = reader
        self._seen: set[Digest] = set()

    def below(self, descriptors: tuple[Descriptor, ...], *, is_top: bool = False) -> Iterator[str]:
        """What is wrong with these, and with all that they name. An index may lack platforms, but not all of them."""
        here = [descriptor for descriptor in descriptors if blob_name(descriptor.digest) in self._objects]
        if is_top or not here:
            for descriptor in descriptors:
                if descriptor not in here:
                    yield f"{blob_name(descriptor.digest)} is missing"
        for descriptor in here:
            yield from self._flaws(descriptor)

    def _flaws(self, descriptor: Descriptor) -> Iterator[str]:
        name = blob_name(descriptor.digest)
        if name not in self._objects:
            if not descriptor.web_urls:
                yield f"{name} is missing"
            return
        if self._objects.sizes[name] != descriptor.size:
            yield f"{name} has {self._objects.sizes[name]:,} bytes, and its descriptor says {descriptor.size:,}"
        if descriptor.digest in self._seen:
            return
        self._seen.add(descriptor.digest)
        if not descriptor.is_json or descriptor.size > MAX_DOCUMENT_SIZE:
            return
        document = read_document(self._reader.document(name) or b"")
        if document.manifest:
            for blob in document.manifest.blobs:
                yield from self._flaws(blob)
        elif document.index:
            yield from self.below(document.index.children)
