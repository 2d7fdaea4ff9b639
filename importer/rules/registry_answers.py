"""What a registry answers because of a defect of its storage, in words that rules share.

Seen with registry 2.8 and 3 over trees with each defect. 2.8 puts the reason of a 500 into its log
alone (``err.detail``), 3 into the answer's body.
"""

from __future__ import annotations

from typing import Final

from importer.domain.digest import Digest
from importer.storage_tree.defects import LinkDefect
from importer.storage_tree.tree import LinkRole
from importer.words.text import Text

NOTHING: Final = Text("the registry answers normally (200): nothing reads this")
UNSEEN: Final = Text("the registry serves it all the same (200), and clients refuse the download")


def request_for(defect: LinkDefect) -> Text:
    """The request that needs the link."""
    match defect.role:
        case LinkRole.LAYER:
            return blob_request(defect.repository, defect.digest)
        case LinkRole.CURRENT | LinkRole.INDEX:
            return Text("GET /v2/{}/manifests/{}", defect.repository, defect.tag)
    return manifest_request(defect.repository, defect.digest)


def blob_request(repository: str, digest: Digest | None) -> Text:
    """The request for a layer or a config."""
    return Text("GET /v2/{}/blobs/{}…", repository, digest.short if digest else "…")


def manifest_request(repository: str, digest: Digest | None) -> Text:
    """The request for a manifest by its digest."""
    return Text("GET /v2/{}/manifests/{}…", repository, digest.short if digest else "…")


def internal_error(request: Text, reason: str) -> Text:
    """A 500 whose reason 2.8 hides."""
    return Text("{} is answered with 500 UNKNOWN: {} (2.8 says so in its log only, 3 in the answer)", request, reason)


def unknown(request: Text, role: LinkRole) -> Text:
    """A 404 for what a missing link would have led to."""
    return Text("{} is answered with 404 {}", request, "BLOB_UNKNOWN" if role is LinkRole.LAYER else "MANIFEST_UNKNOWN")
