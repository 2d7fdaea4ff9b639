"""BF308: a layer that is packed in another way than its descriptor says."""

from collections.abc import Iterator
from typing import Final

from importer.domain.media_types import Compression
from importer.domain.schema1 import Schema1Manifest
from importer.mutate.labels import WrongLabel, wrong_label
from importer.plan.titles import whereabouts
from importer.rules.blobs import observation
from importer.rules.rule import Case, Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import MediaTypeAbsent
from importer.words.text import Text

_NAMES: Final = {Compression.NONE: "a plain tar"}


def find(case: Case) -> Iterator[Observation]:
    """Every layer whose bytes are right and whose media type isn't."""
    for image in case.plan.images:
        # Schema 1 has no media types.
        for layer in () if isinstance(image.parsed, Schema1Manifest) else image.layers:
            if wrong := wrong_label(layer):
                media_type = layer.descriptor.media_type
                message = Text(
                    "{} is {}, but {}: {}", whereabouts(image, layer), _name(wrong.actual), _fault(wrong), media_type
                )
                yield observation(image, layer, message, _remedy(wrong))


def _fault(wrong: WrongLabel) -> Text:
    if wrong.declared is wrong.actual:
        return Text("docker's manifests have no media type for that")
    return Text("its media type says {}", _name(wrong.declared))


def _remedy(wrong: WrongLabel) -> Text:
    if not wrong.right_type:
        return Text("the bytes and the media type are kept, because there is no right media type")
    return Text(
        "the bytes and the media type are kept; --allow-new-digest writes the same bytes under {}, in a manifest "
        "with a new digest",
        wrong.right_type,
    )


def _name(compression: Compression) -> str:
    return _NAMES.get(compression, str(compression))


def observe(defect: MediaTypeAbsent) -> Observation:
    """Say what a registry takes it for."""
    return Observation(
        Text(
            "docker manifest {} of {} doesn't say its mediaType; the registry serves "
            "it (200) as an OCI manifest, and clients that don't accept those get 404",
            defect.digest,
            defect.repository,
        ),
        remedy=Text("it is kept unchanged: a different text would have a different digest"),
        path=defect.path,
        digest=defect.digest,
    )


RULE: Final = Rule(
    code="BF308",
    name="media-type-mismatch",
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    summary="a descriptor's media type doesn't match the blob: gzip for a zstd blob, say",
    explanation=Explanation(
        meaning=(
            "A layer's media type in the manifest says how the layer is compressed. This layer is exactly the file "
            "that the manifest wants, but it is compressed differently than its media type says."
        ),
        origin=(
            "The tool that pushed the image set the wrong media type: crane push, for example, calls zstd layers "
            "gzip, and Docker's own format has no media type for zstd."
        ),
        remedy=(
            "It keeps the bytes and the media type, because correcting it changes the manifest digest. With "
            "--allow-new-digest, to-registry-tree, to-oci-layout, push and serve write the right media type: the "
            "config, the layers and the image id stay the same, and the old and new manifest digests are shown. With "
            "a zstd layer, a docker manifest becomes an OCI manifest, because docker has no media type for zstd; an "
            "index gets its child's new digest, and so its own digest changes too. A docker tar isn't affected: "
            "docker looks at the bytes, and the layers are unpacked where needed."
        ),
        advice=(
            "Use the docker tar, or --allow-new-digest, if a client rejects the image. The corrected image can't be "
            "found by its old digest, and signatures of that digest don't apply to it. For clients too old for zstd, "
            "have the image pushed again with gzip."
        ),
    ),
    on_download=find,
    on_tree=OnTree(observe, (MediaTypeAbsent,)),
    symptoms=(
        'unsupported docker v2s2 media type "…"',
        "mismatched image rootfs and manifest layers",
    ),
)
