"""The walk of a download into a folder that was looked at: only what it lacks or has damaged is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from importer.domain.digest import Digest
from importer.domain.platform import Platform
from importer.errors import NetworkError
from importer.investigation import Investigation
from importer.progress import Progress
from importer.transport.client import Surroundings
from importer.transport.completion import Completion, Scanned
from importer.transport.pull import DEFAULT_JOBS, transfer_all
from importer.transport.remote_image import RemoteImage
from importer.words.text import FilePath, Size


@dataclass(frozen=True, slots=True)
class Order:
    """Where the rest comes from, and how.

    Attributes:
        image: the image on its server.
        platform: the one of an index that matters; all do when it is None.
        surroundings: what all transfers share.
        jobs: how many blobs are downloaded at once.
    """

    image: RemoteImage
    platform: Platform | None
    surroundings: Surroundings
    jobs: int = DEFAULT_JOBS


def fetch_into(folder: Path, seen: Investigation, order: Order, progress: Progress) -> NetworkError | None:
    """Download what a folder lacks or has damaged, as far as the server gives it; what it refuses is returned.

    Raises OutputError, and NetworkError when the server doesn't have the image at all.
    """

    def path_of(digest: Digest) -> Path | None:
        facts = seen.case.inventory.with_digest(digest)
        return Path(facts[0].file.path) if facts else None

    scanned = Scanned(folder, seen.case.plan, path_of, seen.opener.open)
    surroundings = order.surroundings
    completion = Completion(scanned, order.image, order.platform, surroundings.tell, surroundings.durability)
    try:
        transfers = completion.transfers()
        transfer_all(transfers, surroundings, progress, order.jobs)
    except NetworkError as refusal:
        return refusal
    if transfers:
        blobs = "1 blob" if len(transfers) == 1 else f"{len(transfers):,} blobs"
        size = sum(transfer.blob.descriptor.size for transfer in transfers)
        surroundings.tell(f"Downloaded {blobs}, {Size(size)}, into {FilePath(str(folder))}")
    return None
