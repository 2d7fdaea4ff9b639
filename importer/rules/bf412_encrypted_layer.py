"""BF412: layers that take a key to read."""

from collections.abc import Iterator
from typing import Final

from importer.plan.flaws import EncryptedLayers
from importer.plan.titles import whereabouts
from importer.rules.blobs import observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every encrypted layer of which nothing here is the content."""
    for image in case.plan.images:
        layers = image.layers
        for flaw in image.flaws:
            for position in flaw.positions if isinstance(flaw, EncryptedLayers) else ():
                layer = layers[position]
                yield observation(
                    image,
                    layer,
                    Text(
                        "{} is encrypted, according to its media type or annotations (ocicrypt): docker can't load "
                        "it without the key",
                        whereabouts(image, layer),
                    ),
                    Text(
                        "a registry tree or an OCI layout keeps it unchanged; decrypt it from there with skopeo copy "
                        "--decryption-key KEY"
                    ),
                )


RULE: Final = Rule(
    code="BF412",
    name="encrypted-layer",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a layer is encrypted: docker can't load it without the key",
    explanation=Explanation(
        meaning=(
            "The layer was encrypted with ocicrypt before it was pushed. Its bytes are the ones that the manifest "
            "names, but neither blobfix nor docker can read their content without the private key."
        ),
        origin=(
            "The image was pushed by skopeo, buildah, podman or nerdctl with an encryption key, so that only "
            "machines that hold the key run it. The layer is the same in the registry: nothing was damaged in "
            "transit."
        ),
        remedy=(
            "It recovers the encrypted blob like any other and writes it to a registry tree or an OCI layout, byte "
            "for byte. It doesn't write a docker tar: docker load would fail on the encrypted bytes."
        ),
        advice=(
            "On a machine that has the key, decrypt the layout: skopeo copy --decryption-key KEY oci:LAYOUT:TAG "
            "docker-archive:image.tar. Or write a registry tree, and let a runtime that has the key pull from it "
            "(containerd with imgcrypt, CRI-O)."
        ),
    ),
    on_download=find,
    symptoms=("missing private key needed for decryption",),
)
