"""Reading the objects of an output: whole small documents, digests, and digests of what is compressed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from importer.domain.digest import Digest
from importer.errors import DecodeError
from importer.formats.decoders import can_decompress
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.signatures import HEAD_SIZE, kind_of_head
from importer.places.address import Address, Decompressed
from importer.places.opener import Opener
from importer.verification.objects import Objects


class ObjectReader:
    """Reads objects by their names, and hashes each of them once."""

    def __init__(self, objects: Objects, opener: Opener, advance: Callable[[int], None]) -> None:
        self._objects = objects
        self._opener = opener
        self._advance = advance
        self._digests: dict[tuple[Address, str], Digest] = {}

    def document(self, name: str) -> bytes | None:
        """An object's content; None for one that isn't there, or is larger than any document. Raises OSError."""
        if name not in self._objects or self._objects.sizes[name] > MAX_DOCUMENT_SIZE:
            return None
        return self._opener.head(self._objects.addresses[name], MAX_DOCUMENT_SIZE)

    def digest(self, name: str, algorithm: str = "sha256") -> Digest:
        """The digest of an object that is there; raises OSError, and ValueError for an unknown algorithm."""
        return self._hashed(self._objects.addresses[name], algorithm)

    def content_digest(self, name: str) -> Digest | None:
        """The digest of what an object holds when it is unpacked; None when it can't be. Raises OSError."""
        address = self._objects.addresses[name]
        kind = kind_of_head(self._opener.head(address, HEAD_SIZE))
        try:
            return self._hashed(Decompressed(address, kind) if can_decompress(kind) else address, "sha256")
        except DecodeError:
            return None

    def _hashed(self, address: Address, algorithm: str) -> Digest:
        if (address, algorithm) not in self._digests:
            hashed = hashlib.new(algorithm, usedforsecurity=False)
            for block in self._opener.blocks(address):
                hashed.update(block)
                self._advance(len(block))
            self._digests[address, algorithm] = Digest(algorithm, hashed.hexdigest())
        return self._digests[address, algorithm]
