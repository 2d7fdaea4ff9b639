"""Names from the properties that Artifactory keeps of a manifest and writes into an export.

Source: JFrog, "How to fix a missing signature key docker client error": ``docker.manifest`` is the
tag, ``docker.repoName`` the image. An export keeps them in ``<file>.artifactory-metadata/properties.xml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importer.domain.reference import Reference
from importer.inventory.inventory import Inventory, described_file
from importer.recovery.documents.naming.evidence import NamedDigest

_IMAGE: Final = "docker.repoName"
_TAG: Final = "docker.manifest"


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The name of each manifest that has both properties."""
    for fact in inventory.facts:
        target = described_file(inventory, fact)
        if target and {_IMAGE, _TAG} <= fact.properties.keys():
            try:
                yield target.digest, Reference.of_repository(fact.properties[_IMAGE], fact.properties[_TAG])
            except ValueError:
                continue
