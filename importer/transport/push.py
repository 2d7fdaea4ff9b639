"""Pushing: what a registry lacks of an image is uploaded, the tag last.

Sources: distribution-spec v1.1, "Push"; distribution registry/handlers (a manifest is refused
while a blob of it is missing).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from importer.domain.digest import Digest
from importer.errors import NetworkError
from importer.progress import Progress
from importer.transport.breaks import RangeLimit
from importer.transport.client import Ask, Client
from importer.transport.early_uploads import EarlyUploads
from importer.transport.outgoing import OutgoingBlob, OutgoingImage, OutgoingManifest
from importer.transport.places import RegistryPlace
from importer.transport.registry import MANIFEST_TYPES
from importer.transport.stop import run_all
from importer.transport.upload import BlobUpload, pieces_of
from importer.transport.upload_session import Target

DEFAULT_JOBS: Final = 3
_ACCEPT: Final = {"Accept": ", ".join(MANIFEST_TYPES)}
_PUT: Final = frozenset({200, 201, 202})


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: blobs that were uploaded or mounted, and those that were there."""

    sent: int
    skipped: int


class Push:
    """Pushes images to one repository.

    Args:
        client: the registry's client.
        place: the repository.
        progress: told of every byte that is sent.
        jobs: how many blobs are uploaded at once.
        mount_from: other repositories of the registry that may hold some of the blobs.
    """

    def __init__(
        self,
        client: Client,
        place: RegistryPlace,
        progress: Progress,
        jobs: int = DEFAULT_JOBS,
        mount_from: Sequence[str] = (),
    ) -> None:
        self._client = client
        self._api = f"{place.base}/v2/{place.repository}"
        self._base = str(place.base)
        self._target = Target(client, self._api, f"repository:{place.repository}:pull,push")
        self._progress = progress
        self._jobs = jobs
        self._others = [name for name in mount_from if name != place.repository]
        self._lacking: dict[Digest, bool] = {}

    def early_uploads(self, *, several: bool) -> EarlyUploads:
        """Uploads that begin while the input is read, for ``run`` to go on with."""
        return EarlyUploads(self._target, self._lacks, several=several)

    def run(self, images: Sequence[OutgoingImage], early: EarlyUploads | None = None) -> Pushed:
        """Push the images; raises NetworkError, and whatever reading their blobs raises."""
        blobs = {blob.digest: blob for image in images for blob in image.blobs}
        missing = [blob for blob in blobs.values() if self._lacks(blob.digest, blob.size)]
        self._upload(missing, early)
        for image in images:
            for manifest in image.manifests:
                self._put_by_digest(manifest)
            for tag in image.tags:
                self._put(image.manifests[-1], tag)
        return Pushed(len(missing), len(blobs) - len(missing))

    def _upload(self, blobs: Sequence[OutgoingBlob], early: EarlyUploads | None) -> None:
        if not blobs:
            return
        limit = RangeLimit()
        self._progress.start("Uploading", sum(blob.size for blob in blobs))
        ordered = sorted(blobs, key=lambda blob: -blob.size)
        tasks = [self._task(blob, limit, early) for blob in ordered]
        run_all(tasks, self._jobs, self._client.surroundings.abort)
        self._progress.stop()

    def _task(self, blob: OutgoingBlob, limit: RangeLimit, early: EarlyUploads | None) -> Callable[[], None]:
        upload = BlobUpload(self._target, blob, limit, self._progress.advance)
        begun = early.take_over(blob.digest) if early else None
        return partial(upload.run, None if begun else self._holder_of(blob), begun)

    def _holder_of(self, blob: OutgoingBlob) -> str | None:
        """Another repository from which the blob can be mounted."""
        for name in self._others:
            if self._has_blob(f"{self._base}/v2/{name}", blob.digest, blob.size, f"repository:{name}:pull"):
                return name
        return None

    def _lacks(self, digest: Digest, size: int) -> bool:
        if digest not in self._lacking:
            self._lacking[digest] = not self._has_blob(self._api, digest, size)
        return self._lacking[digest]

    def _has_blob(self, api: str, digest: Digest, size: int, scope: str | None = None) -> bool:
        ask = Ask("HEAD", f"{api}/blobs/{digest}", scope=scope or self._target.scope)
        # For a repository that isn't there yet, some registries answer 401 or 403 even to its owner.
        refused = {401, 403} if scope else set[int]()
        with self._client.ask(ask, {200, 404} | refused) as answer:
            if answer.status == 200 and answer.length not in (None, size):
                raise NetworkError(
                    f"{answer.host} holds {answer.length:,} bytes as {digest}, which has {size:,}: "
                    "its storage is damaged, and it won't take the blob again before that one is removed"
                )
            return answer.status == 200

    def _put_by_digest(self, manifest: OutgoingManifest) -> None:
        ask = Ask("HEAD", f"{self._api}/manifests/{manifest.digest}", _ACCEPT, scope=self._target.scope)
        with self._client.ask(ask, {200, 404}) as answer:
            there = answer.status == 200
        if not there:
            self._put(manifest, str(manifest.digest))

    def _put(self, manifest: OutgoingManifest, reference: str) -> None:
        headers = {"Content-Type": manifest.media_type, "Content-Length": str(len(manifest.content))}
        url = f"{self._api}/manifests/{reference}"
        ask = Ask("PUT", url, headers, lambda: pieces_of(manifest.content), self._target.scope)
        with self._client.ask(ask, _PUT) as answer:
            said = answer.header("Docker-Content-Digest")
        if said and said != str(manifest.digest) and said.startswith(f"{manifest.digest.algorithm}:"):
            raise NetworkError(f"{urlsplit(url).netloc} took the manifest {manifest.digest} for {said}")
