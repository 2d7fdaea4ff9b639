"""Which part of all files a run reads: one of several equal shares, or a random sample."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

_OF: Final = re.compile(r"([0-9]{1,9})/([0-9]{1,9})", re.ASCII)
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)%", re.ASCII)
_ALL: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Share:
    """The files whose digests lie between two bounds, of 2**32 that the first four bytes can be.

    Attributes:
        text: as the user says it.
        start, end: the bounds; the end is left out.
        salt: mixed with the digest where the share is a random one.
    """

    text: str
    start: int
    end: int
    salt: str = ""

    @classmethod
    def of(cls, text: str) -> Share:
        """Read ``k/n``, the k-th of n shares; raises ValueError."""
        numbers = _OF.fullmatch(text)
        number, count = map(int, numbers.groups()) if numbers else (0, 0)
        if not 1 <= number <= count:
            raise ValueError(f"{text!r} is not a share; it looks like 3/16, the third of sixteen")
        return cls(text, -(-(number - 1) * _ALL // count), -(-number * _ALL // count))

    @classmethod
    def sample(cls, text: str, salt: str) -> Share:
        """Read ``k/n``, or ``P%`` of the files, which others are with another salt; raises ValueError."""
        percent = _PERCENT.fullmatch(text)
        if not percent:
            return cls.of(text)
        share = float(percent[1])
        if not 0 < share <= 100:
            raise ValueError(f"{text!r} is not a part of all blobs; it looks like 5%")
        return cls(text, 0, round(share * _ALL / 100), salt)

    def takes(self, digest_hex: str) -> bool:
        """Whether a blob belongs to it."""
        text = hashlib.sha256((self.salt + digest_hex).encode()).hexdigest() if self.salt else digest_hex
        return self.start <= int(text[:8], 16) < self.end

    def takes_place(self, place: str) -> bool:
        """Whether a file belongs to it, by its path below the root."""
        return self.takes(hashlib.sha256(place.encode(errors="surrogateescape")).hexdigest())
