"""Images made in memory, without any program, for the quick tests and the property tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from importer.domain import media_types
from importer.domain.digest import Digest
from tests.images.content import Files, compress, noise, tar_of

_DOCKER_LAYERS = {"gzip": media_types.DOCKER_LAYER_GZIP, "none": media_types.DOCKER_LAYER}
_OCI_LAYERS = {
    "gzip": media_types.OCI_LAYER_GZIP,
    "zstd": media_types.OCI_LAYER_ZSTD,
    "none": media_types.OCI_LAYER,
}


@dataclass(frozen=True)
class GeneratedImage:
    """Every byte of one image; ``diffs`` are the layers' tars, before compression."""

    manifest: bytes
    media_type: str
    config: bytes
    layers: tuple[bytes, ...]
    diffs: tuple[bytes, ...]
    os: str
    architecture: str

    @property
    def manifest_digest(self) -> Digest:
        """The digest that a registry serves the image under."""
        return Digest.of(self.manifest)

    @property
    def image_id(self) -> Digest:
        """The digest of the config, by which docker knows the image."""
        return Digest.of(self.config)

    @property
    def layer_digests(self) -> tuple[Digest, ...]:
        """Digests of the layers as the manifest lists them, lowest first."""
        return tuple(Digest.of(layer) for layer in self.layers)

    @property
    def diff_ids(self) -> tuple[Digest, ...]:
        """Digests of the layers' tars, as the config lists them."""
        return tuple(Digest.of(diff) for diff in self.diffs)

    @property
    def blobs(self) -> dict[Digest, bytes]:
        """The config and the layers by digest; a layer that is there twice is one blob."""
        return {Digest.of(content): content for content in (self.config, *self.layers)}

    @property
    def descriptor(self) -> dict[str, Any]:
        """How an index points to this image."""
        platform = {"architecture": self.architecture, "os": self.os}
        return descriptor_of(self.media_type, self.manifest, platform=platform)

    def config_value(self) -> dict[str, Any]:
        """The config as a value of one's own, to be changed."""
        value: dict[str, Any] = json.loads(self.config)
        return value

    def manifest_value(self) -> dict[str, Any]:
        """The manifest as a value of one's own, to be changed."""
        value: dict[str, Any] = json.loads(self.manifest)
        return value

    def with_config(self, config: bytes) -> GeneratedImage:
        """The image with another config, and a manifest that wants that config."""
        value = self.manifest_value()
        value["config"] |= {"size": len(config), "digest": str(Digest.of(config))}
        return replace(self.with_manifest(value), config=config)

    def with_manifest(self, value: Any) -> GeneratedImage:
        """The image with another manifest, laid out as that of its kind is."""
        return replace(self, manifest=as_json(value, indented=self.media_type == media_types.DOCKER_MANIFEST))

    def layer_path(self, folder: Path, position: int = 0) -> Path:
        """Where ``write_artifactory_folder`` puts a layer."""
        return folder / self.layer_digests[position].file_name

    def config_path(self, folder: Path) -> Path:
        """Where it puts the config."""
        return folder / self.image_id.file_name


@dataclass(frozen=True)
class GeneratedIndex:
    """A manifest list (docker) or image index (OCI) and the images in it."""

    manifest: bytes
    media_type: str
    children: tuple[GeneratedImage, ...]

    @property
    def manifest_digest(self) -> Digest:
        """The digest that a registry serves the index under."""
        return Digest.of(self.manifest)


def descriptor_of(media_type: str, content: bytes, **more: Any) -> dict[str, Any]:
    """A descriptor as manifests and indexes hold them, with more members if need be."""
    return {"mediaType": media_type, "size": len(content), "digest": str(Digest.of(content)), **more}


def as_json(value: Any, *, indented: bool = True) -> bytes:
    """A document as docker lays out its manifests, by three spaces and without a newline; or in one line."""
    return json.dumps(value, indent=3 if indented else None, separators=None if indented else (",", ":")).encode()


def make_image(
    layers: Sequence[Files],
    compression: str = "gzip",
    *,
    docker: bool = True,
    os: str = "linux",
    architecture: str = "amd64",
    settings: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
    pack: Callable[[bytes, str], bytes] = compress,
) -> GeneratedImage:
    """Make an image of the layers' files; docker images can't have zstd layers.

    Args:
        layers: per layer, path to content, lowest layer first.
        compression: ``gzip``, ``zstd`` or ``none``, for all layers.
        docker: a docker manifest (schema 2), indented as docker does; else an OCI manifest in one line.
        os: the config's operating system.
        architecture: the config's CPU architecture.
        settings: the config's ``config`` object: ``Env``, ``Cmd`` and the like.
        annotations: the manifest's annotations; OCI only.
        pack: compresses a layer's tar; another one than usual where the bytes must be the same on every machine.
    """
    return make_image_of_tars(
        [tar_of(files) for files in layers],
        compression,
        docker=docker,
        os=os,
        architecture=architecture,
        settings=settings,
        annotations=annotations,
        pack=pack,
    )


def make_image_of_tars(
    diffs: Sequence[bytes],
    compression: str = "gzip",
    *,
    docker: bool = True,
    os: str = "linux",
    architecture: str = "amd64",
    settings: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
    pack: Callable[[bytes, str], bytes] = compress,
    layers: Sequence[bytes] | None = None,
    layer_types: Sequence[str] | None = None,
) -> GeneratedImage:
    """The same with layers that hold anything a tar can hold.

    Args:
        diffs: the layers' tars, lowest first; the other arguments are those of ``make_image``, and two more.
        layers: the layers' blobs, where they aren't the tars as ``pack`` packs them.
        layer_types: the layers' media types, where they aren't those of the compression.
    """
    blobs = tuple(layers or (pack(diff, compression) for diff in diffs))
    config = as_json(_config(diffs, os, architecture, settings or {"Cmd": ["/srv/app/run"]}), indented=False)
    layer_type = (_DOCKER_LAYERS if docker else _OCI_LAYERS)[compression]
    media_type = media_types.DOCKER_MANIFEST if docker else media_types.OCI_MANIFEST
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": descriptor_of(media_types.DOCKER_CONFIG if docker else media_types.OCI_CONFIG, config),
        "layers": [
            descriptor_of(kind, blob)
            for kind, blob in zip(layer_types or [layer_type] * len(blobs), blobs, strict=True)
        ],
    }
    if annotations:
        manifest["annotations"] = dict(annotations)
    text = as_json(manifest, indented=docker)
    return GeneratedImage(text, media_type, config, blobs, tuple(diffs), os, architecture)


def small_image(**options: Any) -> GeneratedImage:
    """Two layers that no compressor makes smaller; the options are those of ``make_image_of_tars``."""
    diffs = [tar_of({"tool": noise(9000)}), tar_of({"config": noise(3000, "other")})]
    return make_image_of_tars(diffs, **options)


def make_index(images: Sequence[GeneratedImage], *, docker: bool = True) -> GeneratedIndex:
    """Put images, one for each platform, into a manifest list (docker) or an image index (OCI)."""
    media_type = media_types.DOCKER_MANIFEST_LIST if docker else media_types.OCI_INDEX
    value = {"schemaVersion": 2, "mediaType": media_type, "manifests": [image.descriptor for image in images]}
    return GeneratedIndex(as_json(value, indented=docker), media_type, tuple(images))


def index_of(*children: tuple[bytes, str]) -> bytes:
    """A manifest list of any manifests, each with its platform, as in ``linux/amd64``."""
    entries = []
    for manifest, platform in children:
        system, architecture = platform.split("/")
        place = {"os": system, "architecture": architecture}
        entries.append(descriptor_of(media_types.DOCKER_MANIFEST, manifest, platform=place))
    return as_json({"schemaVersion": 2, "mediaType": media_types.DOCKER_MANIFEST_LIST, "manifests": entries})


def write_artifactory_folder(image: GeneratedImage, folder: Path) -> Path:
    """Write ``manifest.json`` and the ``sha256__<hex>`` files, as Artifactory shows a tag; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_bytes(image.manifest)
    for digest, content in image.blobs.items():
        (folder / digest.file_name).write_bytes(content)
    return folder


def write_artifactory_index(index: GeneratedIndex, folder: Path, *, separator: str = "__") -> Path:
    """Write a multi-platform tag: ``list.manifest.json`` in ``folder``, each child in a folder beside it.

    The children's folders are ``sha256__<hex>`` as in remote repositories, or with the separator ``:`` as in local
    ones. Gives ``folder``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "list.manifest.json").write_bytes(index.manifest)
    for child in index.children:
        digest = child.manifest_digest
        write_artifactory_folder(child, folder.parent / f"{digest.algorithm}{separator}{digest.hex}")
    return folder


def _config(diffs: Sequence[bytes], os: str, architecture: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    created = "2024-01-02T03:04:05Z"
    return {
        "architecture": architecture,
        "config": dict(settings),
        "created": created,
        "history": [{"created": created, "created_by": f"ADD layer{n}.tar /"} for n, _ in enumerate(diffs)],
        "os": os,
        "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(diff)) for diff in diffs]},
    }
