"""Stores of images that are no registry's storage, as the programs that own them lay them out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

from tests.images.generated import GeneratedImage
from tests.storage_tree.pushed_tree import IMAGE, NAME, TAG, write_dir

_UUID = "6b1f0c1e-0000-4a4a-9b9b-0123456789ab"
_BLOBS = {**IMAGE.blobs, IMAGE.manifest_digest: IMAGE.manifest}


def put(path: Path, content: bytes | str = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def registry_files(image: GeneratedImage = IMAGE) -> dict[str, bytes]:
    """The files of a registry's storage, below docker/registry/v2."""
    blobs = {**image.blobs, image.manifest_digest: image.manifest}
    files = {f"blobs/sha256/{d.hex[:2]}/{d.hex}/data": content for d, content in blobs.items()}
    repository, digest = f"repositories/{NAME}", image.manifest_digest
    files |= {f"{repository}/_layers/sha256/{d.hex}/link": str(d).encode() for d in image.blobs}
    manifests = f"{repository}/_manifests"
    for link in (f"revisions/sha256/{digest.hex}", f"tags/{TAG}/current", f"tags/{TAG}/index/sha256/{digest.hex}"):
        files[f"{manifests}/{link}/link"] = str(digest).encode()
    return files


def minio_disk(root: Path) -> None:
    """A bucket as MinIO keeps it: each object is a folder."""
    for path, content in registry_files().items():
        folder = root / "docker" / "registry" / "v2" / path
        put(folder / "xl.meta", b"XL2 \x01\x00\x03\x00" + content[:128])
        if len(content) > 1024:
            put(folder / _UUID / "part.1", content)


def old_minio_disk(root: Path) -> None:
    """The same before 2020."""
    for path, content in registry_files().items():
        put(root / "docker" / "registry" / "v2" / path / "xl.json", '{"version":"1.0.1","format":"xl"}')
        put(root / "docker" / "registry" / "v2" / path / "part.1", content)


def minio_links_only(root: Path) -> None:
    """Half of a bucket: only the links were copied."""
    for path in registry_files():
        if path.startswith("repositories"):
            put(root / "docker" / "registry" / "v2" / path / "xl.meta", b"XL2 ")


def minio_file_mode(root: Path) -> None:
    """The disk of a MinIO that keeps objects as files, with the registry's bucket in it."""
    put(root / ".minio.sys" / "format.json", '{"version":"1","format":"fs"}')
    for path, content in registry_files().items():
        put(root / "docker" / "registry" / "v2" / path, content)
    (root / "docker/registry/v2" / f"repositories/{NAME}/_manifests/tags/{TAG}/current/link").write_text("nonsense")


def oci_layout(root: Path) -> None:
    put(root / "oci-layout", '{"imageLayoutVersion":"1.0.0"}')
    entry = {**IMAGE.descriptor, "annotations": {"org.opencontainers.image.ref.name": TAG}}
    put(root / "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    flat_blobs(root)


def flat_blobs(root: Path) -> None:
    """A layout of which only the blobs were copied."""
    for digest, content in _BLOBS.items():
        put(root / "blobs" / "sha256" / digest.hex, content)


def layout_without_its_file(root: Path) -> None:
    oci_layout(root)
    (root / "oci-layout").unlink()


def docker_save(root: Path) -> None:
    oci_layout(root)
    layers = [f"blobs/sha256/{digest.hex}" for digest in IMAGE.layer_digests]
    entry = {"Config": f"blobs/sha256/{IMAGE.image_id.hex}", "RepoTags": [f"{NAME}:{TAG}"], "Layers": layers}
    put(root / "manifest.json", json.dumps([entry]))


def old_docker_save(root: Path) -> None:
    """As docker wrote it before 25: a folder for each layer, and a file called repositories."""
    names = [f"{number:064x}" for number in range(len(IMAGE.diffs))]
    for name, tar in zip(names, IMAGE.diffs, strict=True):
        put(root / name / "layer.tar", tar)
        put(root / name / "VERSION", "1.0")
        put(root / name / "json", "{}")
    put(root / f"{IMAGE.image_id.hex}.json", IMAGE.config)
    entry = {"Config": f"{IMAGE.image_id.hex}.json", "RepoTags": [], "Layers": [f"{name}/layer.tar" for name in names]}
    put(root / "manifest.json", json.dumps([entry]))
    put(root / "repositories", json.dumps({NAME: {TAG: names[-1]}}))


def ollama(root: Path) -> None:
    for digest, content in IMAGE.blobs.items():
        put(root / "blobs" / f"sha256-{digest.hex}", content)
    put(root / "manifests" / "registry.ollama.ai" / "library" / "tiny" / "7b", IMAGE.manifest)


def containerd(root: Path) -> None:
    flat_blobs(root / "io.containerd.content.v1.content")
    put(root / "io.containerd.metadata.v1.bolt" / "meta.db", b"\0" * 4096)


def containerd_content(root: Path) -> None:
    """The content store alone, under another name."""
    flat_blobs(root)
    (root / "ingest").mkdir()


def registry_v1(root: Path) -> None:
    for number, layer in enumerate(IMAGE.layers):
        folder = root / "images" / f"{number:064x}"
        for name, content in (("json", b"{}"), ("ancestry", b"[]"), ("_checksum", b"x"), ("layer", layer)):
            put(folder / name, content)
    put(root / "repositories" / "library" / "app" / "tag_latest", f"{0:064x}")
    put(root / "repositories" / "library" / "app" / "_index_images", "[]")


def registry_v1_repositories(root: Path) -> None:
    put(root / "repositories" / "library" / "app" / "tag_latest", f"{0:064x}")


def zot(root: Path) -> None:
    put(root / "cache.db", b"\0" * 4096)
    oci_layout(root / "team" / "app")
    oci_layout(root / "team" / "db")


def zot_repository(root: Path) -> None:
    oci_layout(root)
    (root / ".uploads").mkdir()


def quay(root: Path) -> None:
    for digest, content in IMAGE.blobs.items():
        put(root / "sha256" / digest.hex[:2] / digest.hex, content)
    (root / "uploads").mkdir()


def docker_store(root: Path) -> None:
    image = root / "image" / "overlay2"
    put(image / "repositories.json", '{"Repositories":{}}')
    put(image / "imagedb" / "content" / "sha256" / IMAGE.image_id.hex, IMAGE.config)
    put(image / "layerdb" / "sha256" / f"{1:064x}" / "diff", str(IMAGE.diff_ids[0]))
    put(root / "overlay2" / "abc" / "diff" / "etc" / "passwd", "root")
    (root / "containers").mkdir()


def podman_store(root: Path) -> None:
    folder = root / "overlay-images"
    put(folder / "images.json", "[]")
    put(folder / f"{IMAGE.image_id.hex}" / "manifest", IMAGE.manifest)
    put(folder / f"{IMAGE.image_id.hex}" / f"={base64.b64encode(str(IMAGE.image_id).encode()).decode()}", IMAGE.config)
    put(root / "overlay-layers" / "layers.json", "[]")
    put(root / "overlay" / f"{1:064x}" / "diff" / "etc" / "passwd", "root")


def artifactory(root: Path) -> None:
    for number, content in enumerate(IMAGE.blobs.values()):
        name = f"{number:02x}{number:038x}"
        put(root / name[:2] / name, content)
    (root / "_pre").mkdir()


def nexus(root: Path) -> None:
    """Nexus' data folder: its blob stores lie in one that is called blobs."""
    store = root / "blobs" / "default"
    put(store / "metadata.properties", "blobStoreId=1")
    for number, content in enumerate(IMAGE.blobs.values()):
        put(store / "content" / f"vol-{number:02}" / "chap-01" / f"{_UUID}{number}.bytes", content)
        put(store / "content" / f"vol-{number:02}" / "chap-01" / f"{_UUID}{number}.properties", "size=1")


def nexus_by_date(root: Path) -> None:
    """A blob store of a newer Nexus."""
    for number, content in enumerate(IMAGE.blobs.values()):
        put(root / "content" / "2025" / "11" / "28" / "10" / f"{number:02}" / f"{_UUID}.bytes", content)


def skopeo_dir(root: Path) -> None:
    write_dir(IMAGE.manifest, [IMAGE], root / "x")
    for path in list((root / "x").iterdir()):
        path.rename(root / path.name)
    (root / "x").rmdir()


def downloads(root: Path) -> None:
    put(root / "manifest.json", IMAGE.manifest)
    for digest, content in IMAGE.blobs.items():
        put(root / digest.file_name, content)


def static_registry(root: Path) -> None:
    """The answers of a registry saved as files, with an image that is called blobs."""
    put(root / "v2" / "blobs" / "manifests" / TAG, IMAGE.manifest)
    for digest, content in IMAGE.blobs.items():
        put(root / "v2" / "blobs" / "blobs" / str(digest), content)


def another_registry(root: Path) -> None:
    """The storage of a small registry that has the same two folders and its own way to fill them."""
    flat_blobs(root)
    put(root / "repositories" / NAME / "tags" / TAG, str(IMAGE.manifest_digest))


def source_code(root: Path) -> None:
    """Somebody's repositories, with folders and files that are called as a registry's by chance."""
    put(root / "repositories" / "site" / "_layers" / "base" / "link", "see the handbook")
    put(root / "repositories" / "site" / "_layouts" / "page.html", "<html>")
    put(root / "repositories" / "site" / "index.html", "<html>")
    put(root / "blobs" / "logo.png", b"\x89PNG")


def lonely_blobs(root: Path) -> None:
    put(root / "blobs" / "a.bin", b"something")


STORES: dict[str, tuple[Callable[[Path], None], str]] = {
    "minio": (minio_disk, "the disk of an object store"),
    "minio-before-2020": (old_minio_disk, "the disk of an object store"),
    "minio-links-only": (minio_links_only, "the disk of an object store"),
    "minio-file-mode": (minio_file_mode, "the disk of an object store"),
    "oci-layout": (oci_layout, "an OCI image layout"),
    "oci-layout-without-its-file": (layout_without_its_file, "an OCI image layout"),
    "flat-blobs": (flat_blobs, "blobs under their digests"),
    "docker-save": (docker_save, "an unpacked docker save"),
    "old-docker-save": (old_docker_save, "an unpacked docker save"),
    "ollama": (ollama, "ollama's models folder"),
    "containerd": (containerd, "containerd's content store"),
    "containerd-content": (containerd_content, "containerd's content store"),
    "registry-v1": (registry_v1, "the storage of the first registry (v1)"),
    "registry-v1-repositories": (registry_v1_repositories, "the storage of the first registry (v1)"),
    "zot": (zot, "the storage of zot"),
    "zot-repository": (zot_repository, "the storage of zot"),
    "quay": (quay, "the storage of Quay"),
    "docker": (docker_store, "docker's own store"),
    "podman": (podman_store, "the store of podman"),
    "artifactory": (artifactory, "Artifactory's filestore"),
    "nexus": (nexus, "a blob store of Nexus"),
    "nexus-by-date": (nexus_by_date, "a blob store of Nexus"),
    "skopeo-dir": (skopeo_dir, "a folder as skopeo's dir: writes it"),
    "downloads": (downloads, "a folder of downloads"),
    "static-registry": (static_registry, ""),
    "another-registry": (another_registry, ""),
    "source-code": (source_code, "without any link of a registry"),
    "lonely-blobs": (lonely_blobs, "without any link of a registry"),
}
"""Each store, and what a report calls it; empty where it has no name."""
