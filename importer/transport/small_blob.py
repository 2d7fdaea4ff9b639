"""Reading a blob that fits into memory: a config."""

from __future__ import annotations

from importer.domain.digest import Digest
from importer.errors import NetworkError
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.transport.client import Ask
from importer.transport.remote_blob import RemoteBlob


def read_small_blob(blob: RemoteBlob) -> bytes:
    """Fetch a blob of a few MiB at most; raises NetworkError when it isn't what its digest says."""
    digest = blob.descriptor.digest
    if not digest.is_checkable:
        raise NetworkError(f"{digest} can't be checked here, so it isn't read")
    for url in blob.urls:
        fetched = blob.client.fetch(Ask("GET", url, scope=blob.scope), {200, 404}, MAX_DOCUMENT_SIZE)
        if fetched.answer.status == 404:
            continue
        if Digest.of(fetched.content, digest.algorithm) != digest:
            raise NetworkError(f"{blob.host} sends other bytes than {digest}")
        return fetched.content
    raise NetworkError(f"{blob.label} is not at {blob.host} (404)")
