"""BF102: a blob that is here more than once."""

from collections.abc import Iterator, Sequence
from typing import Final

from importer.inspection.file_facts import FileFacts
from importer.recovery.documents.manifests import MANIFEST_KINDS
from importer.rules.files import is_manifest_name
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import FilePath, Text


def find(case: Case) -> Iterator[Observation]:
    """Every further copy of a file that an image uses."""
    used = (fact for fact in case.inventory.facts if fact.file.path in case.plan.used)
    for digest in dict.fromkeys(fact.digest for fact in used):
        copies = [f for f in case.inventory.with_digest(digest) if f.size and not f.file.borrowed]
        if len(copies) > 1:
            yield from _extra(case, copies)


def _extra(case: Case, copies: Sequence[FileFacts]) -> Iterator[Observation]:
    keeper = min(copies, key=lambda copy: (not _is_well_named(case, copy), copy.file.path not in case.plan.used))
    pieces = {copy.file.path for copy in copies if copy.file.path in case.plan.used}
    for copy in copies:
        # Two equal pieces of a split file are both needed, and a manifest in another folder is another tag.
        is_piece = len(pieces) > 1 and copy.file.path in pieces
        is_tag = copy.kind in MANIFEST_KINDS and _is_well_named(case, copy)
        if copy is not keeper and not is_piece and not is_tag:
            yield Observation(
                Text("{} holds the same bytes as {}", FilePath(copy.file.path), FilePath(keeper.file.path)),
                remedy=Text("one of them is enough; you can keep or delete the copy"),
                path=copy.file.path,
                digest=copy.digest,
            )


def _is_well_named(case: Case, fact: FileFacts) -> bool:
    return is_manifest_name(case.inventory, fact.file, fact.digest)


RULE: Final = Rule(
    code="BF102",
    name="duplicate-file",
    severity=Severity.INFO,
    fix=Safety.SAFE,
    summary="the same content is here more than once",
    explanation=Explanation(
        meaning="Two or more files hold the same bytes, so they have the same digest. One of them is enough.",
        origin=(
            "A file was downloaded twice (the browser calls the second one ' (1)'), or the folders of several tags "
            "were saved: Artifactory keeps a copy of each shared layer in the folder of every tag."
        ),
        remedy="It uses one copy and leaves the others alone; every output holds the blob once.",
        advice="Nothing needs to be done. You can delete extra copies to save space once the image works.",
    ),
    on_download=find,
)
