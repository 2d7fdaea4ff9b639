"""BF111: a known thing that no image is made of."""

from collections.abc import Iterator
from typing import Final

from importer.domain.digest import Digest
from importer.formats.other_kinds import OtherKind, OtherThing
from importer.inspection.file_facts import FileFacts
from importer.plan.causes import OtherContent
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.files import old_registries, strangers
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again, file_of
from importer.words.text import FilePath, Size, Text

_IMPORT: Final = (
    "docker import FILE NAME:TAG makes an image of it, without its settings; "
    "for the whole image, save it where it comes from with docker save -o"
)
_REMEDIES: Final = {
    OtherKind.LFS_POINTER: "run git lfs pull where it comes from, and take the file that this gives",
    OtherKind.REDIRECTED: (
        "save it again where it comes from, with -o instead of > (docker save -o image.tar NAME:TAG); "
        "what was lost on this way can't be had back"
    ),
    OtherKind.DISK: "mount it, or start the machine that it belongs to, and save the image from there with docker save",
    OtherKind.EXPORT: _IMPORT,
    OtherKind.FILE_SYSTEM: _IMPORT,
    OtherKind.PAGE_OF_MANIFEST: "save the manifest itself: with the page's download button, or with curl -fL -O",
}
_NO_ARCHIVE_REMEDY: Final = "get the archive once more; docker save -o image.tar NAME:TAG writes one"
_MIGRATION: Final = (
    "today's registries can't read it: start a registry 0.9 on it (docker run registry:0.9.1), "
    "and pull the images from there with a docker of that time"
)


def find(case: Case) -> Iterator[Observation]:
    """Everything of a known other kind, and what stands in a blob's place."""
    severity = Severity.INFO if case.plan.images else Severity.ERROR
    for image, blob, cause in blobs_with(case, OtherContent):
        message = Text("{} is {}, not {}", file_of(blob), _described(cause.thing), whereabouts(image, blob))
        yield observation(image, blob, message, Text("{}; or {}", _REMEDIES[cause.thing.kind], fetch_again(blob)))
    for fact in strangers(case):
        yield Observation(
            Text(
                "{} is {}, not an image",
                FilePath(fact.file.path),
                _described(fact.other) if fact.other else _no_archive(fact),
            ),
            remedy=Text(_REMEDIES[fact.other.kind] if fact.other else _NO_ARCHIVE_REMEDY),
            path=fact.file.path,
            digest=fact.digest,
            severity=severity,
        )
    for folder, facts in old_registries(case).items():
        yield Observation(
            Text(
                "{} is the storage of a registry of the first generation (registry v1), before 2015", FilePath(folder)
            ),
            remedy=Text(_MIGRATION),
            path=folder,
            also=frozenset(fact.file.path for fact in facts),
            severity=severity,
        )


def _described(thing: OtherThing) -> Text:
    if thing.kind is OtherKind.LFS_POINTER:
        digest = Digest("sha256", thing.digest_hex)
        return Text("{} to a file of {} with the digest {}", thing.name, Size(thing.size), digest)
    return Text(thing.name)


def _no_archive(fact: FileFacts) -> Text:
    if not fact.size:
        return Text("empty")
    return Text("a text that says “{}”", fact.excerpt) if fact.excerpt else Text("a text")


RULE: Final = Rule(
    code="BF111",
    name="wrong-kind",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a known thing that is no image",
    explanation=Explanation(
        meaning=(
            "The file was taken for an image, an archive of one, or a layer, and is something else: the file system of "
            "a container, a Git LFS pointer, a text that PowerShell made of a program's output, a disk of a virtual "
            "machine, the storage of an old registry, or a web page."
        ),
        origin=(
            "docker export was used in place of docker save. A repository was cloned without Git LFS. In PowerShell, "
            "docker save > image.tar changes every byte. A browser saved the page around a file."
        ),
        remedy="It says what the file is. It is an error when nothing else is here, and a remark beside images.",
        advice=(
            "Do what the finding says: most of these are mended where the file comes from, by one command. "
            "docker save -o image.tar NAME:TAG is the way to save an image."
        ),
    ),
    on_download=find,
    causes=(OtherContent,),
)
