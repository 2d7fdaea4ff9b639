"""What is in the input and could not be looked into, and whether that matters to an image.

What was not read is never as good as what isn't there: an archive that is cut may hold any number of images.
It matters when the user named it, when what can be seen of it belongs to an image, or when something is missing
that it may hold. A locked zip among whole images, of which nothing tells that it matters, is only mentioned.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from importer.domain.platform import Host
from importer.formats.signatures import DOCUMENT_KINDS, PAGE_KINDS, UNREAD_ARCHIVES, FileKind
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory
from importer.plan.fidelity import ImageStatus, status_of
from importer.plan.images import Plan
from importer.recovery.documents.lost_manifests import lost_images
from importer.sources.download_marks import names_image_part
from importer.sources.source_file import ProblemKind, SourceProblem

_DOCUMENTS: Final = DOCUMENT_KINDS - {FileKind.JSON, FileKind.BROKEN_JSON}
_UNPACK_ADVICE: Final = "unpack it with {program}, and give the folder"


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, a folder or an archive that could not be looked into, wholly or in part.

    Attributes:
        path: where it lies; of an archive's members, the archive.
        reason: why, in plain words.
        advice: how to get at it; empty where the right to read it, or another copy of it, is all that helps.
        size: bytes of it, where they are known.
        members: names of the members that could not be read, where the others could.
        is_archive: whether it is an archive.
        matters: whether an image may depend on it.
    """

    path: str
    reason: str
    advice: str
    size: int | None
    members: tuple[str, ...] = ()
    is_archive: bool = False
    matters: bool = True


def unread_input(
    inventory: Inventory, plan: Plan, host: Host, named: Iterable[str], *, one_image: bool = False
) -> tuple[Unread, ...]:
    """All that could not be looked into, by path.

    Args:
        inventory: what was read, and the problems on the way.
        plan: the images that were found.
        host: where docker would load them.
        named: the PATHs that the user gave.
        one_image: whether the user asks about one image alone, to which nothing else matters while it is whole.
    """
    is_lacking = not plan.images or any(status_of(image, host) is ImageStatus.INCOMPLETE for image in plan.images)
    problems = [problem for problem in inventory.problems if problem.kind in (ProblemKind.FILE, ProblemKind.ARCHIVE)]
    explained = plan.used | plan.explained
    by_place: dict[str, list[SourceProblem]] = {}
    for problem in problems:
        # A cut layer that is named as an archive is told as what it is, a cut layer.
        if problem.path not in explained:
            by_place.setdefault(problem.archive or problem.path, []).append(problem)
    belonging = {} if one_image else _belonging(inventory, plan, by_place)
    matters_anyway = frozenset(named) if not one_image else frozenset()
    found = [
        _of_problems(place, group, matters=is_lacking or place in matters_anyway or belonging.get(place, False))
        for place, group in by_place.items()
    ]
    found += (
        _of_archive(fact, matters=is_lacking or fact.file.path in matters_anyway)
        for fact in inventory.facts
        if fact.kind in UNREAD_ARCHIVES and fact.file.path not in explained
    )
    if plan.images and not one_image:
        found += (_of_manifest(fact) for fact in lost_images(inventory, plan))
    return tuple(sorted(found, key=lambda unread: unread.path))


def _of_problems(place: str, problems: Sequence[SourceProblem], *, matters: bool) -> Unread:
    """One for an archive, whatever the number of its members that can't be read."""
    whole = next((problem for problem in problems if problem.path == place), None)
    first = whole or problems[0]
    members = () if whole else tuple(problem.path[len(place) + 1 :] for problem in problems)
    return Unread(place, first.reason, first.advice, first.size, members, bool(first.archive), matters)


def _of_archive(fact: FileFacts, *, matters: bool) -> Unread:
    name, program = UNREAD_ARCHIVES[fact.kind]
    advice = _UNPACK_ADVICE.format(program=program)
    return Unread(fact.file.path, f"{name}, which blobfix doesn't read", advice, fact.size, (), True, matters)


def _of_manifest(fact: FileFacts) -> Unread:
    """Beside images that are here, another one of which nothing is known but that somebody saved it."""
    what = "empty" if not fact.size else "a message" if fact.kind in PAGE_KINDS else "broken"
    return Unread(fact.file.path, f"{what}, where the manifest of an image should be", "download it again", fact.size)


def _belonging(inventory: Inventory, plan: Plan, by_place: Mapping[str, Sequence[SourceProblem]]) -> Mapping[str, bool]:
    """Which of the unread places belong to an image, by their names and by what could be read of them."""
    own = {
        place: any(not problem.borrowed and names_image_part(problem.path) for problem in group)
        for place, group in by_place.items()
    }
    archives = {place for place, group in by_place.items() if group[0].archive and not group[0].borrowed}
    if not archives:
        return own
    wanted = {blob.descriptor.digest for image in plan.images for blob in image.all_blobs}
    for fact in inventory.facts:
        if fact.file.path in plan.used or fact.kind in _DOCUMENTS or not wanted.isdisjoint(fact.digests):
            own |= {place: True for place in _folders_above(fact.file.path) if place in archives}
    return own


def _folders_above(path: str) -> Iterator[str]:
    end = path.rfind(os.sep)
    while end > 0:
        yield path[:end]
        end = path.rfind(os.sep, 0, end)
