"""Names from a Nexus blob store, where each ``<uuid>.bytes`` has its name in ``<uuid>.properties``.

Source: Sonatype, "File blob store": ``@BlobStore.blob-name=v2/<image>/manifests/<tag or digest>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from importer.domain.reference import Reference
from importer.inventory.inventory import Inventory, described_file
from importer.recovery.documents.naming.evidence import NamedDigest

_BLOB_NAME: Final = "@BlobStore.blob-name"
_MANIFEST: Final = re.compile(r"/?v2/(?P<image>.+)/manifests/(?P<tag>[^/:]+)")


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The name of each manifest that was stored under a tag."""
    for fact in inventory.facts:
        match = _MANIFEST.fullmatch(fact.properties.get(_BLOB_NAME, ""))
        target = described_file(inventory, fact) if match else None
        if match and target:
            try:
                yield target.digest, Reference.of_repository(match["image"], match["tag"])
            except ValueError:
                continue
