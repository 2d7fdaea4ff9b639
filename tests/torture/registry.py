"""A registry that serves one generated image as ``team/app:1.4``, in a process that has other things to do as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.images.generated import GeneratedImage, GeneratedIndex
from tests.transport.faulty_server import Resource

REFERENCE: Final = "team/app:1.4"
API: Final = "/v2/team/app"


def resources_of(image: GeneratedImage | GeneratedIndex) -> Mapping[str, Resource]:
    """What the registry answers at each path: the manifest by its tag and all else by digest."""
    resources = {f"{API}/manifests/1.4": Resource(image.manifest, image.media_type)}
    for each in image.children if isinstance(image, GeneratedIndex) else (image,):
        resources[f"{API}/manifests/{each.manifest_digest}"] = Resource(each.manifest, each.media_type)
        resources |= {f"{API}/blobs/{digest}": Resource(content) for digest, content in each.blobs.items()}
    return resources
