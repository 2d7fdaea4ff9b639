"""BF506: a blob whose bytes have another digest than its path."""

from typing import Final

from importer.formats.signatures import DOCUMENT_KINDS, FileKind
from importer.plan.causes import Cause, Gunzipped, Reformatted, TextMangled, Truncated, ZeroFilled
from importer.rules.registry_answers import UNSEEN, internal_error
from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.rules.tree_wording import supplied, wanted_by
from importer.storage_tree.defects import BlobDamaged
from importer.words.text import Count, Size, Text

_NEVER_JSON: Final = frozenset({FileKind.EMPTY, FileKind.HTML, FileKind.XML, FileKind.TEXT, FileKind.BROKEN_JSON})


def observe(defect: BlobDamaged) -> Observation:
    """Say what is there instead, and what comes of it."""
    role = defect.wish.role if defect.wish else "blob"
    by = Text(", {},", wanted_by(defect.wish)) if defect.wish else ""
    return Observation(
        Text(
            "{} {}{} has {}, digest {}{}; {}",
            role,
            defect.digest,
            by,
            _size(defect),
            defect.actual,
            _cause(defect.cause),
            _answer(defect, role),
        ),
        remedy=_remedy(defect),
        path=defect.path,
        digest=defect.digest,
    )


def _size(defect: BlobDamaged) -> Text:
    wanted = defect.wish.size if defect.wish else None
    if wanted == defect.size:
        return Text("the right size, {}, but other content", Size(wanted))
    return Text("{} of {}", Size(defect.size), Size(wanted)) if wanted is not None else Text("{}", Size(defect.size))


def _cause(cause: Cause | None) -> Text:
    match cause:
        case Truncated(have):
            return Text("; it is cut short after {}", Size(have))
        case ZeroFilled(zeros_from):
            return Text("; from byte {} on there are only zeros", Count(zeros_from))
        case TextMangled(change):
            return Text("; its text was changed: {}", change)
        case Reformatted():
            return Text("; its text was rewritten by another program")
        case Gunzipped(compressor=compressor):
            exactly = Text(", and is recompressed exactly ({})", compressor) if compressor else ", as far as is known"
            return Text("; it was unpacked{}", exactly)
    return Text("")


def _answer(defect: BlobDamaged, role: str) -> Text:
    if role != "manifest":
        return Text("{}: filesystem layer verification failed, Digest did not match", UNSEEN)
    if defect.kind in _NEVER_JSON or defect.kind not in DOCUMENT_KINDS:
        return internal_error(Text("GET /v2/…/manifests/…"), "unexpected end of JSON input, or invalid character")
    return Text(
        "the registry serves it all the same (200, with the path's digest) unless the text can't be read as a manifest "
        "(500 UNKNOWN: json: cannot unmarshal …); docker, skopeo and podman accept it by tag without an error, and all "
        "refuse it by digest"
    )


def _remedy(defect: BlobDamaged) -> Text:
    remedy = supplied(defect.steps)
    if remedy:
        return Text("{}; restart the registry afterwards", remedy)
    if defect.steps:
        return Text("no manifest wants it: it is set aside, so a new push of the blob isn't skipped")
    return Text("give a place that has {} with --blobs", defect.digest)


RULE: Final = Rule(
    code="BF506",
    name="blob-damaged",
    severity=Severity.ERROR,
    fix=Safety.SAFE,
    summary="a blob's digest isn't the one in its path",
    explanation=Explanation(
        meaning=(
            "The file is where a blob with another digest belongs. A registry never hashes what it serves, so it "
            "serves the wrong bytes, and the client rejects them. Only hashing finds such blobs."
        ),
        origin=(
            "A copy or an upload was interrupted, a disk failed, an editor added a line break to a manifest or "
            "reindented it, or a browser or a proxy unpacked a layer."
        ),
        remedy=(
            "It reverses the damage where it can: it restores the original text of a manifest and the original "
            "compression of an unpacked layer, and the digest proves the result. Everything else comes from the "
            "places given with --blobs and is written only if its digest is right. The damaged file is set aside."
        ),
        advice=(
            "Give a place that has the blob with --blobs and run repair-tree --apply, then restart the registry, "
            "which caches the old size. Pushing the image again doesn't help while the damaged file is there: the "
            "client sees the blob and skips it."
        ),
    ),
    on_tree=OnTree(observe, (BlobDamaged,)),
)
