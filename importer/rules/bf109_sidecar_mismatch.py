"""BF109: a checksum file that disagrees."""

from collections.abc import Iterator
from typing import Final

from importer.inventory.known_digests import Sidecar
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import FilePath, Text


def find(case: Case) -> Iterator[Observation]:
    """Every checksum file whose neighbour has another digest."""
    wanted = {blob.descriptor.digest for image in case.plan.images for blob in image.blobs}
    for sidecar in case.known.sidecars:
        if sidecar.agrees or sidecar.facts.file.borrowed:
            continue
        is_wanted = not wanted.isdisjoint(sidecar.target.digests)
        verdict, remedy = _verdict(case, sidecar, is_wanted=is_wanted)
        yield Observation(
            Text(
                "{} says that {} has the digest {}, but it doesn't{}",
                FilePath(sidecar.facts.file.path),
                sidecar.target.file.name,
                sidecar.digest,
                verdict,
            ),
            remedy=Text(remedy),
            path=sidecar.facts.file.path,
            digest=sidecar.target.digest,
        )


def _verdict(case: Case, sidecar: Sidecar, *, is_wanted: bool) -> tuple[str, str]:
    path = sidecar.target.file.path
    if is_wanted:
        return "; a manifest here wants this file, so the sidecar is wrong or stale", "the file is used as it is"
    if path in case.plan.used:
        return "; the file was changed, and the blob is restored from it", "nothing more to do"
    if path in case.plan.explained:
        return "; this confirms the finding about the file itself", "see the file's own finding"
    return "; the file or the sidecar has changed", "download both again and compare"


RULE: Final = Rule(
    code="BF109",
    name="sidecar-mismatch",
    severity=Severity.WARNING,
    fix=Safety.NONE,
    summary="a checksum file disagrees with the file beside it",
    explanation=Explanation(
        meaning=(
            "Next to the file is a sidecar: a small file with its checksum (.sha256, .sha1, .sha512 or .md5). The "
            "file's actual checksum differs, so one of the two isn't what it was on the server."
        ),
        origin=(
            "The file was damaged or changed in transit, or someone pushed a new image with the same tag between the "
            "two downloads."
        ),
        remedy=(
            "It treats the sidecar as a hint: a manifest's sha256 digest in a sidecar helps to restore that "
            "manifest. If a manifest here proves the file, the sidecar is ignored."
        ),
        advice=(
            "Download both files again, one right after the other. If they still disagree, ask the server's "
            "administrators."
        ),
    ),
    on_download=find,
)
