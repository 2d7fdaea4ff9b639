"""BF405: a layer that registries don't keep."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import Foreign
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Size, Text, listed


def find(case: Case) -> Iterator[Observation]:
    """Every layer that isn't here and names the places where it is."""
    for image, blob, cause in blobs_with(case, Foreign):
        yield observation(
            image,
            blob,
            Text(
                "{} ({}) isn't kept by registries; it lives at {}",
                whereabouts(image, blob),
                Size(blob.descriptor.size),
                listed(url for url in cause.urls),
            ),
            Text("download it from there into this folder, as {} or under any name", blob.descriptor.digest.file_name),
        )


RULE: Final = Rule(
    code="BF405",
    name="foreign-layer",
    severity=Severity.WARNING,
    fix=Safety.NONE,
    summary="a layer that lives at its own URLs and not in the registry",
    explanation=Explanation(
        meaning=(
            "The manifest doesn't only list this layer, it also gives an address from which everybody is to fetch it. "
            "Such layers are called foreign or nondistributable, and registries hold only the reference."
        ),
        origin=(
            "Windows base images are made this way: their licence didn't allow other registries to keep the layers, "
            "so they stay with Microsoft. Artifactory normally doesn't have them either."
        ),
        remedy=(
            "It prints the addresses. A registry tree and an OCI layout are whole without the layer, as they are on "
            "the registry; a docker tar needs it, and a Windows image only loads on Windows."
        ),
        advice=(
            "Where the machine that pulls the image can reach the address, nothing needs to be done. Else download the "
            "layer with curl -fL -O and put it beside the others; the digest decides, not the name."
        ),
    ),
    on_download=find,
    causes=(Foreign,),
    symptoms=(
        "Could not find layer: sha256__… in Artifactory",
        "MANIFEST_BLOB_UNKNOWN",
        "cannot load windows image on linux",
    ),
)
