"""What a registry answers because of a defect of its storage, in words that rules share.

Seen with registry 2.8 and 3 over trees with each defect. 2.8 puts the reason of a 500 into its log
alone (``err.detail``), 3 into the answer's body.
"""

from __future__ import annotations

from typing import Final

from importer.domain.digest import Digest
from importer.storage_tree.defects import LinkDefect
from importer.storage_tree.tree import LinkRole

NOTHING: Final = "the registry answers as if it were right (200): nothing reads this"
UNSEEN: Final = "the registry doesn't notice (200), and clients refuse the download"


def request_for(defect: LinkDefect) -> str:
    """The request that needs the link."""
    match defect.role:
        case LinkRole.LAYER:
            return blob_request(defect.repository, defect.digest)
        case LinkRole.CURRENT | LinkRole.INDEX:
            return f"GET /v2/{defect.repository}/manifests/{defect.tag}"
    return manifest_request(defect.repository, defect.digest)


def blob_request(repository: str, digest: Digest | None) -> str:
    """The request for a layer or a config."""
    return f"GET /v2/{repository}/blobs/{digest.short if digest else '…'}…"


def manifest_request(repository: str, digest: Digest | None) -> str:
    """The request for a manifest by its digest."""
    return f"GET /v2/{repository}/manifests/{digest.short if digest else '…'}…"


def internal_error(request: str, reason: str) -> str:
    """A 500 whose reason 2.8 hides."""
    return f"{request} is answered with 500 UNKNOWN: {reason} (2.8 says so in its log only, 3 in the answer)"


def unknown(request: str, role: LinkRole) -> str:
    """A 404 for what a missing link would have led to."""
    return f"{request} is answered with 404 {'BLOB_UNKNOWN' if role is LinkRole.LAYER else 'MANIFEST_UNKNOWN'}"
