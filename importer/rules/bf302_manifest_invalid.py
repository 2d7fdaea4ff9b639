"""BF302: a manifest that can't be read as one."""

from collections.abc import Iterator
from typing import Final

from importer.domain.platform import Host
from importer.formats.signatures import PAGE_KINDS
from importer.plan.causes import NotAManifest
from importer.plan.fidelity import Fidelity, Output, fidelity
from importer.plan.flaws import InvalidManifest
from importer.plan.images import ImagePlan
from importer.recovery.documents.lost_manifests import lost_manifests
from importer.rules.blobs import remains_of_children
from importer.rules.files import severity_of_lost
from importer.rules.rule import Case, Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import RevisionInvalid
from importer.words.text import FilePath, Text

_MAX_PROBLEMS: Final = 5
_REMEDY: Final = Text("download the manifest again; nothing else tells what the image is made of")
_REMEDY_OF_RIGHT_BYTES: Final = Text(
    "its digest is the right one, so another download gives the same bytes: the image was made like that, "
    "and whoever made it has to make it again"
)
_REMEDY_WITH_CONFIG: Final = Text(
    "download the manifest again; a docker tar is exact even so, since docker goes by the config, which is here"
)


def find(case: Case) -> Iterator[Observation]:
    """Every place where a manifest breaks its schema, and every manifest that isn't JSON."""
    remains = remains_of_children(case)
    for image in case.plan.images:
        for flaw in image.flaws:
            if isinstance(flaw, InvalidManifest) and image.manifest.file_path not in remains:
                yield from (_observed(image, message, case.host) for message in _messages(flaw))
    for fact in lost_manifests(case.inventory, case.plan):
        if fact.size and fact.kind not in PAGE_KINDS:
            error = fact.document.error if fact.document else f"its content is {fact.kind}"
            yield Observation(
                Text("{} is called a manifest and can't be read as one: {}", FilePath(fact.file.path), error or ""),
                remedy=_REMEDY,
                path=fact.file.path,
                digest=fact.digest,
                severity=severity_of_lost(case, fact),
            )


def _observed(image: ImagePlan, message: Text, host: Host) -> Observation:
    path = image.manifest.file_path
    is_right = bool(image.proofs) and isinstance(image.manifest.cause, NotAManifest)
    return Observation(
        Text("{} {}", FilePath(path) if path else "the manifest", message),
        remedy=_REMEDY_OF_RIGHT_BYTES
        if is_right
        else _REMEDY_WITH_CONFIG
        if fidelity(image, Output.DOCKER_TAR, host) is Fidelity.EXACT
        else _REMEDY,
        path=path,
        digest=image.manifest.descriptor.digest,
        image=image,
    )


def _messages(flaw: InvalidManifest) -> Iterator[Text]:
    if flaw.error is not None:
        yield Text("can't be read as JSON: {}", flaw.error)
        return
    more = len(flaw.problems) - _MAX_PROBLEMS
    for number, problem in enumerate(flaw.problems[:_MAX_PROBLEMS], start=1):
        place = Text("at {}", problem.pointer) if problem.pointer else "as a whole"
        rest = Text("; and {} more problems", more) if more > 0 and number == _MAX_PROBLEMS else None
        yield Text("isn't valid {}: expected {}, found {}{}", place, problem.expected, problem.found, rest)


def observe(defect: RevisionInvalid) -> Observation:
    """Say what a registry makes of it."""
    return Observation(
        Text(
            "{} is linked as a manifest of {} and has the right digest, but no "
            "registry can use it: {}; it answers 500 UNKNOWN: json: cannot unmarshal …, "
            "or unrecognized manifest schema version 0",
            defect.digest,
            defect.repository,
            defect.error,
        ),
        remedy=Text("push or write the image again: no other bytes have this digest"),
        path=defect.path,
        digest=defect.digest,
    )


RULE: Final = Rule(
    code="BF302",
    name="manifest-invalid",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a manifest isn't JSON or breaks its schema",
    explanation=Explanation(
        meaning=(
            "The manifest is the image's table of contents: it lists the config and the layers with their digests. "
            "This one isn't well-formed JSON, or something in it isn't what its format demands; "
            "the path in front, such as /layers/0/digest, leads to the place."
        ),
        origin=(
            "The download ended early, someone edited the file, or a program wrote it that knows the format "
            "only roughly. Now and then another JSON file was saved under the name manifest.json."
        ),
        remedy=(
            "It names the place, what was expected there and what it found. It doesn't guess: a manifest with a "
            "changed digest in it would be the manifest of another image."
        ),
        advice=(
            "Download manifest.json (or list.manifest.json) again with curl -fL -O, and don't save it from an editor "
            "or a browser's view. The layers you have are found again as soon as the manifest is right."
        ),
    ),
    on_download=find,
    causes=(NotAManifest,),
    on_tree=OnTree(observe, (RevisionInvalid,)),
    symptoms=("unrecognized manifest content type …", "unexpected end of JSON input", "MANIFEST_INVALID"),
)
