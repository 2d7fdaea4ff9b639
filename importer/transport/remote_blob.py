"""A blob on a server."""

from __future__ import annotations

from dataclasses import dataclass

from importer.domain.descriptor import Descriptor
from importer.transport.client import Client


@dataclass(frozen=True, slots=True)
class RemoteBlob:
    """A blob and where it can be had.

    Attributes:
        client: the server's client.
        urls: addresses to try one after the other when the blob isn't there.
        descriptor: what it is to be.
        scope: what a token must allow.
    """

    client: Client
    urls: tuple[str, ...]
    descriptor: Descriptor
    scope: str | None = None

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.descriptor.digest.short

    @property
    def host(self) -> str:
        """The server it comes from."""
        return self.client.base.origin.shown
