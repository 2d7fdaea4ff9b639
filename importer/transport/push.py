"""Pushing: what a registry lacks of images is uploaded, each image's tag last.

Sources: distribution-spec v1.1, "Push"; distribution registry/handlers (a manifest is refused
while a blob of it is missing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from importer.domain.digest import Digest
from importer.domain.media_types import OCI_INDEX
from importer.domain.places import RegistryPlace
from importer.errors import NetworkError
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.progress import Progress
from importer.transport.breaks import RangeLimit
from importer.transport.client import Ask, Client
from importer.transport.early_uploads import EarlyUploads
from importer.transport.outgoing import OutgoingBlob, OutgoingImage, OutgoingManifest
from importer.transport.registry import MANIFEST_TYPES
from importer.transport.stop import run_all
from importer.transport.upload import BlobUpload, pieces_of
from importer.transport.upload_session import Target

DEFAULT_JOBS: Final = 3
_ACCEPT: Final = {"Accept": ", ".join(MANIFEST_TYPES)}
_NO_REFERRERS: Final = frozenset({400, 404, 405, 501})
_PUT: Final = frozenset({200, 201, 202})


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: blobs that were uploaded or mounted, and those that were there."""

    sent: int
    skipped: int


class RepositoryPush:
    """One repository of a registry, for writing; every method raises NetworkError."""

    def __init__(self, client: Client, place: RegistryPlace) -> None:
        self._client = client
        self._api = f"{place.base}/v2/{place.repository}"
        self._base = str(place.base)
        self.name = place.repository
        self.target = Target(client, self._api, f"repository:{place.repository}:pull,push")
        self._lacking: dict[Digest, bool] = {}

    def lacks(self, digest: Digest, size: int) -> bool:
        """Whether the repository lacks a blob of that size (bytes); asked once of each."""
        if digest not in self._lacking:
            self._lacking[digest] = not self._has_blob(self._api, digest, size)
        return self._lacking[digest]

    def neighbour_has(self, name: str, blob: OutgoingBlob) -> bool:
        """Whether another repository of the registry has a blob."""
        return self._has_blob(f"{self._base}/v2/{name}", blob.digest, blob.size, f"repository:{name}:pull")

    def tag(self, tag: str) -> Digest | None:
        """Which manifest a tag names now."""
        url = f"{self._api}/manifests/{tag}"
        with self._client.ask(Ask("HEAD", url, _ACCEPT, scope=self.target.scope), {200, 404}) as answer:
            if answer.status == 404:
                return None
            said = answer.header("Docker-Content-Digest")
        if said:
            try:
                return Digest.parse(said)
            except ValueError as error:
                raise NetworkError(
                    f"{urlsplit(url).netloc} says that {tag} has the digest {said!r}: {error}"
                ) from error
        ask = Ask("GET", url, _ACCEPT, scope=self.target.scope)
        return Digest.of(self._client.fetch(ask, {200}, MAX_DOCUMENT_SIZE).content)

    def lists_referrers(self, subject: str) -> bool:
        """Whether the registry tells by itself what refers to a manifest (distribution-spec, "Listing Referrers")."""
        ask = Ask("GET", f"{self._api}/referrers/{subject}", {"Accept": OCI_INDEX}, scope=self.target.scope)
        with self._client.ask(ask, {200, *_NO_REFERRERS}) as answer:
            return answer.status == 200 and answer.media_type == OCI_INDEX

    def content(self, tag: str) -> bytes | None:
        """The manifest that a tag names; None when there is none."""
        ask = Ask("GET", f"{self._api}/manifests/{tag}", _ACCEPT, scope=self.target.scope)
        fetched = self._client.fetch(ask, {200, 404}, MAX_DOCUMENT_SIZE)
        return fetched.content if fetched.answer.status == 200 else None

    def put(self, image: OutgoingImage) -> None:
        """Put the manifests of an image whose blobs are there, the tags last."""
        for manifest in image.manifests:
            self._put_by_digest(manifest)
        for tag in image.tags:
            self._put(image.manifests[-1], tag)

    def _has_blob(self, api: str, digest: Digest, size: int, scope: str | None = None) -> bool:
        ask = Ask("HEAD", f"{api}/blobs/{digest}", scope=scope or self.target.scope)
        # For a repository that isn't there yet, some registries answer 401 or 403 even to its owner.
        refused = {401, 403} if scope else set[int]()
        with self._client.ask(ask, {200, 404} | refused) as answer:
            if answer.status == 200 and answer.length not in (None, size):
                raise NetworkError(
                    f"{answer.host} holds {answer.length:,} bytes as {digest}, which has {size:,}: "
                    "its storage is damaged, and it won't accept the blob again until that one is removed"
                )
            return answer.status == 200

    def _put_by_digest(self, manifest: OutgoingManifest) -> None:
        ask = Ask("HEAD", f"{self._api}/manifests/{manifest.digest}", _ACCEPT, scope=self.target.scope)
        with self._client.ask(ask, {200, 404}) as answer:
            there = answer.status == 200
        if not there:
            self._put(manifest, str(manifest.digest))

    def _put(self, manifest: OutgoingManifest, reference: str) -> None:
        headers = {"Content-Type": manifest.media_type, "Content-Length": str(len(manifest.content))}
        url = f"{self._api}/manifests/{reference}"
        ask = Ask("PUT", url, headers, lambda: pieces_of(manifest.content), self.target.scope)
        with self._client.ask(ask, _PUT) as answer:
            said = answer.header("Docker-Content-Digest")
        if said and said != str(manifest.digest) and said.startswith(f"{manifest.digest.algorithm}:"):
            raise NetworkError(f"{urlsplit(url).netloc} accepted the manifest {manifest.digest} as {said}")


class Push:
    """Pushes images to repositories of one registry, with one progress over all of them.

    Args:
        client: the registry's client.
        progress: told of every byte that is sent.
        jobs: how many blobs are uploaded at once.
        mount_from: other repositories of the registry that may hold some of the blobs.
    """

    def __init__(
        self, client: Client, progress: Progress, jobs: int = DEFAULT_JOBS, mount_from: Sequence[str] = ()
    ) -> None:
        self._client = client
        self._progress = progress
        self._jobs = jobs
        self._neighbours = tuple(mount_from)
        self._repositories: dict[str, RepositoryPush] = {}
        self._held: dict[Digest, str] = {}
        self._limit = RangeLimit()

    def repository(self, place: RegistryPlace) -> RepositoryPush:
        """A repository of the registry, the same one each time."""
        if place.repository not in self._repositories:
            self._repositories[place.repository] = RepositoryPush(self._client, place)
        return self._repositories[place.repository]

    def early_uploads(self, place: RegistryPlace) -> EarlyUploads:
        """Uploads that begin while the input is read, for ``run`` to go on with."""
        repository = self.repository(place)
        return EarlyUploads(repository.target, repository.lacks)

    def run(self, images: Iterable[tuple[RegistryPlace, OutgoingImage]], early: EarlyUploads | None = None) -> Pushed:
        """Push each image to its repository; raises NetworkError, and whatever reading the blobs raises."""
        by_repository: dict[RepositoryPush, list[OutgoingImage]] = {}
        for place, image in images:
            by_repository.setdefault(self.repository(place), []).append(image)
        blobs = {each: _blobs_of(going) for each, going in by_repository.items()}
        missing = {each: [b for b in wanted if each.lacks(b.digest, b.size)] for each, wanted in blobs.items()}
        self._progress.start("Uploading", sum(blob.size for lacking in missing.values() for blob in lacking))
        for repository, going in by_repository.items():
            self._upload(repository, missing[repository], early)
            self._held |= {blob.digest: repository.name for blob in blobs[repository]}
            for image in going:
                repository.put(image)
        self._progress.stop()
        sent = sum(map(len, missing.values()))
        return Pushed(sent, sum(map(len, blobs.values())) - sent)

    def _upload(self, repository: RepositoryPush, blobs: Sequence[OutgoingBlob], early: EarlyUploads | None) -> None:
        ordered = sorted(blobs, key=lambda blob: -blob.size)
        tasks = [self._task(repository, blob, early) for blob in ordered]
        run_all(tasks, self._jobs, self._client.surroundings.abort)

    def _task(self, repository: RepositoryPush, blob: OutgoingBlob, early: EarlyUploads | None) -> Callable[[], None]:
        upload = BlobUpload(repository.target, blob, self._limit, self._progress.advance)
        begun = early.take_over(blob.digest) if early else None
        return partial(upload.run, None if begun else self._holder_of(repository, blob), begun)

    def _holder_of(self, repository: RepositoryPush, blob: OutgoingBlob) -> str | None:
        """Another repository from which the blob can be mounted: one of this run, or one that was named."""
        if blob.digest in self._held:
            return self._held[blob.digest]
        others = (name for name in self._neighbours if name != repository.name)
        return next((name for name in others if repository.neighbour_has(name, blob)), None)


def _blobs_of(images: Iterable[OutgoingImage]) -> list[OutgoingBlob]:
    return list({blob.digest: blob for image in images for blob in image.blobs}.values())
