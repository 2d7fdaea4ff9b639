"""Small files in which repository programs keep what they know of another file.

Sources: an Artifactory export's ``artifactory-file.xml`` and ``properties.xml``; a Nexus blob
store's Java properties.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Final

_NOTHING: Final[Mapping[str, str]] = {}
"""One for all files, of which there may be millions."""

_PROPERTY: Final = re.compile(r"(@[A-Za-z.-]+|[a-z0-9]{2,8})=(.{0,512})")
_NEXUS_MARK: Final = "@BlobStore."
_ELEMENT: Final = re.compile(r"<([A-Za-z][\w.-]{0,63})>([^<]{0,512})</\1>")
_CHECKSUM: Final = re.compile(
    r"<checksum>\s*<type>(\w+)</type>.{0,256}?<actual>([0-9a-fA-F]+)</actual>"
    r"|<checksum\b[^>]{0,256}?\btype=\"(\w+)\"[^>]{0,256}?\bactual=\"([0-9a-fA-F]+)\"",
    re.DOTALL,
)


def properties_in(text: str) -> Mapping[str, str]:
    """What the text tells, by name; empty for a text of another kind.

    Checksums are called after their algorithm: ``sha256``, ``sha1``, ``md5``.
    """
    if _NEXUS_MARK in text:
        return {key: value.strip() for key, value in _PROPERTY.findall(text.replace("\\:", ":"))}
    if "<artifactory-file" in text or "<properties" in text:
        elements = {key: html.unescape(value.strip()) for key, value in _ELEMENT.findall(text) if "." in key}
        checksums = {(m[1] or m[3]): (m[2] or m[4]).lower() for m in _CHECKSUM.finditer(text)}
        return elements | checksums
    return _NOTHING
