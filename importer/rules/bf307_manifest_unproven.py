"""BF307: a manifest whose bytes no known digest proves."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import PresentBlob
from importer.plan.images import ImagePlan
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text, joined


def find(case: Case) -> Iterator[Observation]:
    """Every sound manifest whose digest was known from nowhere."""
    for image in case.plan.images:
        digest = image.manifest.descriptor.digest
        if image.is_altered and isinstance(image.manifest, PresentBlob):
            yield _altered(image)
        elif _is_unproven(image):
            yield Observation(
                Text("nothing here proves the manifest of {}; its current digest is {}", title_of(image), digest),
                remedy=Text(
                    "compare that with the digest that Artifactory or docker pull shows, "
                    "or give the right one with --digest{}",
                    _other_forms(image),
                ),
                path=image.manifest.file_path,
                digest=digest,
                image=image,
            )


def _altered(image: ImagePlan) -> Observation:
    digest = image.manifest.descriptor.digest
    return Observation(
        Text(
            "the manifest of {} was changed by another program: {}; its digest is now {}, and the original digest is "
            "unknown",
            title_of(image),
            image.alteration,
            digest,
        ),
        remedy=Text(
            "download the manifest again with curl -fL -O, or give its digest with --digest: the original text is "
            "restored if possible. A docker tar is exact anyway; a registry tree or an OCI layout needs "
            "--allow-new-digest, which writes the manifest unchanged, under its new digest{}",
            _other_forms(image),
        ),
        path=image.manifest.file_path,
        digest=digest,
        image=image,
        severity=Severity.WARNING,
    )


def _other_forms(image: ImagePlan) -> Text:
    forms = joined("; ", (Text("{}: {}", description, digest) for description, digest in image.other_forms))
    return (
        Text(". If it was reformatted on the way, its original digest may be another one ({})", forms)
        if forms
        else Text("")
    )


def _is_unproven(image: ImagePlan) -> bool:
    return not image.proofs and isinstance(image.manifest, PresentBlob)


RULE: Final = Rule(
    code="BF307",
    name="manifest-unproven",
    severity=Severity.INFO,
    fix=Safety.NONE,
    summary="no known digest proves the manifest's bytes",
    explanation=Explanation(
        meaning=(
            "Layers and config are proven by the digests in the manifest, but nothing proves the manifest itself. It "
            "is valid and most likely unchanged; if a program has changed its text, such as its line ends or "
            "indentation, it no longer has its original digest. If no image builder writes such text (indented with "
            "tabs, sorted keys), it was certainly changed and is called altered; otherwise it is called plausible."
        ),
        origin=(
            "manifest.json doesn't carry its own digest in its name as the layers do. For a single downloaded tag "
            "folder this is normal and no sign of damage."
        ),
        remedy=(
            "It uses the manifest unchanged and shows its digest. If you give the right digest with --digest, it "
            "checks the manifest, and restores it if only its text was reformatted. An altered manifest doesn't "
            "matter for a docker tar, because docker doesn't use it, but it is written to a registry tree or an OCI "
            "layout only with --allow-new-digest: unchanged, under its current digest."
        ),
        advice=(
            "Look the digest up where the image comes from: in Artifactory it is the property docker.manifest.digest "
            "(or the SHA-256) of manifest.json, and docker pull prints it as Digest. For docker load it doesn't matter."
        ),
    ),
    on_download=find,
)
