"""HTTP responses as ``curl -i`` saves them: status line and headers, a blank line, and the body.

Source: RFC 9112, sections 2.1, 4 and 5; the header with a manifest's digest is described in the
OCI distribution-spec, "Pulling manifests"; Artifactory's ``X-Checksum-Sha256`` in JFrog, "Retrieve Artifact".
"""

from __future__ import annotations

import re
from typing import Final

# One block per response: curl -L saves those of redirections and proxies, too.
_BLOCKS: Final = re.compile(rb"(?:HTTP/\d(?:\.\d)? \d{3}[^\r\n]*\r?\n(?:[!-9;-~]+:[^\r\n]*\r?\n)*\r?\n)+")
_DIGEST: Final = re.compile(
    rb"^(?:docker-content-digest:[ \t]*sha256:|x-checksum-sha256:[ \t]*)([0-9a-f]{64})[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)


def size_of_headers(content: bytes) -> int:
    """Bytes of headers before the body; 0 where there are none."""
    match = _BLOCKS.match(content)
    return match.end() if match else 0


def digest_in_headers(content: bytes) -> str | None:
    """The digest of the body according to the last response's headers; None when they have none."""
    digests = _DIGEST.findall(content[: size_of_headers(content)])
    return f"sha256:{digests[-1].decode().lower()}" if digests else None
