"""BF403: a layer that isn't what the config says."""

from collections.abc import Iterator
from typing import Final

from importer.plan.flaws import DiffIdMismatch
from importer.plan.images import ImagePlan
from importer.plan.titles import whereabouts
from importer.rules.blobs import observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every layer on whose content manifest and config disagree."""
    for image in case.plan.images:
        for flaw in image.flaws:
            if isinstance(flaw, DiffIdMismatch):
                yield _observed(image, flaw)


def _observed(image: ImagePlan, flaw: DiffIdMismatch) -> Observation:
    layer = image.layers[flaw.position]
    content = Text("has the digest {}", flaw.actual) if flaw.actual else "can't be unpacked completely"
    return observation(
        image,
        layer,
        Text(
            "{} is the file that the manifest wants, but its content {}; the config says {}",
            whereabouts(image, layer),
            content,
            flaw.expected,
        ),
        Text("compare the manifest with the original; if it's the same, the image was built with this mistake"),
    )


RULE: Final = Rule(
    code="BF403",
    name="diff-id-mismatch",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a layer's content isn't what the config says",
    explanation=Explanation(
        meaning=(
            "The file has the digest that the manifest lists, so it wasn't damaged in transit. But its unpacked "
            "content doesn't have the config's diff_id for this layer: manifest and config contradict each other."
        ),
        origin=(
            "The layers are in the wrong order in the manifest, the config belongs to another image, a layer was "
            "truncated before it was pushed, or a program recompressed or changed a layer when it pushed the image."
        ),
        remedy=(
            "It names the layer and both digests. A registry tree or an OCI layout is written byte for byte; a docker "
            "tar isn't written, because docker would refuse it. To check the content, the smallest layers are "
            "unpacked, up to 16 MiB in all; with --deep, scan and to-docker-tar unpack every layer."
        ),
        advice=(
            "Download manifest.json and the config again and see whether they are from the same push. If they are, "
            "the image on the server is broken: have it rebuilt and pushed again."
        ),
    ),
    on_download=find,
    symptoms=(
        "invalid diffID for layer …: expected …, got …",
        "wrong diff id calculated on extraction",
    ),
)
