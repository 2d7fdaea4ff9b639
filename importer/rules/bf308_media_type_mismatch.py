"""BF308: a layer that is packed in another way than its descriptor says."""

from collections.abc import Iterator
from typing import Final

from importer.domain.media_types import Compression, compression_of
from importer.formats.signatures import COMPRESSED_KINDS, FileKind
from importer.inspection.content import compression_of_kind
from importer.recovery.plan import BlobPlan, BlobStatus
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import observation, shown, whereabouts
from importer.storage_tree.defects import MediaTypeAbsent

_PACKED: Final = COMPRESSED_KINDS | {FileKind.TAR}
_NAMES: Final = {Compression.NONE: "a plain tar"}


def find(case: Case) -> Iterator[Observation]:
    """Every layer whose bytes are right and whose media type isn't."""
    for image in case.plan.images:
        for layer in image.layers:
            declared, actual = _compressions(layer)
            if actual is not None and declared is not None and actual is not declared:
                yield observation(
                    image,
                    layer,
                    f"{whereabouts(image, layer)} is {_name(actual)}, but its media type says {_name(declared)}: "
                    f"{shown(layer.descriptor.media_type)}",
                    "the bytes are kept as they are; a corrected media type would give the manifest a new digest",
                )


def _compressions(layer: BlobPlan) -> tuple[Compression | None, Compression | None]:
    fact = layer.file
    if layer.status is not BlobStatus.OK or fact is None or fact.kind not in _PACKED:
        return None, None
    return compression_of(layer.descriptor.media_type), compression_of_kind(fact.kind)


def _name(compression: Compression) -> str:
    return _NAMES.get(compression, str(compression))


def observe(defect: MediaTypeAbsent) -> Observation:
    """Say what a registry takes it for."""
    return Observation(
        f"docker manifest {defect.digest} of {shown(defect.repository)} doesn't say its mediaType; the registry serves "
        "it (200) as an OCI manifest, and clients that don't accept those get 404",
        remedy="it is kept as it is: another text would have another digest",
        path=defect.path,
        digest=defect.digest,
    )


RULE: Final = Rule(
    code="BF308",
    name="media-type-mismatch",
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    summary="a descriptor says gzip and the blob is zstd or a plain tar, and the like",
    explanation=Explanation(
        meaning=(
            "The manifest says of each layer how it is packed, by its media type. This layer is exactly the file that "
            "the manifest wants, but it is packed in another way than the media type says."
        ),
        origin=(
            "The tool that pushed the image labelled it wrong: crane push, for one, calls zstd layers gzip, "
            "and Docker's older format has no official label for zstd at all."
        ),
        remedy=(
            "It keeps the bytes and the label, since a corrected label makes another manifest with another digest. "
            "A docker tar isn't touched by this: docker looks at the bytes, and the layers are unpacked where needed."
        ),
        advice=(
            "Use the docker tar if a client stumbles over it. To get rid of it for good, have the image pushed anew "
            "with a current tool, and with gzip if old clients are to pull it."
        ),
    ),
    find=find,
    defects=(MediaTypeAbsent,),
    observe=observe,
    symptoms=(
        'unsupported docker v2s2 media type "…"',
        "mismatched image rootfs and manifest layers",
    ),
)
