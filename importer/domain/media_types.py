"""Media types of manifests, configs and layers.

Sources: OCI image-spec media-types.md; Docker "Image Manifest Version 2, Schema 2".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_MANIFEST_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED: Final = "application/vnd.docker.distribution.manifest.v1+prettyjws"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"

DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"

DOCKER_LAYER: Final = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP: Final = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_LAYER_ZSTD: Final = "application/vnd.docker.image.rootfs.diff.tar.zstd"
"""Written by BuildKit and crane, though docker's format never had it; skopeo and podman refuse it."""
DOCKER_FOREIGN_LAYER: Final = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_ZSTD: Final = "application/vnd.oci.image.layer.v1.tar+zstd"
OCI_FOREIGN_PREFIX: Final = "application/vnd.oci.image.layer.nondistributable.v1.tar"

BUILDKIT_CACHE_PREFIX: Final = "application/vnd.buildkit.cacheconfig."
"""What a BuildKit cache's records are called (buildkit, cache/remotecache/v1/spec.go)."""
HELM_CONFIG: Final = "application/vnd.cncf.helm.config.v1+json"
IN_TOTO: Final = "application/vnd.in-toto+json"

INDEX_TYPES: Final = frozenset({DOCKER_MANIFEST_LIST, OCI_INDEX})
MANIFEST_TYPES: Final = frozenset({DOCKER_MANIFEST, OCI_MANIFEST})
CONFIG_TYPES: Final = frozenset({DOCKER_CONFIG, OCI_CONFIG})
IMPLIED_CONFIG_TYPES: Final = frozenset({"application/octet-stream", "application/json", "text/html", ""})
"""What registries and programs have called image configs by mistake; docker takes them for such.

Source: moby, daemon/internal/distribution/registry.go, "imageTypes" (distribution/distribution#1621).
"""
GENERIC_TYPES: Final = frozenset(
    {"", "application/octet-stream", "application/gzip", "application/x-gzip", "application/zstd", "application/x-tar"}
)
"""Media types that say nothing of what a layer is for."""

ENCRYPTED_SUFFIX: Final = "+encrypted"
ENCRYPTION_ANNOTATIONS: Final = "org.opencontainers.image.enc."
"""ocicrypt, spec/spec.go: how it marks a layer, and what the names of its annotations begin with."""


class Compression(StrEnum):
    """How a layer's tar is packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"


_DOCKER_LAYERS: Final = {Compression.NONE: DOCKER_LAYER, Compression.GZIP: DOCKER_LAYER_GZIP}
_OCI_SUFFIXES: Final = {Compression.NONE: "", Compression.GZIP: "+gzip", Compression.ZSTD: "+zstd"}


def is_foreign_layer(media_type: str) -> bool:
    """Whether registries leave the layer at the place its ``urls`` name."""
    return media_type.startswith((DOCKER_FOREIGN_LAYER, OCI_FOREIGN_PREFIX))


def is_file_system_layer(media_type: str) -> bool:
    """Whether the blob is a part of a root file system, so that a diff_id belongs to it."""
    return media_type.startswith((DOCKER_LAYER, OCI_LAYER)) or is_foreign_layer(media_type)


def is_blob(media_type: str) -> bool:
    """Whether it is a layer's or a config's, and no manifest's: the index of a BuildKit cache lists such."""
    is_config = media_type in CONFIG_TYPES or media_type.startswith(BUILDKIT_CACHE_PREFIX)
    return is_config or is_file_system_layer(media_type)


def compression_of(media_type: str) -> Compression | None:
    """The compression that a layer's media type declares; None when it declares nothing."""
    if not is_file_system_layer(media_type):
        return None
    if media_type.endswith((".gzip", "+gzip")):
        return Compression.GZIP
    if media_type.endswith((".zstd", "+zstd")):
        return Compression.ZSTD
    return Compression.NONE if media_type.endswith(".tar") else None


def is_oci_layer(media_type: str) -> bool:
    """Whether it is a type that OCI gives a part of a root file system."""
    return media_type.startswith((OCI_LAYER, OCI_FOREIGN_PREFIX))


def with_compression(media_type: str, compression: Compression) -> str | None:
    """The type of such a layer when it is packed this way: OCI's where docker has none, None where no one has."""
    if media_type.startswith(DOCKER_LAYER) and compression in _DOCKER_LAYERS:
        return _DOCKER_LAYERS[compression]
    if media_type.startswith(DOCKER_FOREIGN_LAYER) and compression is Compression.GZIP:
        return DOCKER_FOREIGN_LAYER
    stem = OCI_FOREIGN_PREFIX if is_foreign_layer(media_type) else OCI_LAYER
    return stem + _OCI_SUFFIXES[compression] if compression in _OCI_SUFFIXES else None
