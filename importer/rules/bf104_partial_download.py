"""BF104: a browser's unfinished file."""

from collections.abc import Iterator
from typing import Final

from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import claimed_digest
from importer.plan.causes import PartialDownload
from importer.plan.titles import whereabouts
from importer.recovery.blobs.diagnosis import is_partial
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again, file_of
from importer.words.text import FilePath, Size, Text


def find(case: Case) -> Iterator[Observation]:
    """Every unfinished download, with the blob it was to become where that is known."""
    for image, blob, cause in blobs_with(case, PartialDownload):
        missing = blob.descriptor.size - cause.have
        yield observation(
            image,
            blob,
            Text(
                "{} is the unfinished download of {}: {} of {} are here, {} are missing",
                file_of(blob),
                whereabouts(image, blob),
                Size(cause.have),
                Size(blob.descriptor.size),
                Size(missing),
            ),
            Text("let the browser finish it, or {}", fetch_again(blob)),
        )
    yield from _unneeded(case)


def _whole_one(case: Case, fact: FileFacts) -> str:
    claimed = claimed_digest(fact.file)
    is_here = claimed is not None and bool(case.inventory.with_digest(claimed))
    return "the complete file is here too" if is_here else "no image here needs it"


def _unneeded(case: Case) -> Iterator[Observation]:
    wanted = {blob.descriptor.digest for image in case.plan.images for blob in image.all_blobs}
    told = case.plan.used.union(case.plan.explained, (remains.file.file.path for remains in case.plan.ambiguous))
    for fact in case.inventory.facts:
        is_told = fact.file.path in told or fact.file.borrowed or not wanted.isdisjoint(fact.digests)
        if is_partial(fact) and not is_told:
            yield Observation(
                Text(
                    "{} is an unfinished download of {}; {}",
                    FilePath(fact.file.path),
                    Size(fact.size),
                    _whole_one(case, fact),
                ),
                remedy=Text("it is left alone, and can be deleted"),
                path=fact.file.path,
                digest=fact.digest,
            )


RULE: Final = Rule(
    code="BF104",
    name="partial-download",
    severity=Severity.WARNING,
    fix=Safety.NONE,
    summary="a browser's unfinished file",
    explanation=Explanation(
        meaning=(
            "The file's name says that its download hasn't finished: Firefox and curl write .part, Chrome "
            ".crdownload, Safari .download, Edge .partial and Opera .opdownload until the last byte has arrived. The "
            "file has only the beginning."
        ),
        origin=(
            "The folder was copied while the browser was still at work, or the download was paused or interrupted "
            "and the browser kept the part it had."
        ),
        remedy=(
            "It says which blob was being downloaded and how many bytes are missing. If the file is complete despite "
            "its name, it is used like any other."
        ),
        advice=(
            "Let the browser finish and copy the folder again. If it has given up, download the file again; curl -fL "
            "-C - -O with its URL can resume when the connection breaks."
        ),
    ),
    on_download=find,
    causes=(PartialDownload,),
)
