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
                "{} says that {} has the digest {}, and it hasn't{}",
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
        return "; the file is what a manifest here wants, so the sidecar is wrong or stale", "the file is used as it is"
    if path in case.plan.used:
        return "; the file was changed, and the blob is restored from it", "nothing is left to do"
    if path in case.plan.explained:
        return "; that bears out what is said of the file itself", "see the file's own finding"
    return "; the file or the sidecar has changed", "download both again and compare"


RULE: Final = Rule(
    code="BF109",
    name="sidecar-mismatch",
    severity=Severity.WARNING,
    fix=Safety.NONE,
    summary="a checksum file disagrees with the file beside it",
    explanation=Explanation(
        meaning=(
            "Beside the file lies a small one with its checksum (.sha256, .sha1, .sha512 or .md5), a sidecar. "
            "The file's real checksum is another, so one of the two isn't what it was on the server."
        ),
        origin=(
            "The file was damaged or changed on its way, or the two were downloaded at different times, "
            "while someone pushed a new image under the same tag in between."
        ),
        remedy=(
            "It takes the sidecar as a hint: where it gives the sha256 digest of a manifest, it helps to restore that "
            "manifest. Where a manifest here vouches for the file, the manifest decides and not the sidecar."
        ),
        advice="Download both files again, right after one another. If they still disagree, ask the server's keepers.",
    ),
    on_download=find,
)
