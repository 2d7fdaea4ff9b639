"""BF108: an entry that can't be read."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import Unreadable
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with
from importer.rules.files import severity_of_stray
from importer.rules.rule import Case, Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.sources.source_file import ProblemKind, SourceProblem
from importer.storage_tree.defects import EntryUnreadable
from importer.words.text import FilePath, Text


def find(case: Case) -> Iterator[Observation]:
    """Every entry of the input that could not be read, with the blob it is named after."""
    milder = severity_of_stray(case)
    blobs = {blob.file_path: (image, blob) for image, blob, _ in blobs_with(case, Unreadable)}
    mattering = {unread.path for unread in case.unread if unread.matters}
    for problem in case.inventory.problems:
        if problem.kind in (ProblemKind.ARCHIVE, ProblemKind.DAMAGE):
            continue
        image, blob = blobs.get(problem.path, (None, None))
        name = Text("; by its name it is {}", whereabouts(image, blob)) if image and blob else None
        yield Observation(
            Text("{} can't be read: {}{}", FilePath(problem.path), problem.reason, name),
            remedy=Text(
                problem.advice or ("make it readable (change its permissions or copy it again), or download it again")
            ),
            path=problem.path,
            digest=blob.descriptor.digest if blob else None,
            image=image,
            severity=None if blob or problem.path in mattering else _severity_of(problem) if milder else None,
        )


def _severity_of(problem: SourceProblem) -> Severity:
    """How bad it is when no image is known to need the entry."""
    return Severity.INFO if problem.kind is ProblemKind.NOTHING else Severity.WARNING


def observe(defect: EntryUnreadable) -> Observation:
    """Say what a registry under this user would answer."""
    return Observation(
        Text(
            "{} can't be read: {}; a registry that runs as this user answers 500 UNKNOWN to every request that needs "
            "it: permission denied, or the like",
            FilePath(defect.path or ""),
            defect.reason,
        ),
        remedy=Text("make it readable (chmod -R a+rX), or run this command as the user that owns it"),
        path=defect.path,
    )


RULE: Final = Rule(
    code="BF108",
    name="unreadable-file",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a file can't be read, or isn't a regular file",
    explanation=Explanation(
        meaning=(
            "The operating system doesn't let the file be read, or the entry isn't a regular file: a pipe, a device, "
            "or a link that is broken or leads out of the folder. Its content can't be checked or used."
        ),
        origin=(
            "Another user owns the file, a disk or a network share fails, a virus scanner blocks it, or an unpacked "
            "archive had links to targets outside it."
        ),
        remedy=(
            "It names the entry and the system's reason, and continues with everything else. Links that lead out of "
            "the given folder are never followed: a download has none, but an attack may."
        ),
        advice=(
            "Give yourself read permission (ls -l shows the current permissions), or copy the file from its source "
            "again. For a link, give the folder that it points to as another PATH or with --borrow."
        ),
    ),
    on_download=find,
    on_tree=OnTree(observe, (EntryUnreadable,)),
    causes=(Unreadable,),
)
