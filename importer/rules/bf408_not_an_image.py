"""BF408: an artifact that only travels like an image."""

from collections.abc import Iterator
from typing import Final

from importer.domain.manifest import ImageManifest
from importer.plan.images import Artifact
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text

_DESCRIPTIONS: Final = (
    ("application/vnd.cncf.helm.", "a Helm chart"),
    ("application/vnd.dev.cosign.", "a cosign signature"),
    ("application/vnd.in-toto", "an attestation"),
    ("application/vnd.wasm.", "a WebAssembly module"),
    ("application/wasm", "a WebAssembly module"),
    ("application/vnd.ollama.", "a model of ollama"),
    ("application/vnd.docker.ai.", "an AI model"),
    ("application/vnd.cncf.model.", "an AI model"),
)


def find(case: Case) -> Iterator[Observation]:
    """Every manifest that isn't a container image's."""
    for image in case.plan.images:
        if isinstance(image, Artifact):
            yield Observation(
                Text("{} is {}, not a container image", title_of(image), _description(image.parsed)),
                remedy=Text("it can be written to a registry tree or an OCI layout, but docker can't load it"),
                path=image.manifest.file_path,
                digest=image.manifest.descriptor.digest,
                image=image,
            )


def _description(manifest: ImageManifest) -> Text:
    types = (manifest.artifact_type or "", manifest.config.media_type, *(la.media_type for la in manifest.layers))
    for beginning, description in _DESCRIPTIONS:
        if any(media_type.startswith(beginning) for media_type in types):
            return Text(description)
    if manifest.is_container_image:
        return Text("an artifact: it has an image's media types, but its layers aren't tar archives")
    return Text("an artifact of the type {}", next((t for t in types if t), "unknown"))


RULE: Final = Rule(
    code="BF408",
    name="not-an-image",
    severity=Severity.INFO,
    fix=Safety.NONE,
    summary="a Helm chart, a signature or another artifact: for registry trees and OCI layouts only",
    explanation=Explanation(
        meaning=(
            "Registries hold more than container images: Helm charts, signatures, policies, AI models, WebAssembly "
            "modules. Like an image, they have a manifest and blobs, and some even have an image's media types, but "
            "there is no file system to run: their layers aren't tar archives, as their first bytes show."
        ),
        origin=(
            "Artifactory keeps Helm charts in OCI repositories and cosign's signatures right next to the images, in "
            "the same layout: manifest.json and sha256__ files."
        ),
        remedy="It recovers them like images and writes them to a registry tree or an OCI layout, byte for byte.",
        advice=(
            "Push it to a registry, or serve it with blobfix serve, and use the program it is meant for: helm pull "
            "oci://… for a chart, cosign verify for a signature. docker load can't use it."
        ),
    ),
    on_download=find,
)
