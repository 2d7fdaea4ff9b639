"""What stands in a link, and what a registry makes of it.

Source: distribution v2.8.3, blobstore.go, ``readlink``: the whole file goes to go-digest's
``Parse`` (go-digest v1.0.0, digest.go, ``Validate``), nothing is trimmed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from importer.domain.digest import HEX_LENGTHS, Digest

MAX_LINK_SIZE: Final = 4096
"""Bytes of a link that are read: the longest right one has 135."""

_GO_DIGEST: Final = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
_LENGTHS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}


class LinkFault(StrEnum):
    """How a link's text differs from a digest; the value completes "the link …"."""

    EMPTY = "is empty"
    BYTE_ORDER_MARK = "begins with a byte order mark"
    LINE_END = "ends with a line break"
    SPACE = "has spaces around the digest"
    FILE_NAME = "holds a file name after the digest, as sha256sum prints it"
    BARE_HEX = "lacks the prefix sha256:"
    UPPER_CASE = "is written in upper case"
    OTHER_DIGEST = "names another digest than its folder"
    NO_DIGEST = "holds no digest"
    NO_FILE = "is not a file"


@dataclass(frozen=True, slots=True)
class LinkText:
    """A link's text, understood as far as possible.

    Attributes:
        digest: the digest that is meant; None when none can be told.
        fault: what is wrong with the text; None when nothing is.
        registry_error: what go-digest says of it; None when it takes it.
    """

    digest: Digest | None
    fault: LinkFault | None
    registry_error: str | None


def read_link_text(raw: bytes) -> LinkText:
    """Understand a link's bytes; damage is a fact of the result, not an error."""
    text = raw.decode("utf-8", "replace")
    digest = _exact(text)
    if digest:
        return LinkText(digest, None, None)
    meant = _meant(raw)
    return LinkText(meant, _fault(raw, meant), _registry_error(text))


def is_spelling_of(raw: bytes, digest: Digest) -> bool:
    """Whether a link's bytes are nothing but another spelling of a digest: no second word, no further line."""
    return len(raw) < MAX_LINK_SIZE and _meant(raw) == digest and len(raw.split()) == 1


def _exact(text: str) -> Digest | None:
    try:
        digest = Digest.parse(text)
    except ValueError:
        return None
    return digest if digest.is_checkable else None


def _meant(raw: bytes) -> Digest | None:
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    words = raw.decode(encoding, "replace").split()
    return Digest.from_name(words[0]) if words else None


def _fault(raw: bytes, meant: Digest | None) -> LinkFault:
    stripped = raw.strip()
    digest = str(meant).encode()
    signs = (
        (LinkFault.EMPTY, not stripped),
        (LinkFault.NO_DIGEST, meant is None),
        (LinkFault.BYTE_ORDER_MARK, raw.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))),
        (LinkFault.FILE_NAME, len(stripped.split()) > 1),
        (LinkFault.LINE_END, stripped == digest and raw.endswith((b"\n", b"\r"))),
        (LinkFault.SPACE, stripped == digest),
        (LinkFault.UPPER_CASE, stripped.lower() == digest),
        (LinkFault.BARE_HEX, meant is not None and stripped.lower() == meant.hex.encode()),
    )
    return next((fault for fault, is_so in signs if is_so), LinkFault.NO_DIGEST)


def _registry_error(text: str) -> str:
    algorithm, colon, encoded = text.partition(":")
    if not colon or not algorithm or not encoded:
        return "invalid checksum digest format"
    length = _LENGTHS.get(algorithm)
    if length is None:
        known = _GO_DIGEST.fullmatch(text)
        return "unsupported digest algorithm" if known else "invalid checksum digest format"
    return "invalid checksum digest format" if len(encoded.encode()) == length else "invalid checksum digest length"


def canonical_digest(algorithm: str, encoded: str) -> Digest | None:
    """The digest of two folder names, if a registry takes them for one."""
    if len(encoded) != HEX_LENGTHS.get(algorithm) or encoded.strip("0123456789abcdef"):
        return None
    return Digest(algorithm, encoded)


def claimed_in(parts: Iterable[str]) -> Digest | None:
    """The digest that any of these names holds, in whatever spelling."""
    return next((digest for part in parts if (digest := Digest.from_name(part))), None)
