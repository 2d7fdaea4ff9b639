"""BF213: a blob in pieces."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from importer.plan.causes import Split
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.files import joined_archives
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import undoing
from importer.words.text import FilePath, Text, listed


def find(case: Case) -> Iterator[Observation]:
    """Every blob, and every archive, that was put together from several files."""
    for paths in joined_archives(case):
        names = listed(PurePath(path).name for path in paths)
        yield Observation(
            Text("{} is the beginning of an archive in {} pieces: {}", FilePath(paths[0]), len(paths), names),
            remedy=Text("they are joined in the order of their names; digests prove the members that are used"),
            path=paths[0],
        )
    for image, blob, cause in blobs_with(case, Split):
        names = listed(PurePath(path).name for path in cause.paths)
        yield observation(
            image,
            blob,
            Text("{} is here in {} pieces: {}", whereabouts(image, blob), len(cause.paths), names),
            undoing(
                blob,
                cause,
                Text("they are joined in this order; together they have the digest {}", blob.descriptor.digest),
            ),
            safety_of(blob),
        )


RULE: Final = Rule(
    code="BF213",
    name="split-file",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="pieces that make up the blob (.001, aa, part1)",
    explanation=Explanation(
        meaning="The blob, or a whole archive, was split into several files that have to be joined.",
        origin=(
            "Someone split a large layer or archive with split, zip -s, 7-Zip or a download in ranges, to get it "
            "through a mail gateway, onto a FAT32 stick (no file can exceed 4 GiB there) or past an upload limit."
        ),
        remedy=(
            "It joins the pieces in the order of their names, or in another one if that makes no archive; the digest "
            "proves that no piece is missing or out of order. Missing pieces of an archive are named (BF110)."
        ),
        advice="Nothing needs to be done. Keep all pieces together until the image has been written.",
    ),
    on_download=find,
    causes=(Split,),
)
