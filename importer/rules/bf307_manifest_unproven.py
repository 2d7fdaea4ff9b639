"""BF307: a manifest for whose bytes nobody vouches."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import BlobStatus
from importer.plan.images import ImagePlan
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text, joined


def find(case: Case) -> Iterator[Observation]:
    """Every sound manifest whose digest was known from nowhere."""
    for image in case.plan.images:
        digest = image.manifest.descriptor.digest
        if image.is_altered and image.manifest.status is BlobStatus.OK:
            yield _altered(image)
        elif _is_unproven(image):
            yield Observation(
                Text("nothing here proves the manifest of {}; as it is, its digest is {}", title_of(image), digest),
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
            "the manifest of {} was changed by another program: {}; "
            "its digest is now {}, and the original one isn't known",
            title_of(image),
            image.alteration,
            digest,
        ),
        remedy=Text(
            "download the manifest again with curl -fL -O, or give its digest with --digest: the original text is "
            "restored where it can be. A docker tar is exact even so; a registry tree and an OCI layout need "
            "--allow-new-digest, which writes the manifest as it is, under its new digest{}",
            _other_forms(image),
        ),
        path=image.manifest.file_path,
        digest=digest,
        image=image,
        severity=Severity.WARNING,
    )


def _other_forms(image: ImagePlan) -> Text:
    forms = joined("; ", (Text("{}: {}", description, digest) for description, digest in image.other_forms))
    return Text(". In other forms the same manifest would have other digests ({})", forms) if forms else Text("")


def _is_unproven(image: ImagePlan) -> bool:
    return not image.proofs and image.manifest.is_here and image.manifest.status is BlobStatus.OK


RULE: Final = Rule(
    code="BF307",
    name="manifest-unproven",
    severity=Severity.INFO,
    fix=Safety.NONE,
    summary="no digest is known that proves the manifest's bytes",
    explanation=Explanation(
        meaning=(
            "Layers and config are proven by the digests in the manifest, but nothing vouches for the manifest itself. "
            "It is valid, and most likely just as it was; if a program has changed its text, "
            "say its line ends or its indentation, its digest isn't the original one any more. Where the text is as no "
            "program writes it that makes images (indented by tabs, its keys sorted), it was changed for certain, and "
            "is called altered; else it is called plausible."
        ),
        origin=(
            "manifest.json doesn't carry its own digest in its name as the layers do. "
            "For a single downloaded tag folder this is the usual state and no sign of damage."
        ),
        remedy=(
            "It uses the manifest as it is and shows its digest. Given the right digest with --digest, it checks the "
            "manifest, and restores it where only its text was re-formatted. An altered manifest goes into a docker "
            "tar, for docker doesn't look at it, but into a registry tree or an OCI layout only with "
            "--allow-new-digest: as it is, under the digest that it has now."
        ),
        advice=(
            "Look the digest up where the image comes from: in Artifactory it is the property docker.manifest.digest "
            "(or the SHA-256) of manifest.json, and docker pull prints it as Digest. For docker load it doesn't matter."
        ),
    ),
    on_download=find,
)
