"""What Artifactory's web page would offer for an image, as a folder of files.

Artifactory's own HTTP side isn't needed for it: the files are the bytes that the registry API serves, and only
their names are Artifactory's.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo

OCI_KINDS = ("gzip", "zstd", "none", "mislabelled")
"""Kinds of OCI images: by the layers' compression; in ``mislabelled``, plain layers are said to be gzip."""


def artifactory_folder(registry: DockerRegistry, name: str, tag: str, destination: Path) -> Path:
    """Take an image out of a registry over its HTTP API and write it as Artifactory shows a tag's folder.

    A multi-platform image becomes ``list.manifest.json``, and its children folders ``sha256__<hex>`` beside it.
    """
    manifest = registry.manifest(name, tag)
    return _write(
        manifest,
        destination,
        lambda digest: registry.blob(name, digest),
        lambda digest: registry.manifest(name, digest),
    )


def folder_from_layout(layout: Path, destination: Path) -> Path:
    """Write the one image of an OCI layout as Artifactory shows a tag's folder."""

    def read(digest: str) -> bytes:
        return (layout / "blobs" / digest.replace(":", "/")).read_bytes()

    (entry,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    return _write(read(entry["digest"]), destination, read, read)


def oci_folder(skopeo: Skopeo, source: str, kind: str, destination: Path) -> Path:
    """Have skopeo make an OCI image of another (``docker://...``), one of OCI_KINDS; give it as Artifactory does."""
    with tempfile.TemporaryDirectory(prefix="bf-oci-") as folder:
        layout = Path(folder) / "layout"
        _MAKERS[kind](skopeo, source, Path(folder), f"oci:{layout}:image")
        return folder_from_layout(layout, destination)


def _gzip(skopeo: Skopeo, source: str, _: Path, layout: str) -> None:
    skopeo.copy(source, layout, "--format=oci")


def _zstd(skopeo: Skopeo, source: str, _: Path, layout: str) -> None:
    skopeo.copy(source, layout, "--format=oci", "--dest-compress-format=zstd")


def _none(skopeo: Skopeo, source: str, work: Path, layout: str) -> None:
    # Only the "dir" place can be told to decompress, and only from an OCI image does it set the right media type.
    skopeo.copy(source, f"oci:{work / 'compressed'}:image", "--format=oci")
    skopeo.copy(f"oci:{work / 'compressed'}:image", f"dir:{work / 'plain'}", "--dest-decompress")
    skopeo.copy(f"dir:{work / 'plain'}", layout, "--dest-oci-accept-uncompressed-layers")


def _mislabelled(skopeo: Skopeo, source: str, work: Path, layout: str) -> None:
    # A bug of older skopeos (1.9): they call the plain layers of a docker tar "tar+gzip".
    skopeo.copy(source, f"docker-archive:{work / 'image.tar'}")
    skopeo.copy(f"docker-archive:{work / 'image.tar'}", layout, "--dest-oci-accept-uncompressed-layers")


_MAKERS: dict[str, Callable[[Skopeo, str, Path, str], None]] = {
    "gzip": _gzip,
    "zstd": _zstd,
    "none": _none,
    "mislabelled": _mislabelled,
}


def _write(manifest: bytes, folder: Path, blob: Callable[[str], bytes], child: Callable[[str], bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    value = json.loads(manifest)
    if "manifests" in value:
        (folder / "list.manifest.json").write_bytes(manifest)
        for digest in (entry["digest"] for entry in value["manifests"]):
            _write(child(digest), folder.parent / digest.replace(":", "__"), blob, child)
        return folder
    (folder / "manifest.json").write_bytes(manifest)
    for digest in {entry["digest"] for entry in (value["config"], *value["layers"])}:
        (folder / digest.replace(":", "__")).write_bytes(blob(digest))
    return folder


def wrong_names(folder: Path) -> list[str]:
    """List the ``sha256__`` files whose content isn't what their name says; none in a sound download."""
    return [
        path.name
        for path in sorted(folder.iterdir())
        if (match := re.fullmatch(r"sha256__([0-9a-f]{64})", path.name))
        and hashlib.sha256(path.read_bytes()).hexdigest() != match[1]
    ]
