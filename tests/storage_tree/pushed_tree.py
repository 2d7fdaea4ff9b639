"""A storage tree that a real push left, and ways to name what is in it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from importer.domain.digest import Digest
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, GeneratedIndex, make_image, make_index
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo

NAME, TAG = "team/app", "1.4"
MULTI, MULTI_TAG = "team/multi", "2.0"

IMAGE = make_image(sample_layers("tree", 60_000))
INDEX = make_index([make_image(sample_layers(arch, 20_000), architecture=arch) for arch in ("amd64", "arm64")])


def write_dir(manifest: bytes, images: list[GeneratedImage], folder: Path) -> Path:
    """Write what skopeo calls ``dir:``: manifest.json, blobs by their hex, children as <hex>.manifest.json."""
    folder.mkdir(parents=True)
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    (folder / "manifest.json").write_bytes(manifest)
    for image in images:
        if image.manifest != manifest:
            (folder / f"{image.manifest_digest.hex}.manifest.json").write_bytes(image.manifest)
        for digest, content in image.blobs.items():
            (folder / digest.hex).write_bytes(content)
    return folder


def push(
    skopeo: Skopeo, registry: DockerRegistry, image: GeneratedImage | GeneratedIndex, place: str, work: Path
) -> None:
    """Push with skopeo, so that the registry itself writes the tree."""
    images = list(image.children) if isinstance(image, GeneratedIndex) else [image]
    folder = write_dir(image.manifest, images, work / place.replace("/", "_").replace(":", "_"))
    flags = ["--all", "--preserve-digests"] if isinstance(image, GeneratedIndex) else ["--preserve-digests"]
    skopeo.copy(f"dir:{folder}", f"docker://{registry.host}/{place}", *flags)


@dataclass(frozen=True)
class PushedTree:
    """A copy of such a tree, to be damaged."""

    root: Path

    @property
    def storage(self) -> Path:
        return self.root / "docker" / "registry" / "v2"

    @property
    def repository(self) -> Path:
        return self.storage / "repositories" / NAME

    @property
    def multi(self) -> Path:
        return self.storage / "repositories" / MULTI

    @property
    def manifest(self) -> Digest:
        return IMAGE.manifest_digest

    @property
    def config(self) -> Digest:
        return IMAGE.image_id

    @property
    def layer(self) -> Digest:
        return IMAGE.layer_digests[0]

    @property
    def layers(self) -> Path:
        return self.repository / "_layers" / "sha256"

    @property
    def revisions(self) -> Path:
        return self.repository / "_manifests" / "revisions" / "sha256"

    @property
    def tag(self) -> Path:
        return self.repository / "_manifests" / "tags" / TAG

    @property
    def current(self) -> Path:
        return self.tag / "current" / "link"

    def layer_link(self, digest: Digest | None = None) -> Path:
        return self.layers / (digest or self.layer).hex / "link"

    def revision_link(self) -> Path:
        return self.revisions / self.manifest.hex / "link"

    def index_link(self) -> Path:
        return self.tag / "index" / "sha256" / self.manifest.hex / "link"

    def blob(self, digest: Digest | None = None) -> Path:
        digest = digest or self.layer
        return self.storage / "blobs" / "sha256" / digest.hex[:2] / digest.hex / "data"

    def copy_to(self, root: Path) -> PushedTree:
        shutil.copytree(self.root, root)
        return PushedTree(root)


def assert_served(registry: DockerRegistry) -> None:
    """Everything that was pushed is answered with its own bytes, and a collection would remove nothing."""
    assert registry.catalog() == [NAME, MULTI]
    assert registry.tags(NAME) == [TAG]
    assert registry.tags(MULTI) == [MULTI_TAG]
    _assert_manifest(registry, NAME, IMAGE.manifest, IMAGE.manifest_digest, TAG)
    _assert_manifest(registry, MULTI, INDEX.manifest, INDEX.manifest_digest, MULTI_TAG)
    _assert_blobs(registry, NAME, IMAGE)
    for child in INDEX.children:
        _assert_manifest(registry, MULTI, child.manifest, child.manifest_digest)
        _assert_blobs(registry, MULTI, child)
    assert "0 blobs and 0 manifests eligible for deletion" in registry.garbage_collect(dry_run=True)


def _assert_manifest(registry: DockerRegistry, name: str, content: bytes, digest: Digest, *tags: str) -> None:
    for reference in (*tags, str(digest)):
        answer = registry.request(f"/v2/{name}/manifests/{reference}")
        assert (answer.status, answer.body) == (200, content), (reference, answer, registry.log)
        assert answer.headers["docker-content-digest"] == str(digest)
        assert answer.headers["content-type"] == json.loads(content)["mediaType"]


def _assert_blobs(registry: DockerRegistry, name: str, image: GeneratedImage) -> None:
    for digest, content in image.blobs.items():
        assert registry.blob(name, str(digest)) == content
        head = registry.head(f"/v2/{name}/blobs/{digest}")
        assert (head.status, int(head.headers["content-length"])) == (200, len(content))
