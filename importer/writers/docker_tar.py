"""A tar that docker load, containerd, podman and skopeo take alike.

It is an OCI image layout and a docker-save archive in one, as ``docker save`` writes it from a
containerd store: the blobs once, ``index.json`` and ``oci-layout`` for those who know them, and
``manifest.json`` for the others. Sources: OCI image-spec, image-layout.md; moby,
daemon/internal/image/tarexport/load.go; containerd, core/images/archive/importer.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from importer.domain.digest import Digest
from importer.errors import VerificationError
from importer.plan.blobs import BlobPlan, ProvenBlob
from importer.plan.images import ImagePlan
from importer.recovery.layer_contents import are_read_alike
from importer.writers.named_image import NamedImage
from importer.writers.oci_layout import (
    INDEX_NAME,
    LAYOUT_FILE,
    LAYOUT_NAME,
    TarMember,
    blob_name,
    compact_json,
    index_of,
)
from importer.writers.verifying_reader import Advance, VerifyingReader


def docker_tar_members(
    images: Sequence[NamedImage], reader: VerifyingReader, advance: Advance
) -> tuple[TarMember, ...]:
    """Decide what goes into the archive, and in which order: the documents that bind it all last.

    Raises VerificationError when a layer that has to be unpacked isn't what the config says.
    """
    layers = [_Layers.of(image.plan, reader, advance) for image in images]
    blobs = {blob.digest: blob for each in layers for blob in each.blobs}
    indexes = [image.entry.manifest.exact for image in images if image.entry is image.index]
    blobs |= {index.digest: index for index in indexes if index}
    members = [TarMember(blob_name(digest), blobs[digest]) for digest in sorted(blobs)]
    plain = {layer.digest: layer for each in layers for layer in each.plain}
    members += [TarMember(_plain_name(digest), plain[digest]) for digest in sorted(plain)]
    if all(each.is_original for each in layers):
        members.append(TarMember(INDEX_NAME, compact_json(index_of(images))))
    entries = [_entry(image, each) for image, each in zip(images, layers, strict=True)]
    members.append(TarMember("manifest.json", compact_json(entries)))
    if all(each.is_original for each in layers):
        members.append(TarMember(LAYOUT_NAME, LAYOUT_FILE))
    return tuple(members)


@dataclass(frozen=True, slots=True)
class _Layers:
    """How an image's layers go into the archive.

    Attributes:
        blobs: original bytes, under their digests.
        plain: unpacked layers, when docker is to read those.
        names: what ``manifest.json`` lists, one for each layer.
        is_original: whether the original manifest can stand in the archive.
    """

    blobs: tuple[ProvenBlob, ...]
    plain: tuple[ProvenBlob, ...]
    names: tuple[str, ...]
    is_original: bool

    @classmethod
    def of(cls, plan: ImagePlan, reader: VerifyingReader, advance: Advance) -> _Layers:
        original = plan.manifest.is_here and all(blob.is_here for blob in plan.blobs)
        originals = [blob.exact for blob in plan.all_blobs if blob.exact] if original else _config_of(plan)
        if original and _is_even(plan.layers, reader):
            return cls(tuple(originals), (), tuple(blob_name(layer.descriptor.digest) for layer in plan.layers), True)
        plain = tuple(reader.unpacked(layer, advance) for layer in plan.layers)
        return cls(tuple(originals), plain, tuple(_plain_name(layer.digest) for layer in plain), original)


def _config_of(plan: ImagePlan) -> list[ProvenBlob]:
    config = plan.config_blob
    if not config or not config.exact:
        raise VerificationError("the image has no config that could be written")
    return [config.exact]


def _is_even(layers: Iterable[BlobPlan], reader: VerifyingReader) -> bool:
    return are_read_alike({reader.kind_of(layer.exact) for layer in layers if layer.exact})


def _plain_name(diff_id: Digest) -> str:
    return f"layers/{diff_id.hex}.tar"


def _entry(image: NamedImage, layers: _Layers) -> dict[str, Any]:
    config = image.plan.config_blob
    names = [name.fully_qualified for name in image.names]
    return {
        "Config": blob_name(config.descriptor.digest) if config else "",
        "RepoTags": names or None,
        "Layers": list(layers.names),
    }
