"""Putting generated images where the tests want them: into a registry, into Artifactory's folders."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from importer.domain.digest import Digest
from tests.blobfix import Result
from tests.images.generated import GeneratedImage, GeneratedIndex
from tests.in_process import run
from tests.transport.faulty_server import FaultyServer, Resource

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def offer(
    server: FaultyServer, image: GeneratedImage | GeneratedIndex, name: str = "team/app", tag: str = "1.4"
) -> None:
    """Let a faulty server answer as a registry that holds the image."""
    _offer_manifest(server, image, f"/v2/{name}", tag)
    for each in image.children if isinstance(image, GeneratedIndex) else (image,):
        _offer_manifest(server, each, f"/v2/{name}", str(each.manifest_digest))
        for digest, content in each.blobs.items():
            server.resources[f"/v2/{name}/blobs/{digest}"] = Resource(content)


def _offer_manifest(server: FaultyServer, image: GeneratedImage | GeneratedIndex, api: str, reference: str) -> None:
    headers = {"Docker-Content-Digest": str(image.manifest_digest)}
    resource = Resource(image.manifest, image.media_type, headers)
    server.resources[f"{api}/manifests/{reference}"] = resource
    server.resources[f"{api}/manifests/{image.manifest_digest}"] = resource


def file_of(folder: Path, digest: Digest) -> Path:
    """Where a blob lies in a folder as Artifactory shows it."""
    return folder / digest.file_name


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file, by its path in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def expected_files(image: GeneratedImage, below: str) -> dict[str, bytes]:
    """What a pull saves of an image."""
    files = {f"{below}/manifest.json": image.manifest}
    return files | {f"{below}/{digest.file_name}": content for digest, content in image.blobs.items()}


def expected_index_files(index: GeneratedIndex, name: str, tag: str) -> dict[str, bytes]:
    """What a pull saves of an index."""
    files = {f"{name}/{tag}/list.manifest.json": index.manifest}
    for child in index.children:
        files |= expected_files(child, f"{name}/{child.manifest_digest.file_name}")
    return files


def succeed(*arguments: str | Path) -> Result:
    """Run blobfix; it must end well."""
    outcome = run(*arguments)
    assert outcome.code == 0, outcome.output
    return outcome


def put_image(host: str, image: GeneratedImage | GeneratedIndex, name: str, tag: str, folder: Path) -> None:
    """Push a generated image with blobfix itself, whose pushes other tests compare with skopeo's."""
    from tests.images.generated import write_artifactory_folder, write_artifactory_index  # noqa: PLC0415

    place = folder / name / tag
    if isinstance(image, GeneratedIndex):
        write_artifactory_index(image, place)
    else:
        write_artifactory_folder(image, place)
    succeed("push", folder, f"{host}/{name}:{tag}", "--quiet")


def get_json(url: str) -> object:
    """Ask a server on this machine."""
    with _OPENER.open(url, timeout=30) as answer:
        return json.loads(answer.read())
