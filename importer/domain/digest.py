"""Digests: the only names that content has.

Source of the grammar: OCI image-spec, descriptor.md, section "Digests".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

_DIGEST = re.compile(r"([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)")
_NAMED = re.compile(r"(?<![0-9a-z])(?:(sha256|sha512)(?:__|[:_-]))?([0-9a-f]{64}(?:[0-9a-f]{64})?)(?![0-9a-f])")

HEX_LENGTHS: Final = {"sha256": 64, "sha512": 128}
"""How many hex digits the digests have whose algorithms can be checked here."""


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """An algorithm and the encoded hash, as in ``sha256:4bf5…``.

    >>> Digest.parse("sha256:" + "0" * 64).hex[:4]
    '0000'
    """

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read the canonical form.

        Raises ValueError for anything else; upper-case hex is refused, as the image-spec demands
        ("[A-F] MUST NOT be used").
        """
        match = _DIGEST.fullmatch(text)
        if not match:
            raise ValueError(f"not a digest: {text!r}")
        digest = cls(match[1], match[2])
        length = HEX_LENGTHS.get(digest.algorithm)
        if length is not None and not re.fullmatch(rf"[0-9a-f]{{{length}}}", digest.hex):
            raise ValueError(f"not a {digest.algorithm} digest: {text!r}")
        return digest

    @classmethod
    def from_name(cls, name: str) -> Digest | None:
        """Find the digest that a file or folder name claims, or None.

        Takes ``sha256__<hex>`` (Artifactory), ``sha256:<hex>``, ``sha256-<hex>``, bare hex, in any
        case, with anything around it: ``sha256__<hex> (1).gz`` is a claim too.
        """
        match = _NAMED.search(name.lower())
        if not match:
            return None
        algorithm = "sha256" if len(match[2]) == HEX_LENGTHS["sha256"] else "sha512"
        if match[1] not in (None, algorithm):
            return None
        return cls(algorithm, match[2])

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Digest:
        """Compute the digest of bytes that are in memory already."""
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    @property
    def is_checkable(self) -> bool:
        """Whether this program can compute the algorithm."""
        return self.algorithm in HEX_LENGTHS

    @property
    def file_name(self) -> str:
        """The name that Artifactory gives the blob: ``sha256__<hex>``."""
        return f"{self.algorithm}__{self.hex}"

    @property
    def short(self) -> str:
        """Enough of the digest for a person to tell it from its neighbours."""
        return f"{self.algorithm}:{self.hex[:12]}"

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"
