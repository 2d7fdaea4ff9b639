"""Why a wanted blob isn't simply there: each cause with the evidence for it.

A cause is a value; the text that explains it to people belongs to the rule of the same subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from importer.domain.digest import Digest
from importer.domain.media_types import Compression
from importer.formats.json_text import TextForm
from importer.formats.other_kinds import OtherThing
from importer.formats.signatures import FileKind
from importer.formats.tar_headers import TarEntry
from importer.formats.transfer_codings.coding import TransferCoding


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a blob is not simply there: the base of all causes."""


class Missing(Cause):
    """Nothing in the input is, or was meant to be, this blob."""

    __slots__ = ()


class ContentMissing(Cause):
    """A layer of which nothing but the diff_id is known, and no file holds that content."""

    __slots__ = ()


class ConfigMissing(Cause):
    """No file is the config, without which an image has no id; its layers may all be here."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ManifestMissing(Cause):
    """No file is the manifest; when one in the form of ``writer`` has a known digest, it's the original."""

    writer: str | None = None


class Marker(Cause):
    """A placeholder stands where the blob should be."""

    __slots__ = ()


class Empty(Cause):
    """The file has no bytes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ErrorPage(Cause):
    """An error message was saved instead of the blob; ``message`` quotes it."""

    message: str


@dataclass(frozen=True, slots=True)
class OtherContent(Cause):
    """A known thing that no image is made of was saved instead of the blob."""

    thing: OtherThing


@dataclass(frozen=True, slots=True)
class PartialDownload(Cause):
    """The browser's unfinished file, with ``have`` bytes."""

    have: int


@dataclass(frozen=True, slots=True)
class Unreadable(Cause):
    """A file that is named after the blob can't be read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Truncated(Cause):
    """A true beginning of the blob.

    Attributes:
        have: bytes that are there.
        good: bytes of them that decode without an error.
        content_size: bytes of content that decode from them.
        entries: members of the layer's tar, as far as headers are there, when they were asked for.
    """

    have: int
    good: int
    content_size: int | None = None
    entries: tuple[TarEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ZeroFilled(Cause):
    """Full size, but only zeros from ``zeros_from`` on; entries as for ``Truncated``."""

    zeros_from: int
    content_size: int | None = None
    entries: tuple[TarEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Corrupt(Cause):
    """Right size, wrong digest; ``broken_at`` is where decoding fails, None when it doesn't."""

    actual: Digest
    broken_at: int | None


@dataclass(frozen=True, slots=True)
class DigestMismatch(Cause):
    """Named after the blob's digest, but something else; ``beginning_of`` is the blob whose first bytes it has."""

    actual: Digest
    have: int
    kind: FileKind
    expands_too_far: bool = False
    beginning_of: Digest | None = None


@dataclass(frozen=True, slots=True)
class SizeMismatch(Cause):
    """The bytes are right, the descriptor's size isn't."""

    have: int


class UnsupportedDigest(Cause):
    """No program here can compute the algorithm."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Foreign(Cause):
    """The layer isn't kept by registries; it lives at its ``urls``."""

    urls: tuple[str, ...]


class PlatformMissing(Cause):
    """A child of an index, for a platform that nobody downloaded."""

    __slots__ = ()


class AttestationMissing(Cause):
    """A child of an index that only says something of another: how it was built, or who signed it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class InvalidConfig(Cause):
    """The config's bytes are right but aren't a config."""

    pointer: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class NotAManifest(Cause):
    """The manifest's bytes break its schema or aren't JSON; which of these is the image's flaw."""


@dataclass(frozen=True, slots=True)
class WellKnown(Cause):
    """The bytes are built in."""

    description: str


@dataclass(frozen=True, slots=True)
class TrailingData(Cause):
    """``extra`` bytes follow the blob."""

    extra: int


@dataclass(frozen=True, slots=True)
class LeadingData(Cause):
    """``extra`` bytes stand before the blob (and ``after`` bytes behind it)."""

    extra: int
    after: int = 0
    start: str = ""


@dataclass(frozen=True, slots=True)
class TruncatedTrailer(Cause):
    """Only ``missing`` bytes of the gzip trailer are gone, or the whole trailer is wrong; it can be computed."""

    missing: int
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class CompressedAgain(Cause):
    """The blob was compressed once more."""

    compression: Compression


@dataclass(frozen=True, slots=True)
class TransferEncoded(Cause):
    """The blob lies in a coding that a transport or a program put around it."""

    coding: TransferCoding


@dataclass(frozen=True, slots=True)
class Embedded(Cause):
    """The blob lies in base64 in another document: in a descriptor's ``data``, or in a ``document`` called so."""

    document: str | None = None


@dataclass(frozen=True, slots=True)
class Recoded(Cause):
    """A program took the blob for text, and rewrote it as ``coding`` says."""

    coding: TransferCoding


class Replaced(Cause):
    """A program took the blob for text, and put U+FFFD in place of what it couldn't read: that is lost."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class OverlappingPieces(Cause):
    """A resumed download wrote too much in the middle.

    Attributes:
        start, extra: where the surplus stands, and how many bytes it is.
        message: what a server said there; None where bytes of the blob stand twice.
    """

    start: int
    extra: int
    message: str | None = None


class Search(StrEnum):
    """What came of looking for the compressor that makes the layer's own bytes of its content."""

    NOT_MADE = "not made"
    FOUND = "found"
    NONE_FITS = "none fits"
    WITHOUT_ZLIB = "none fits, and zlib could not be tried"
    OUT_OF_TIME = "out of time"
    TOO_SLOW_HERE = "too slow without the C extension"


@dataclass(frozen=True, slots=True)
class Gunzipped(Cause):
    """The layer's content without its compression.

    Attributes:
        proven: whether a digest proves it: the diff_id, or the layer's own once its bytes were computed
            again; without one it's a guess from the name.
        repacked: whether the content is packed, but otherwise than the manifest wants.
        search: whether the layer's own bytes can be computed of it.
        compressor: the name of the one that makes them.
    """

    proven: bool = True
    repacked: bool = False
    search: Search = Search.NOT_MADE
    compressor: str | None = None


@dataclass(frozen=True, slots=True)
class Split(Cause):
    """The blob lies in pieces."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextMangled(Cause):
    """A JSON document whose text went through a program that knows better; ``change`` says how."""

    change: str
    form: TextForm


@dataclass(frozen=True, slots=True)
class Reformatted(Cause):
    """A JSON document that was indented or compacted anew; ``style`` is the original's."""

    style: str
