"""BF506: a blob whose bytes have another digest than its path."""

from typing import Final

from importer.formats.signatures import DOCUMENT_KINDS, FileKind
from importer.plan.causes import Cause, Gunzipped, Reformatted, TextMangled, Truncated, ZeroFilled
from importer.rules.registry_answers import UNSEEN, internal_error
from importer.rules.rule import Explanation, Observation, Rule, Safety, Severity
from importer.rules.tree_wording import supplied, wanted_by
from importer.rules.wording import bytes_of, shown
from importer.storage_tree.defects import BlobDamaged

_NEVER_JSON: Final = frozenset({FileKind.EMPTY, FileKind.HTML, FileKind.XML, FileKind.TEXT, FileKind.BROKEN_JSON})


def observe(defect: BlobDamaged) -> Observation:
    """Say what is there instead, and what comes of it."""
    role = defect.wish.role if defect.wish else "blob"
    size = defect.wish.size if defect.wish else None
    wanted = f" of {bytes_of(size)}" if size is not None else ""
    by = f", {wanted_by(defect.wish)}," if defect.wish else ""
    return Observation(
        f"{role} {defect.digest}{by} has other bytes: {bytes_of(defect.size)}{wanted}, digest {defect.actual}"
        f"{_cause(defect.cause)}; {_answer(defect, role)}",
        remedy=_remedy(defect),
        path=defect.path,
        digest=defect.digest,
    )


def _cause(cause: Cause | None) -> str:
    match cause:
        case Truncated(have):
            return f"; it is cut short after {bytes_of(have)}"
        case ZeroFilled(zeros_from):
            return f"; from byte {zeros_from:,} on there are only zeros"
        case TextMangled(change):
            return f"; its text was changed: {shown(change)}"
        case Reformatted():
            return "; its text was written anew by another program"
        case Gunzipped(compressor=compressor):
            exactly = f", and is recompressed exactly ({compressor})" if compressor else ", as far as can be told"
            return f"; it was unpacked{exactly}"
    return ""


def _answer(defect: BlobDamaged, role: str) -> str:
    if role != "manifest":
        return f"{UNSEEN}: filesystem layer verification failed, Digest did not match"
    if defect.kind in _NEVER_JSON or defect.kind not in DOCUMENT_KINDS:
        return internal_error("GET /v2/…/manifests/…", "unexpected end of JSON input, or invalid character")
    return (
        "the registry doesn't notice (200, with the path's digest) unless the text can't be read as a manifest "
        "(500 UNKNOWN: json: cannot unmarshal …); docker, skopeo and podman take it silently by tag, "
        "and all refuse it by digest"
    )


def _remedy(defect: BlobDamaged) -> str:
    remedy = supplied(defect.steps)
    if remedy:
        return f"{remedy}; restart the registry afterwards"
    if defect.steps:
        return "no manifest wants it: it is set aside, so that a new push of the blob isn't skipped"
    return f"give a place that has {defect.digest} with --blobs"


RULE: Final = Rule(
    code="BF506",
    name="blob-damaged",
    severity=Severity.ERROR,
    fix=Safety.SAFE,
    summary="a blob's bytes don't have the digest that its path names",
    explanation=Explanation(
        meaning=(
            "The file lies where a blob with another digest belongs. A registry never hashes what it serves, and so "
            "hands it out as if it were right; the client that checks it refuses it. Only hashing finds such blobs."
        ),
        origin=(
            "A copy or an upload broke off, a disk failed, an editor added a line break to a manifest or indented it "
            "anew, a browser or a proxy unpacked a layer."
        ),
        remedy=(
            "It undoes what can be undone: the digest proves that a manifest has its old text again, and that a layer "
            "which was unpacked has its own compression again. Anything else "
            "is taken from the places given with --blobs, and written only when its digest is right. "
            "The damaged file is set aside."
        ),
        advice=(
            "Give a place that has the blob with --blobs and run repair-tree --apply, then restart the registry, "
            "which remembers the old size. Pushing the image again doesn't help while the damaged file is there: "
            "the client sees the blob and skips it."
        ),
    ),
    defects=(BlobDamaged,),
    observe=observe,
)
