"""BF302: a manifest that can't be read as one."""

from collections.abc import Iterator
from typing import Final

from importer.domain.platform import Host
from importer.formats.signatures import PAGE_KINDS
from importer.plan.causes import NotAManifest
from importer.plan.fidelity import Fidelity, OutputKind, fidelity
from importer.plan.flaws import InvalidManifest
from importer.plan.images import ImagePlan
from importer.recovery.documents.lost_manifests import lost_manifests
from importer.rules.blobs import remains_of_children
from importer.rules.files import severity_of_lost
from importer.rules.rule import Case, Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import RevisionInvalid
from importer.words.text import FilePath, Text

_MAX_PROBLEMS: Final = 5
_REMEDY: Final = Text("download the manifest again; without it, the image's parts are unknown")
_REMEDY_OF_RIGHT_BYTES: Final = Text(
    "its digest is right, so downloading it again gives the same bytes: the image was built like this and must be "
    "rebuilt"
)
_REMEDY_WITH_CONFIG: Final = Text(
    "download the manifest again; a docker tar is exact anyway, because docker goes by the config, which is here"
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
                Text("{} is named as a manifest but isn't a valid one: {}", FilePath(fact.file.path), error or ""),
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
        if fidelity(image, OutputKind.DOCKER, host) is Fidelity.EXACT
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
        remedy=Text("push or write the image again; this digest can only have these bytes"),
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
            "This one isn't well-formed JSON or violates its schema; the path in the message, such as "
            "/layers/0/digest, shows where."
        ),
        origin=(
            "The download ended early, someone edited the file, or a program wrote it incorrectly. Sometimes another "
            "JSON file was saved as manifest.json."
        ),
        remedy=(
            "It shows the place, what was expected there and what it found. It doesn't guess: a manifest with a "
            "different digest in it would be another image's manifest."
        ),
        advice=(
            "Download manifest.json (or list.manifest.json) again with curl -fL -O, and don't save it from an editor "
            "or a browser's view. The layers you already have are used once the manifest is right."
        ),
    ),
    on_download=find,
    causes=(NotAManifest,),
    on_tree=OnTree(observe, (RevisionInvalid,)),
    symptoms=("unrecognized manifest content type …", "unexpected end of JSON input", "MANIFEST_INVALID"),
)
