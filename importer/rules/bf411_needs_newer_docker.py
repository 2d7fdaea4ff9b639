"""BF411: zstd layers, which old docker doesn't know."""

from collections.abc import Iterator
from typing import Final

from importer.domain.media_types import Compression, compression_of
from importer.formats.signatures import FileKind
from importer.plan.blobs import BlobPlan, PresentBlob
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every image of which a zstd layer is here."""
    for image in case.plan.images:
        count = sum(_is_zstd(layer) for layer in image.layers)
        if count:
            layers = "1 layer" if count == 1 else Text("{} layers", count)
            yield Observation(
                Text("{} of {} are compressed with zstd: pulling it needs Docker 23 or newer", layers, title_of(image)),
                remedy=Text("a docker tar holds plain copies of the layers, which any docker loads"),
                digest=image.manifest.descriptor.digest,
                image=image,
            )


def _is_zstd(layer: BlobPlan) -> bool:
    declared = compression_of(layer.descriptor.media_type) is Compression.ZSTD
    # A repaired layer's file may be packed in zstd from outside; what counts is what is written.
    is_packed = isinstance(layer, PresentBlob) and layer.file.kind is FileKind.ZSTD
    return layer.is_here and (declared or is_packed)


RULE: Final = Rule(
    code="BF411",
    name="needs-newer-docker",
    severity=Severity.INFO,
    fix=Safety.NONE,
    summary="zstd layers need Docker 23 or newer",
    explanation=Explanation(
        meaning=(
            "zstd is a newer way to compress layers than gzip. The image is valid, but Docker before version 23 "
            "doesn't support zstd and treats such a layer as a broken tar archive."
        ),
        origin="The image was built with BuildKit, buildah or a CI service with zstd compression turned on.",
        remedy=(
            "In a docker tar it also puts uncompressed copies of the layers, which every version loads, with the "
            "same image id. A registry tree or an OCI layout keeps the zstd layers, because their digests must stay "
            "the same."
        ),
        advice=(
            "On a machine with an old docker, use the docker tar. For pulls from a registry, update docker; very old "
            "clients also refuse OCI manifests."
        ),
    ),
    on_download=find,
    symptoms=(
        "ApplyLayer … invalid tar header",
        "failed to register layer: … archive/tar: invalid tar header",
        "manifest unknown: OCI index found, but accept header does not support OCI indexes",
        "OCI manifest found, but accept header does not support OCI manifests",
    ),
)
