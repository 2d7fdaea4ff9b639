"""What is wrong with an image as a whole: no file can be blamed for it."""

from __future__ import annotations

from dataclasses import dataclass

from importer.domain.digest import Digest
from importer.formats.schema_validation import SchemaViolation


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something about an image as a whole; no file can be blamed for it."""


@dataclass(frozen=True, slots=True)
class Obstacle(Flaw):
    """Why docker can't load an image, even if every byte of it is here."""


@dataclass(frozen=True, slots=True)
class LayerCountMismatch(Obstacle):
    """The manifest and the config disagree on the number of layers."""

    layers: int
    diff_ids: int


@dataclass(frozen=True, slots=True)
class TooMuchHistory(Obstacle):
    """The config's history tells of more layers than it has diff_ids."""

    steps: int
    diff_ids: int


@dataclass(frozen=True, slots=True)
class DiffIdMismatch(Obstacle):
    """A layer that is what the manifest wants isn't what the config wants; None: it can't be unpacked at all."""

    position: int
    expected: Digest
    actual: Digest | None


@dataclass(frozen=True, slots=True)
class EncryptedLayers(Obstacle):
    """Layers, by position, that take a key to read (ocicrypt)."""

    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DiffIdsOfCompressed(Obstacle):
    """Layers, by position, for which the config gives the digest of the compressed blob instead of its content's."""

    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UncheckableDiffIds(Obstacle):
    """Docker knows diff_ids by sha256 alone, and nobody can check one by an algorithm that isn't here."""


@dataclass(frozen=True, slots=True)
class NoImage(Obstacle):
    """It is an artifact: there is no file system in it."""


@dataclass(frozen=True, slots=True)
class ForeignSystem(Obstacle):
    """The image is made for another operating system than the host's docker takes."""

    os: str


@dataclass(frozen=True, slots=True)
class InvalidManifest(Flaw):
    """The manifest can't be read as one."""

    problems: tuple[SchemaViolation, ...]
    error: str | None = None
