"""BF105: Artifactory's placeholder for a layer that it never fetched."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import Marker
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of
from importer.words.text import Command, Text


def find(case: Case) -> Iterator[Observation]:
    """Every wanted blob in whose place there is only a marker."""
    for image, blob, _ in blobs_with(case, Marker):
        digest = blob.descriptor.digest
        server = "https://<server>/artifactory/api/docker/<repository without -cache>"
        place = f"v2/{image.names[0].repository if image.names else '<image>'}/blobs/{digest}"
        yield observation(
            image,
            blob,
            Text(
                "{} is only a placeholder for {}: Artifactory has never fetched this blob from the remote registry",
                file_of(blob),
                whereabouts(image, blob),
            ),
            Text("make Artifactory fetch it: {}", Command("curl", "-fL", "-o", digest.file_name, f"{server}/{place}")),
        )


RULE: Final = Rule(
    code="BF105",
    name="marker",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="Artifactory's placeholder for a layer that it never cached",
    explanation=Explanation(
        meaning=(
            "A file sha256__….marker is Artifactory's own note that the image has this layer but that the layer "
            "itself isn't stored there. The marker has none of the layer's data; it isn't a damaged download."
        ),
        origin=(
            "A remote repository (one that proxies another registry and caches its images) stores only what someone "
            "has pulled through it. The client that pulled this image already had the layer, so it was never "
            "requested."
        ),
        remedy="It names the layer and the URL that makes Artifactory fetch and cache it.",
        advice=(
            "Ask for the blob once through Artifactory's Docker address, under the remote repository's name without "
            "-cache, as in the curl command in the finding (add -u with your user name if it asks for a login); the "
            "response is the layer itself. Pulling the image with docker on a machine that has none of its layers "
            "does the same for all of them."
        ),
    ),
    on_download=find,
    causes=(Marker,),
)
