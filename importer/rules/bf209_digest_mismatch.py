"""BF209: named after a digest that it doesn't have."""

from collections.abc import Iterator
from typing import Final

from importer.formats.signatures import FileKind
from importer.plan.blobs import BlobPlan, Role
from importer.plan.causes import DigestMismatch
from importer.plan.flaws import InvalidManifest
from importer.plan.images import ImagePlan
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import edited_config_way, fetch_again, file_of
from importer.words.text import Size, Text, joined


def find(case: Case) -> Iterator[Observation]:
    """Every file that is named after a wanted blob and is something else, for no cause that shows."""
    for image, blob, cause in blobs_with(case, DigestMismatch):
        if blob.role is not Role.MANIFEST:
            yield _of_blob(image, blob, cause)
        elif not any(isinstance(flaw, InvalidManifest) for flaw in image.flaws):
            yield _of_manifest(case, image, blob)


def _of_blob(image: ImagePlan, blob: BlobPlan, cause: DigestMismatch) -> Observation:
    edited = edited_config_way(image) if blob.role is Role.CONFIG else Text("")
    more: Text | str = "; it unpacks to far more than it should" if cause.expands_too_far else ""
    if cause.beginning_of:
        more = Text(", which are the beginning of another blob here, {}", cause.beginning_of)
    return observation(
        image,
        blob,
        Text(
            "{} is named after {}, but holds other bytes: {} ({}){}, digest {}{}",
            file_of(blob),
            whereabouts(image, blob),
            Size(cause.have),
            _kind_of(blob, cause),
            _wanted(blob),
            cause.actual,
            more,
        ),
        Text("{}{}", fetch_again(blob), edited),
        Safety.UNSAFE if edited else None,
    )


def _wanted(blob: BlobPlan) -> Text:
    descriptor = blob.descriptor
    return Text(" instead of {}", Size(descriptor.size)) if descriptor.size else Text(", not {}", descriptor.digest)


def _kind_of(blob: BlobPlan, cause: DigestMismatch) -> str:
    is_data = cause.kind is FileKind.DATA and blob.file is not None
    return blob.file.excerpt if is_data and blob.file and blob.file.excerpt else str(cause.kind)


def _of_manifest(case: Case, image: ImagePlan, blob: BlobPlan) -> Observation:
    expected = case.known.expected_of(blob.file) if blob.file else {}
    expected = expected or dict.fromkeys(case.known.given, "--digest")
    claims = joined(", ", (Text("{} by {}", digest, source) for digest, source in expected.items()))
    return observation(
        image,
        blob,
        Text(
            "{} should be the manifest {}, but its digest is {}, and no known change to its text explains that",
            file_of(blob),
            claims,
            blob.descriptor.digest,
        ),
        Text("download the manifest again; a docker tar can still be exact, because docker goes by the config"),
    )


RULE: Final = Rule(
    code="BF209",
    name="digest-mismatch",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a file's digest isn't the one in its name, for no known reason",
    explanation=Explanation(
        meaning=(
            "The name of the file or its folder says which digest (fingerprint) its bytes should have. Both the "
            "digest and the size differ, and none of the usual kinds of damage explains it."
        ),
        origin=(
            "Usually a different file was saved under this name, or a program rewrote the file: an editor, a proxy "
            "that recompresses downloads, a virus scanner that replaces the content with its own text."
        ),
        remedy=(
            "It says what the file is and adds the blob to the download list. If the right bytes are anywhere else "
            "in the input, under any name, it uses those instead. An edited but valid config is used with "
            "--allow-new-digest, if its diff_ids match the layers: the image id changes, and both ids are shown."
        ),
        advice=(
            "Download the file again, and compare its size with the one in the finding. If the new file is the same, "
            "the server's copy is wrong: look for the blob in another tag's folder and give that with --borrow."
        ),
    ),
    on_download=find,
    causes=(DigestMismatch,),
    symptoms=("Digest did not match, expected …, got …", "unexpected commit digest …, expected …"),
)
