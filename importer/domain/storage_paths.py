"""Where a registry keeps what, below ``docker/registry/v2``.

Source: distribution v2.8.3, registry/storage/paths.go; the same in v3. A link holds exactly the
digest: 71 bytes for sha256, no newline (``blobstore.go``, ``readlink``).
"""

from __future__ import annotations

import re
from typing import Final

from importer.domain.digest import Digest

STORAGE_PARTS: Final = ("docker", "registry", "v2")
"""The folders below a registry's root directory in which its data begin."""

BLOBS: Final = "blobs"
REPOSITORIES: Final = "repositories"
LAYERS: Final = "_layers"
MANIFESTS: Final = "_manifests"
UPLOADS: Final = "_uploads"
SIGNATURES: Final = "signatures"
"""Below a revision of the first schema, where registries up to 2.3 kept links to its signatures; later ones pass by."""
LINK: Final = "link"
DATA: Final = "data"

# A component outside of this is refused by the file system driver (storagedriver.go, PathRegexp).
_REACHABLE: Final = re.compile(r"[A-Za-z0-9._-]+")


def blob_path(digest: Digest) -> str:
    """Where a blob's bytes lie."""
    return f"{BLOBS}/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}/{DATA}"


def layer_link(repository: str, digest: Digest) -> str:
    """The link by which a repository serves a layer or a config."""
    return f"{REPOSITORIES}/{repository}/{LAYERS}/{digest.algorithm}/{digest.hex}/{LINK}"


def revision_link(repository: str, digest: Digest) -> str:
    """The link by which a repository serves a manifest."""
    return f"{REPOSITORIES}/{repository}/{MANIFESTS}/revisions/{digest.algorithm}/{digest.hex}/{LINK}"


def tag_folder(repository: str, tag: str) -> str:
    """The folder that makes a tag."""
    return f"{REPOSITORIES}/{repository}/{MANIFESTS}/tags/{tag}"


def current_link(repository: str, tag: str) -> str:
    """The link that says which manifest a tag names."""
    return f"{tag_folder(repository, tag)}/current/{LINK}"


def index_link(repository: str, tag: str, digest: Digest) -> str:
    """The link that remembers a manifest that a tag names or has named; nothing reads it."""
    return f"{tag_folder(repository, tag)}/index/{digest.algorithm}/{digest.hex}/{LINK}"


def is_reachable(component: str) -> bool:
    """Whether a registry can open a path with this component."""
    return _REACHABLE.fullmatch(component) is not None
