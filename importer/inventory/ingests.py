"""What containerd has begun to download: ``ingest/<digest of the reference>/data``, with the reference beside it.

Source: containerd, content/local/store.go. The folder is named after the digest of the reference's text, which is no
blob's; the text itself, ``layer-sha256:<hex>``, names the blob.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from importer.domain.digest import Digest
from importer.inspection.file_facts import FileFacts

INGEST: Final = "ingest"
_DATA: Final = "data"
_REFERENCE: Final = "ref"


def named_by_references(facts: Iterable[FileFacts]) -> Iterator[FileFacts]:
    """The facts; unfinished downloads of containerd are named after the blobs they were to be."""
    known = list(facts)
    references = {fact.file.path: fact.excerpt for fact in known if _is_ingested(fact, _REFERENCE)}
    for fact in known:
        text = references.get(fact.file.path.removesuffix(_DATA) + _REFERENCE, "") if _is_ingested(fact, _DATA) else ""
        digest = Digest.from_name(text)
        if digest:
            fact = replace(fact, file=replace(fact.file, parts=(*fact.file.parts[:-1], digest.file_name)))  # noqa: PLW2901
        yield fact


def _is_ingested(fact: FileFacts, name: str) -> bool:
    return fact.file.name == name and fact.file.parts[-3:-2] == (INGEST,)
