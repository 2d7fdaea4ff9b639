"""BF413: more layers than docker can stack."""

from collections.abc import Iterator
from typing import Final

from importer.plan.images import ImageKind
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text

_MOST_LAYERS: Final = 127
"""What the storage driver aufs took; docker's own limit is still lower (moby, layer/layer_store.go, maxLayerDepth)."""


def find(case: Case) -> Iterator[Observation]:
    """Every image with more layers than docker's storage drivers take."""
    for image in case.plan.images:
        if image.kind is ImageKind.IMAGE and len(image.layers) > _MOST_LAYERS:
            yield Observation(
                Text(
                    "{} has {} layers, and docker's storage drivers take {} "
                    'at most: docker load and docker pull end with "max depth exceeded"',
                    title_of(image),
                    len(image.layers),
                    _MOST_LAYERS,
                ),
                remedy=Text(
                    "it is written as it is; to use it with docker, make one layer of all with "
                    "to-build-context --squash, or load it into a containerd image store"
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
    summary="more layers than docker's storage drivers take (127)",
    explanation=Explanation(
        meaning=(
            "Docker puts the layers of an image on top of each other, and its storage drivers can stack only so many: "
            "127, of which docker keeps two for the container. This image has more."
        ),
        origin=(
            "Each RUN, COPY and ADD makes a layer. Images that are built upon their own last version, time and again, "
            "or committed with docker commit in a loop, grow like this; registries don't mind."
        ),
        remedy=(
            "It warns and writes the image all the same, byte for byte: a registry, containerd and podman may take "
            "what docker with its classic storage drivers refuses."
        ),
        advice=(
            "Load it into a docker that uses the containerd image store, or make an image of one layer: "
            "blobfix to-build-context --squash, then docker build. The image id is another one then."
        ),
    ),
    on_download=find,
    symptoms=("max depth exceeded",),
)
