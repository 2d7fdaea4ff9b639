"""Words that rules share: how a blob is reached, and sizes that people can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from importer.recovery.causes import Cause
from importer.recovery.plan import BlobPlan, ImagePlan, Role
from importer.rules.rule import Case

CauseType = TypeVar("CauseType", bound=Cause)

_UNITS = ("kB", "MB", "GB", "TB")


def blobs_with(case: Case, cause: type[CauseType]) -> Iterator[tuple[ImagePlan, BlobPlan, CauseType]]:
    """Every blob whose state has a cause of this kind; a child that is an image speaks for itself."""
    planned = {image.manifest.descriptor.digest for image in case.plan.images}
    for image in case.plan.images:
        for blob in image.all_blobs:
            if blob.role is Role.CHILD and blob.descriptor.digest in planned:
                continue
            if isinstance(blob.cause, cause):
                yield image, blob, blob.cause


def whereabouts(image: ImagePlan, blob: BlobPlan) -> str:
    """How the blob is reached: ``layer 3 of 7 · linux/amd64 · team/app:1.4``."""
    count = sum(other.role is blob.role for other in image.blobs)
    position = f"{blob.role} {blob.position + 1} of {count}" if blob.position is not None else str(blob.role)
    platform = blob.descriptor.platform if blob.role is Role.CHILD else image.platform
    return " · ".join(str(part) for part in (position, platform, *image.names[:1]) if part)


def title_of(image: ImagePlan) -> str:
    """What to call an image: its name, else its manifest digest."""
    return str(image.names[0]) if image.names else f"{image.kind} {image.manifest.descriptor.digest.short}"


def path_of(blob: BlobPlan) -> str | None:
    """The file that holds the blob or what is left of it."""
    return blob.file.file.path if blob.file else blob.path


def bytes_of(size: int) -> str:
    """A size: exactly, and rounded when it's large: ``60,339 bytes``, ``1,048,576,000 bytes (1.0 GB)``."""
    exact = f"{size:,} byte" + ("" if size == 1 else "s")
    if size < 1_000_000:
        return exact
    power = min(len(_UNITS), (len(str(size)) - 1) // 3)
    return f"{exact} ({size / 1000**power:.1f} {_UNITS[power - 1]})"


def fetch_again(blob: BlobPlan) -> str:
    """The next step for a blob that can't be mended."""
    return f"download {blob.descriptor.digest.file_name} again ({bytes_of(blob.descriptor.size)})"
