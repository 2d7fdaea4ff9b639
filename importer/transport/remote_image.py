"""Images on a server, however the server keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.errors import NetworkError
from importer.formats.documents import read_document
from importer.formats.signatures import FileKind
from importer.transport.answer import quote_body
from importer.transport.remote_blob import RemoteBlob


@dataclass(frozen=True, slots=True)
class RemoteManifest:
    """A manifest or index as the server sent it."""

    content: bytes = field(repr=False)
    digest: Digest
    parsed: ImageManifest | Index


class RemoteImage(Protocol):
    """One image or index on a server, and all it wants."""

    def root(self) -> RemoteManifest:
        """The manifest or index itself; raises NetworkError."""
        ...

    def child(self, descriptor: Descriptor) -> RemoteManifest:
        """A manifest that an index names, proven by its digest; raises NetworkError."""
        ...

    def blob(self, owner: Digest, descriptor: Descriptor) -> RemoteBlob:
        """Where a blob is that the manifest ``owner`` names."""
        ...


def read_manifest(content: bytes, where: str, expected: Digest | None = None) -> RemoteManifest:
    """Take a body for the manifest it is to be.

    Raises NetworkError when the bytes don't have the expected digest, or are anything else: an
    error page, a manifest of schema 1, nonsense.
    """
    digest = Digest.of(content, expected.algorithm if expected and expected.is_checkable else "sha256")
    document = read_document(content)
    parsed = document.manifest or document.index
    if parsed is None:
        raise NetworkError(f"{where} is not a manifest: {_what_it_is(content, document.kind)}")
    if expected is not None and digest != expected:
        raise NetworkError(
            f"{where}: the server sends a manifest with the digest {digest} where {expected} was expected"
        )
    return RemoteManifest(content, digest, parsed)


def _what_it_is(content: bytes, kind: FileKind) -> str:
    if kind is FileKind.SCHEMA1:
        return "it has schema version 1, which has no image config; push the image again with a newer docker"
    problems = read_document(content).problems
    if problems:
        return f"{problems[0].pointer or 'the document'} should be {problems[0].expected}"
    return quote_body(content) or "nothing was sent"
