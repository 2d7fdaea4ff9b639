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
    "docker import FILE NAME:TAG makes an image from it, without settings; for the complete image, run docker save "
    "-o on the original machine"
)
_REMEDIES: Final = {
    OtherKind.LFS_POINTER: "run git lfs pull in the original repository, and use the file that it fetches",
    OtherKind.REDIRECTED: (
        "save it again on the original machine, with -o instead of > (docker save -o image.tar NAME:TAG); the lost "
        "bytes can't be recovered"
    ),
    OtherKind.DISK: "mount it, or start its virtual machine, and save the image from there with docker save",
    OtherKind.EXPORT: _IMPORT,
    OtherKind.FILE_SYSTEM: _IMPORT,
    OtherKind.PAGE_OF_MANIFEST: "save the manifest itself: with the page's download button, or with curl -fL -O",
}
_NO_ARCHIVE_REMEDY: Final = "download or copy the archive again; docker save -o image.tar NAME:TAG writes one"
_MIGRATION: Final = (
    "current registries can't read it: run registry 0.9 on it (docker run registry:0.9.1), and pull the images from "
    "it with a docker of that era"
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
            Text("{} is the storage of a v1 registry, from before 2015", FilePath(folder)),
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
    return Text("text that says “{}”", fact.excerpt) if fact.excerpt else Text("a text")


RULE: Final = Rule(
    code="BF111",
    name="wrong-kind",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a known kind of file that isn't an image",
    explanation=Explanation(
        meaning=(
            "The file was meant to be an image, an image archive or a layer, but it is something else: a container's "
            "file system, a Git LFS pointer, a program's output that PowerShell turned into text, a virtual machine "
            "disk, an old registry's storage, or a web page."
        ),
        origin=(
            "docker export was used instead of docker save. A repository was cloned without Git LFS. In PowerShell, "
            "docker save > image.tar changes every byte. A browser saved the page that shows a file instead of the "
            "file."
        ),
        remedy=(
            "It says what the file is. This is an error if there is nothing else here, and a remark if there are "
            "images."
        ),
        advice=(
            "Do what the finding says: most of these are fixed by one command on the original machine. To save an "
            "image, use docker save -o image.tar NAME:TAG."
        ),
    ),
    on_download=find,
    causes=(OtherContent,),
)
