"""BF413: more layers than docker can stack."""

from collections.abc import Iterator
from typing import Final

from importer.plan.images import ContainerImage
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text

_MOST_LAYERS: Final = 127
"""What the storage driver aufs took; docker's own limit is still lower (moby, layer/layer_store.go, maxLayerDepth)."""


def find(case: Case) -> Iterator[Observation]:
    """Every image with more layers than docker's storage drivers take."""
    for image in case.plan.images:
        if isinstance(image, ContainerImage) and len(image.layers) > _MOST_LAYERS:
            yield Observation(
                Text(
                    "{} has {} layers, and docker's storage drivers support {} at most: docker load and docker pull "
                    'end with "max depth exceeded"',
                    title_of(image),
                    len(image.layers),
                    _MOST_LAYERS,
                ),
                remedy=Text(
                    "it is written unchanged; to use it with docker, merge its layers with to-build-context "
                    "--squash, or use docker's containerd image store"
                ),
                path=image.manifest.file_path,
                digest=image.manifest.descriptor.digest,
                image=image,
            )


RULE: Final = Rule(
    code="BF413",
    name="too-deep-for-docker",
    severity=Severity.WARNING,
    fix=Safety.NONE,
    summary="more layers than docker's storage drivers support (127)",
    explanation=Explanation(
        meaning=(
            "Docker stacks an image's layers, and its storage drivers support only 127, of which docker needs two "
            "for the container. This image has more."
        ),
        origin=(
            "Each RUN, COPY and ADD makes a layer. Images that are repeatedly built on their own previous version, "
            "or committed with docker commit in a loop, grow like this; registries accept them."
        ),
        remedy=(
            "It warns and still writes the image, byte for byte: a registry, containerd and podman may accept what "
            "docker's classic storage drivers refuse."
        ),
        advice=(
            "Use docker with the containerd image store, or make an image with one layer: blobfix to-build-context "
            "--squash, then docker build. That gives a new image id."
        ),
    ),
    on_download=find,
    symptoms=("max depth exceeded",),
)
