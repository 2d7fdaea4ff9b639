"""Names from the annotations of an OCI layout's ``index.json``.

Sources: OCI image-spec annotations.md (``org.opencontainers.image.ref.name``); containerd,
``io.containerd.image.name`` in core/images/annotations.go, which is the full name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from importer.domain.reference import Reference, Repository, name_from
from importer.inventory.inventory import Inventory
from importer.recovery.documents.naming.evidence import NamedDigest
from importer.recovery.documents.wanted import NAME_ANNOTATIONS, layout_indexes


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The name of each manifest that a layout lists; a bare tag alone is no name.

    Stores of a CRI call an image by its repository and its digest: then no tag is known.
    """
    for _, index in layout_indexes(inventory):
        for child in index.children:
            name = _name_in(child.annotations)
            if name:
                yield child.digest, name


def _name_in(annotations: Mapping[str, str]) -> Reference | Repository | None:
    for key in NAME_ANNOTATIONS:
        text = annotations.get(key, "")
        if "/" in text or (":" in text and "@" not in text):
            try:
                return name_from(text).familiar
            except ValueError:
                continue
    return None
