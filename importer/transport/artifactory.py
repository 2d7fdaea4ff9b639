"""An image in Artifactory's storage, fetched file by file as its web page would.

It works where the Docker API of the server is what is broken. Sources for the layout: jfrog-cli
(``ocicontainer/buildinfo.go``, ``localagent.go``, ``docker_dependencies.go``): blobs are
``sha256__<hex>`` beside ``manifest.json``; an index is ``list.manifest.json``, and its children lie
in sibling folders, ``sha256:<hex>`` in local repositories and ``sha256__<hex>`` in remote ones.
"""

from __future__ import annotations

from typing import Final

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.file_names import MANIFEST_NAMES
from importer.domain.places import StoragePlace
from importer.errors import NetworkError
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.transport.client import Ask, Client
from importer.transport.registry import MANIFEST_TYPES
from importer.transport.remote_blob import RemoteBlob
from importer.transport.remote_image import RemoteManifest, read_manifest

_CHECKSUM_HEADER: Final = "X-Checksum-Sha256"


class ArtifactoryFolder:
    """A tag's folder in Artifactory; implements ``RemoteImage``."""

    def __init__(self, client: Client, place: StoragePlace) -> None:
        self._client = client
        self._place = place
        self._folders: dict[Digest, str] = {}

    def root(self) -> RemoteManifest:
        """The index when there is one, else the manifest; raises NetworkError.

        Beside an index, old versions of Artifactory kept a manifest of schema 1 that nobody wants.
        """
        folder = self._place.folder
        expected = self._place.digest
        for name in MANIFEST_NAMES:
            if manifest := self._document(f"{folder}/{name}", expected):
                self._folders[manifest.digest] = folder
                return manifest
        raise NetworkError(
            f"{self._place.base.origin.shown} has neither list.manifest.json nor manifest.json in {self._place}; "
            "give the address of the tag's folder"
        )

    def child(self, descriptor: Descriptor) -> RemoteManifest:
        """A child of the index, from whichever sibling folder it is in, else through the Docker API."""
        digest = descriptor.digest
        image = self._place.image_folder
        for folder in (f"{image}/{digest.algorithm}:{digest.hex}", f"{image}/{digest.file_name}"):
            for name in reversed(MANIFEST_NAMES):
                if manifest := self._document(f"{folder}/{name}", digest):
                    self._folders[digest] = folder
                    return manifest
        for url in self._api_urls("manifests", digest):
            if manifest := self._document(url, digest):
                return manifest
        raise NetworkError(f"{self._place.base.origin.shown} has {digest} neither in a folder nor in its Docker API")

    def blob(self, owner: Digest, descriptor: Descriptor) -> RemoteBlob:
        """The file beside its manifest, else the Docker API's blob.

        Asking for the blob makes a remote repository fetch it where only a marker stands for it.
        """
        folder = self._folders.get(owner, self._place.folder)
        file = f"{folder}/{descriptor.digest.file_name}"
        urls = (file, *self._api_urls("blobs", descriptor.digest), *descriptor.web_urls)
        return RemoteBlob(self._client, urls, descriptor)

    def _api_urls(self, kind: str, digest: Digest) -> tuple[str, ...]:
        return tuple(f"{api}/{kind}/{digest}" for api in self._place.apis)

    def _document(self, url: str, expected: Digest | None) -> RemoteManifest | None:
        ask = Ask("GET", url, {"Accept": f"{', '.join(MANIFEST_TYPES)}, */*"})
        fetched = self._client.fetch(ask, {200, 404}, MAX_DOCUMENT_SIZE)
        if fetched.answer.status == 404:
            return None
        said = fetched.answer.header(_CHECKSUM_HEADER)
        if expected is None and said:
            expected = Digest.from_name(said)
        return read_manifest(fetched.content, url, expected)
