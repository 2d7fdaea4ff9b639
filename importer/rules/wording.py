"""Words that rules share: how a blob is reached, and sizes that people can read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from importer.mutate.edited_configs import edited_config
from importer.plan.blobs import BlobPlan, BlobStatus, Role
from importer.plan.causes import Cause
from importer.plan.images import ImagePlan
from importer.rules.rule import Case, Certainty, Observation, Safety

CauseType = TypeVar("CauseType", bound=Cause)

_UNITS = ("kB", "MB", "GB", "TB")
_STRAY_BYTES = ("\udc80", "\udcff")
_STRAY_OFFSET = 0xDC00


def blobs_with(case: Case, cause: type[CauseType]) -> Iterator[tuple[ImagePlan, BlobPlan, CauseType]]:
    """Every blob whose state has a cause of this kind, once per image, however often a layer repeats.

    A child that is an image speaks for itself; a file that is what is left of a child doesn't speak
    once more as a manifest of its own.
    """
    own_causes = {image.manifest.descriptor.digest: image.manifest.cause for image in case.plan.images}
    remains = remains_of_children(case)
    for image in case.plan.images:
        seen = set()
        for blob in image.all_blobs:
            found = next((mishap for mishap in (blob.cause, *blob.earlier) if isinstance(mishap, cause)), None)
            if found is None or blob.descriptor.digest in seen:
                continue
            if blob.role is Role.CHILD and own_causes.get(blob.descriptor.digest) == blob.cause:
                continue
            if blob.role is Role.MANIFEST and path_of(blob) in remains:
                continue
            seen.add(blob.descriptor.digest)
            yield image, blob, found


def remains_of_children(case: Case) -> frozenset[str]:
    """Paths of the files that an index's damaged child was meant to be."""
    children = (blob for image in case.plan.images for blob in image.blobs if blob.role is Role.CHILD)
    return frozenset(blob.file.file.path for blob in children if blob.file and blob.status is BlobStatus.DAMAGED)


def observation(
    image: ImagePlan, blob: BlobPlan, message: str, remedy: str, safety: Safety | None = None
) -> Observation:
    """What is seen of one blob of an image."""
    return Observation(
        message,
        remedy=remedy,
        path=path_of(blob),
        digest=blob.descriptor.digest,
        image=image,
        certainty=Certainty.PROVEN if blob.certain else Certainty.INFERRED,
        safety=safety,
    )


def undoing(blob: BlobPlan, mishap: Cause, usual: str) -> str:
    """What is done about a mishap: the usual where it is all that happened to the blob."""
    if mishap not in blob.earlier:
        return usual
    if blob.is_here or blob.content:
        return "this is undone first, in memory; what was found beneath it is proven by its digest"
    return "this alone would be undone; what was found beneath it isn't whole"


def safety_of(blob: BlobPlan) -> Safety | None:
    """None, that is the rule's own, for a blob that was mended."""
    return None if blob.is_here or blob.content else Safety.NONE


def whereabouts(image: ImagePlan, blob: BlobPlan) -> str:
    """How the blob is reached: ``layer 3 of 7 · linux/amd64 · team/app:1.4``."""
    position = label_of(image, blob) if blob.position is not None else f"the {blob.role}"
    platform = blob.descriptor.platform if blob.role is Role.CHILD else image.platform
    return shown(" · ".join(str(part) for part in (position, platform, *image.names[:1]) if part))


def label_of(image: ImagePlan, blob: BlobPlan) -> str:
    """What the blob is in the image: ``layer 3 of 7``."""
    if blob.position is None:
        return str(blob.role)
    # They are in order, and the last one tells their number: a hostile image has thousands.
    last = next(other for other in reversed(image.blobs) if other.role is blob.role)
    return f"{blob.role} {blob.position + 1} of {(last.position or 0) + 1}"


def title_of(image: ImagePlan) -> str:
    """What to call an image: its name, else its manifest digest, or that of the manifest whose referrers it lists."""
    if image.names:
        return str(image.names[0])
    if image.referrers_tags:
        algorithm, _, hexes = image.referrers_tags[0].partition("-")
        return f"the list of what refers to {algorithm}:{hexes[:12]}"
    return f"{image.kind} {image.manifest.descriptor.digest.short}"


def path_of(blob: BlobPlan) -> str | None:
    """The file that holds the blob or what is left of it."""
    return blob.file.file.path if blob.file else blob.path


def file_of(blob: BlobPlan) -> str:
    """That file in a message; says so when only the circumstances tie it to the blob."""
    path = shown(path_of(blob) or "a file")
    return path if blob.certain else f"{path}, the only file here that can be it,"


def shown(text: str) -> str:
    """A path or any other foreign text without what would move a cursor or break a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    # Python's stand-in for a byte of a name that isn't UTF-8 is shown as the byte, as everywhere else.
    if _STRAY_BYTES[0] <= character <= _STRAY_BYTES[1]:
        return f"\\x{ord(character) - _STRAY_OFFSET:02x}"
    return character.encode("unicode_escape").decode("ascii")


def listed(items: Iterable[str], limit: int = 5) -> str:
    """The first few of a list, and how many more there are."""
    rest = iter(items)
    first = list(islice(rest, limit))
    more = sum(1 for _ in rest)
    return ", ".join(first) + (f" and {more} more" if more else "")


def bytes_of(size: int) -> str:
    """A size: exactly, and rounded when it's large: ``60,339 bytes``, ``1,048,576,000 bytes (1.0 GB)``."""
    exact = f"{size:,} byte" + ("" if size == 1 else "s")
    if size < 1_000_000:
        return exact
    power = min(len(_UNITS), (len(str(size)) - 1) // 3)
    return f"{exact} ({size / 1000**power:.1f} {_UNITS[power - 1]})"


def edited_config_way(image: ImagePlan) -> str:
    """What can be done with an edited config instead of downloading the original; empty when nothing can."""
    edited = edited_config(image)
    if not edited or edited.misfit:
        return ""
    platform = f" and --platform {image.platform or edited.config.platform}" if image.parents else ""
    return (
        f". The file is a valid config: if it was edited on purpose, --allow-new-digest{platform} writes the image "
        f"with it, provided that its layers are what it lists; the image id is then {edited.file.digest}"
    )


def fetch_again(blob: BlobPlan) -> str:
    """The next step for a blob that can't be mended."""
    digest = blob.descriptor.digest
    if blob.role is Role.CHILD:
        return f"download the folder {digest}/ (or {digest.file_name}/), which lies beside the tag's folder, again"
    if blob.role is Role.MANIFEST:
        return "download the manifest again"
    if not blob.descriptor.size and blob.diff_id == digest:
        return "save the image again with docker save: no registry has the layer under a digest that is known here"
    size = f", {bytes_of(blob.descriptor.size)}" if blob.descriptor.size else ""
    return f"download {digest.file_name} again{size}"
