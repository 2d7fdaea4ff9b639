"""The server's answer as ``curl -i`` saves it: status line and headers, a blank line, and then the body.

Source: RFC 9112, sections 2.1, 4 and 5; the header that tells a manifest's digest is described in the
OCI distribution-spec, "Pulling manifests"; Artifactory's ``X-Checksum-Sha256`` in JFrog, "Retrieve Artifact".
"""

from __future__ import annotations

import re
from typing import Final

# One block for each answer: curl -L saves those of redirections and of proxies, too.
_BLOCKS: Final = re.compile(rb"(?:HTTP/\d(?:\.\d)? \d{3}[^\r\n]*\r?\n(?:[!-9;-~]+:[^\r\n]*\r?\n)*\r?\n)+")
_DIGEST: Final = re.compile(
    rb"^(?:docker-content-digest:[ \t]*sha256:|x-checksum-sha256:[ \t]*)([0-9a-f]{64})[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)


def size_of_headers(content: bytes) -> int:
    """Bytes that stand before the body; 0 where the content begins with it."""
    match = _BLOCKS.match(content)
    return match.end() if match else 0


def digest_in_headers(content: bytes) -> str | None:
    """What the last answer's headers call the digest of its body; None when they don't tell."""
    told = _DIGEST.findall(content[: size_of_headers(content)])
    return f"sha256:{told[-1].decode().lower()}" if told else None
