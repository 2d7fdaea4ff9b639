"""BF103: a file that belongs to no image here."""

from collections.abc import Iterable, Iterator
from typing import Final

from importer.domain.digest import Digest
from importer.formats.signatures import FileKind
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import claimed_digest
from importer.plan.images import Plan
from importer.recovery.documents.lost_manifests import lost_manifests
from importer.rules.files import notes
from importer.rules.rule import Case, Explanation, Observation, OnLeftovers, Rule, Safety, Severity
from importer.words.text import FilePath, Size, Text

_REMEDY: Final = Text("it is left alone")
_UNWANTED: Final = Text("no image here wants it")
_EMPTY: Final = Text("an empty file")
_HOLDS_CONTENT: Final = Text("it has the same content as a layer that is here")
_DESCRIPTIONS: Final = {
    FileKind.EMPTY: "an empty file",
    FileKind.GZIP: "a gzip file",
    FileKind.ZSTD: "a zstd file",
    FileKind.BZIP2: "a bzip2 file",
    FileKind.XZ: "an xz file",
    FileKind.TAR: "a tar archive",
    FileKind.ZIP: "a zip archive",
    FileKind.CONFIG: "an image config",
    FileKind.JSON: "a JSON document",
    FileKind.BROKEN_JSON: "a JSON document that can't be read",
    FileKind.ERROR_PAGE: "an error message",
    FileKind.HTML: "a web page",
    FileKind.XML: "an XML document",
    FileKind.TEXT: "a text",
    FileKind.ZEROS: "nothing but zeros",
}


def files(case: Case, named: frozenset[str]) -> Iterator[FileFacts]:
    """Every file that no image wants, that no finding names, and that isn't a program's own note about images."""
    wanted = _wanted(case.plan)
    known = named.union(case.plan.used, (fact.file.path for fact in notes(case)))
    # Of several copies one is enough to be named.
    known_digests = {fact.digest for fact in case.inventory.facts if fact.file.path in known}
    for fact in case.inventory.facts:
        is_known = fact.file.path in known or fact.digest in known_digests
        if not is_known and not fact.file.borrowed and wanted.isdisjoint(fact.digests):
            yield fact


def observe(case: Case, leftovers: Iterable[FileFacts]) -> Iterator[Observation]:
    """What each of these files is, and why no image wants it."""
    wanted, contents, broken = _wanted(case.plan), _contents(case.plan), _folders_of_broken_manifests(case)
    for fact in leftovers:
        why = _HOLDS_CONTENT if fact.digest in contents else _why(case, fact, wanted, broken)
        yield Observation(
            Text("{} is {}; {}", FilePath(fact.file.path), _description(fact), why),
            remedy=_REMEDY,
            path=fact.file.path,
            digest=fact.digest,
        )


def _wanted(plan: Plan) -> frozenset[Digest]:
    return frozenset(blob.descriptor.digest for image in plan.images for blob in image.all_blobs)


def _contents(plan: Plan) -> frozenset[Digest]:
    return frozenset(blob.diff_id for image in plan.images for blob in image.blobs if blob.diff_id)


def _description(fact: FileFacts) -> Text:
    if not fact.size:
        return _EMPTY
    description = Text("{} of {}", _DESCRIPTIONS.get(fact.kind, "a file of unknown kind"), Size(fact.size))
    if fact.kind is FileKind.DATA and fact.excerpt:
        return Text("{} ({})", description, fact.excerpt)
    return Text("{} that says “{}”", description, fact.excerpt) if fact.excerpt else description


def _folders_of_broken_manifests(case: Case) -> frozenset[str]:
    broken = (image.manifest.file for image in case.plan.images if image.parsed is None)
    return frozenset(fact.file.folder for fact in (*broken, *lost_manifests(case.inventory, case.plan)) if fact)


def _why(case: Case, fact: FileFacts, wanted: frozenset[Digest], broken: frozenset[str]) -> Text:
    claimed = claimed_digest(fact.file)
    if claimed is not None and fact.file.folder in broken:
        return Text("the manifest beside it can't be read, so it's unknown whether an image wants it")
    if claimed not in wanted or claimed is None:
        return _UNWANTED
    whole = case.inventory.with_digest(claimed)
    if not whole:
        return Text("its name is that of a wanted blob, but its content isn't")
    return Text("its name is that of the blob in {}", FilePath(whole[0].file.path))


RULE: Final = Rule(
    code="BF103",
    name="unrelated-file",
    severity=Severity.INFO,
    fix=Safety.NONE,
    summary="no image here wants the file",
    explanation=Explanation(
        meaning=(
            "Nothing in the input refers to this file: it isn't a manifest, and no manifest lists its digest (the "
            "fingerprint of its bytes)."
        ),
        origin=(
            "It belongs to another image, or it was never part of one: a note, a screenshot, a log, a file that the "
            "system or Artifactory put into the folder. It can also be left over from an earlier, failed download."
        ),
        remedy="It reads the file once, to make sure that it isn't a renamed blob, and then ignores it.",
        advice=(
            "Nothing needs to be done. If you think it belongs to an image, that image's manifest.json is missing: "
            "download that too."
        ),
    ),
    on_leftovers=OnLeftovers(files, observe),
)
