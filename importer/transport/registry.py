"""A repository in a registry, over the registry API.

Sources: distribution-spec v1.1, "Pulling manifests", "Pulling blobs", "Listing Tags";
distribution "Token Scope Documentation" (``repository:<name>:pull``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from importer.domain import media_types
from importer.domain.address import Origin
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.json_members import object_of, texts
from importer.domain.places import RegistryPlace
from importer.domain.reference import is_tag
from importer.errors import NetworkError
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.transport.client import Ask, Client
from importer.transport.redirects import named_address
from importer.transport.remote_blob import RemoteBlob
from importer.transport.remote_image import RemoteManifest, read_manifest

MANIFEST_TYPES: Final = (
    media_types.OCI_INDEX,
    media_types.DOCKER_MANIFEST_LIST,
    media_types.OCI_MANIFEST,
    media_types.DOCKER_MANIFEST,
)
"""A registry that isn't told all of them sends another manifest than it keeps, or none."""

_NEXT: Final = re.compile(r'<([^>]*)>\s*;[^,]*\brel\s*=\s*"?next\b', re.IGNORECASE)
_MAX_TAG_PAGES: Final = 10_000


class Repository:
    """A repository, for reading; implements ``RemoteImage`` for the place's tag or digest."""

    def __init__(self, client: Client, place: RegistryPlace) -> None:
        self._client = client
        self._place = place
        self._api = place.api
        self._scope = f"repository:{place.repository}:pull"

    def root(self) -> RemoteManifest:
        """The manifest of the place's tag or digest; raises NetworkError."""
        return self._manifest(self._place.manifest_reference, self._place.digest)

    def child(self, descriptor: Descriptor) -> RemoteManifest:
        """A manifest that an index names; raises NetworkError."""
        return self._manifest(str(descriptor.digest), descriptor.digest)

    def blob(self, owner: Digest, descriptor: Descriptor) -> RemoteBlob:  # noqa: ARG002 - the protocol's
        """A blob of the repository; a foreign layer may also be at its own addresses."""
        urls = (f"{self._api}/blobs/{descriptor.digest}", *descriptor.web_urls)
        return RemoteBlob(self._client, urls, descriptor, self._scope)

    def tags(self) -> Iterator[str]:
        """The repository's tags, page after page, as the registry orders them; raises NetworkError."""
        url: str | None = f"{self._api}/tags/list"
        seen: set[str] = set()
        while url is not None and url not in seen and len(seen) < _MAX_TAG_PAGES:
            seen.add(url)
            fetched = self._client.fetch(Ask("GET", url, scope=self._scope), {200}, MAX_DOCUMENT_SIZE)
            yield from _tags_in(fetched.content, fetched.answer.host)
            url = self._next_page(fetched.answer.url, fetched.answer.header("Link"))

    def _next_page(self, url: str, link: str | None) -> str | None:
        match = _NEXT.search(link or "")
        host = self._place.base.origin.shown
        target = named_address(url, match[1], f"{host} keeps the next page of tags at an address") if match else None
        if target and Origin.of(target) != self._place.base.origin:
            raise NetworkError(f"{host} puts the next page of tags on another host; refused")
        return target

    def _manifest(self, reference: str, expected: Digest | None) -> RemoteManifest:
        url = f"{self._api}/manifests/{reference}"
        ask = Ask("GET", url, {"Accept": ", ".join(MANIFEST_TYPES)}, scope=self._scope)
        fetched = self._client.fetch(ask, {200}, MAX_DOCUMENT_SIZE)
        where = f"{self._place.base.origin.shown}: {self._place.repository} {reference}"
        manifest = read_manifest(fetched.content, where, expected)
        said = fetched.answer.header("Docker-Content-Digest")
        if expected is None and said and said != str(manifest.digest) and said.startswith("sha256:"):
            raise NetworkError(
                f"{where}: the server says that the manifest has the digest {said}, and sends one with "
                f"{manifest.digest}: it was changed on the server or in transit"
            )
        return manifest


def _tags_in(content: bytes, host: str) -> list[str]:
    try:
        return [tag for tag in texts(object_of(json.loads(content)), "tags") if is_tag(tag)]
    except (ValueError, RecursionError) as error:
        raise NetworkError(f"{host} did not send a list of tags") from error
