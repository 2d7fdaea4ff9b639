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
                        "{} is encrypted, as its media type or its annotations say (ocicrypt): "
                        "no docker can load it without the key",
                        whereabouts(image, layer),
                    ),
                    Text(
                        "a registry tree and an OCI layout keep it as it is; decrypt it from there with "
                        "skopeo copy --decryption-key KEY"
                    ),
                )


RULE: Final = Rule(
    code="BF412",
    name="encrypted-layer",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a layer is encrypted: no docker can load it without the key",
    explanation=Explanation(
        meaning=(
            "The layer was encrypted with ocicrypt before it was pushed. Its bytes are what the manifest wants, but "
            "what is in them can't be read without the private key, neither by blobfix nor by docker."
        ),
        origin=(
            "The image was pushed by skopeo, buildah, podman or nerdctl with an encryption key, so that only machines "
            "that hold the key run it. That is so in the registry as well: nothing was damaged on the way."
        ),
        remedy=(
            "It recovers the encrypted blob like any other and writes it to a registry tree or an OCI layout, byte for "
            "byte. It writes no docker tar: docker load would take the encrypted bytes for a broken tar."
        ),
        advice=(
            "Where the key is, decrypt the layout: skopeo copy --decryption-key KEY oci:LAYOUT:TAG "
            "docker-archive:image.tar. Else write a registry tree, and let a runtime that has the key pull from it "
            "(containerd with imgcrypt, CRI-O)."
        ),
    ),
    on_download=find,
    symptoms=("missing private key needed for decryption",),
)
