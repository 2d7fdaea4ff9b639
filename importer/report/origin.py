"""Where a download came from, so that commands can be given that fetch the rest.

Sources: Artifactory keeps a blob at ``<repository>/<image>/<tag>/sha256__<hex>`` and serves the
registry API below ``/api/docker/<repository>``; distribution-spec, "Pulling blobs".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from importer.domain.digest import Digest
from importer.domain.reference import Reference

_API_MARK: Final = "/v2"
_ARTIFACTORY_API: Final = "/api/docker/"
_ARTIFACTORY: Final = "/artifactory/"


@dataclass(frozen=True, slots=True)
class Origin:
    """A folder in Artifactory's storage, or a repository behind the registry API.

    Attributes:
        folder: URL of the folder that holds manifest.json; None when only the API is known.
        api: URL of the repository's API, without ``/blobs``; None when it can't be told.
    """

    folder: str | None
    api: str | None

    @classmethod
    def parse(cls, text: str, repository: str | None) -> Origin:
        """Read a URL or a reference; raises ValueError.

        Args:
            text: ``https://…/<repository>/<image>/<tag>/``, ``https://…/v2/<image>``, or
                ``registry.example/team/app:1.4``.
            repository: the image's name, for a URL that ends before it.
        """
        if "://" not in text:
            reference = Reference.parse(text)
            if not reference.host:
                raise ValueError(f"{text!r} names no registry; give its host or a URL")
            return cls(None, f"https://{reference.host}{_API_MARK}/{reference.repository}")
        url = urlsplit(text)
        if url.scheme not in ("http", "https") or not url.netloc:
            raise ValueError(f"{text!r} is no http or https URL")
        base = f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"
        if _is_api(url.path):
            return cls(None, _repository_api(base, repository))
        return cls(base, _api_of_folder(base))

    def of_image(self, place: tuple[str, str], places: Iterable[tuple[str, str]]) -> Origin:
        """Where another image of the same download lies, when this is the place of one of them.

        Args:
            place: the image's repository and tag.
            places: those of all images of the download.
        """
        for repository, tag in places:
            folder, api = f"/{repository}/{tag}", f"{_API_MARK}/{repository}"
            if self.folder and self.folder.endswith(folder):
                moved = f"{self.folder.removesuffix(folder)}/{place[0]}/{place[1]}"
                return Origin(moved, _api_of_folder(moved))
            if not self.folder and self.api and self.api.endswith(api):
                return Origin(None, f"{self.api.removesuffix(api)}{_API_MARK}/{place[0]}")
        return self

    def manifest_url(self, digest: Digest) -> str | None:
        """Where a manifest can be fetched by its digest."""
        return f"{self.api}/manifests/{digest}" if self.api else None

    def blob_url(self, digest: Digest, *, from_api: bool) -> str | None:
        """Where a blob can be fetched; from the API when its file is only a marker."""
        if self.folder and not from_api:
            return f"{self.folder}/{digest.file_name}"
        return f"{self.api}/blobs/{digest}" if self.api else None


def _is_api(path: str) -> bool:
    return f"{_API_MARK}/" in f"{path}/" or _ARTIFACTORY_API in path


def _repository_api(base: str, repository: str | None) -> str:
    before, _, image = f"{base}/".partition(f"{_API_MARK}/")
    name = image.strip("/") or quote(repository or "<image>", safe="/<>")
    return f"{before.rstrip('/')}{_API_MARK}/{name}"


def _api_of_folder(folder: str) -> str | None:
    """From the storage path to the API: the key of a remote repository loses its ``-cache`` there."""
    server, mark, path = folder.partition(_ARTIFACTORY)
    parts = path.split("/")
    if not mark or len(parts) < 3:
        return None
    key = parts[0].removesuffix("-cache")
    return f"{server}{_ARTIFACTORY}api/docker/{key}{_API_MARK}/{'/'.join(parts[1:-1])}"
