"""Where a download came from, so that commands can be given that fetch the rest.

What the user gives is read by the parser that ``pull`` and ``complete`` use. Sources: Artifactory keeps a blob at
``<repository>/<image>/<tag>/sha256__<hex>``; distribution-spec, "Pulling blobs".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from importer.domain.digest import Digest
from importer.domain.places import Place, RegistryPlace, StoragePlace, parse_place

_ARTIFACTORY: Final = "/artifactory"


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of one of the download's images."""

    place: Place

    @classmethod
    def parse(cls, text: str, repository: str | None) -> Origin:
        """Read what ``--from`` takes; raises ValueError.

        Args:
            text: ``https://…/<repository>/<image>/<tag>/``, ``https://…/v2/<image>:<tag>``, or
                ``registry.example/team/app:1.4``.
            repository: the image's name, for a URL that ends before it; where it isn't known, such a URL is an error.
        """
        # Only curl is going to fetch something, and it sends no login.
        return cls(parse_place(text, plain_http="://" in text, repository=repository))

    def of_image(self, place: tuple[str, str], places: Iterable[tuple[str, str]]) -> Origin:
        """Where another image of the same download lies, when this is the place of one of them.

        Args:
            place: the image's repository and tag.
            places: those of all images of the download.
        """
        repository, tag = place
        match self.place:
            case StoragePlace(image=image, tag=own) if (image, own) in places:
                return Origin(replace(self.place, image=repository, tag=tag))
            case RegistryPlace(repository=own) if own in {name for name, _ in places}:
                return Origin(replace(self.place, repository=repository, tag=tag, digest=None))
        return self

    def manifest_url(self, digest: Digest) -> str | None:
        """Where a manifest can be fetched by its digest."""
        api = self._api
        return f"{api}/manifests/{digest}" if api else None

    def blob_url(self, digest: Digest, *, from_api: bool) -> str | None:
        """Where a blob can be fetched; from the API when its file is only a marker."""
        if isinstance(self.place, StoragePlace) and not from_api:
            return f"{self.place.folder}/{digest.file_name}"
        api = self._api
        return f"{api}/blobs/{digest}" if api else None

    @property
    def _api(self) -> str | None:
        """The address of the registry API; None where it can't be told, or where curl would need a token."""
        if isinstance(self.place, StoragePlace):
            return self.place.apis[0] if self.place.base.path.endswith(_ARTIFACTORY) else None
        return None if self.place.is_docker_hub else self.place.api
