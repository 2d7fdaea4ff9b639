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
                "{} ({}) isn't stored in registries; it is at {}",
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
    summary="a layer that is kept at its own URLs and not in the registry",
    explanation=Explanation(
        meaning=(
            "The manifest lists this layer with a URL from which clients must fetch it. Such layers are called "
            "foreign or nondistributable, and registries hold only the reference."
        ),
        origin=(
            "Windows base images are made this way: their licence didn't allow other registries to keep the layers, "
            "so Microsoft hosts them itself. Artifactory normally doesn't have them either."
        ),
        remedy=(
            "It prints the URLs. A registry tree or an OCI layout is complete without the layer, as on the registry; "
            "a docker tar needs it, and a Windows image loads only on Windows."
        ),
        advice=(
            "If the machine that pulls the image can reach the URL, nothing needs to be done. Otherwise download the "
            "layer with curl -fL -O and put it next to the others; its file name doesn't matter."
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
