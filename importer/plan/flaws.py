"""What is wrong with an image as a whole: no file can be blamed for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final

from importer.domain.digest import Digest
from importer.formats.schema_validation import SchemaViolation
from importer.words.text import listed

_PULL_INSTEAD: Final = "write a registry tree and pull the image from there"
_KEPT: Final = "a registry tree or an OCI layout keeps it unchanged"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something about an image as a whole; no file can be blamed for it."""


@dataclass(frozen=True, slots=True)
class Obstacle(Flaw, ABC):
    """Why docker can't load an image, even if every byte of it is here."""

    @property
    @abstractmethod
    def refusal(self) -> str:
        """The end of a sentence that begins with the image: what keeps docker from loading it, and what else helps."""


@dataclass(frozen=True, slots=True)
class LayerCountMismatch(Obstacle):
    """The manifest and the config disagree on the number of layers."""

    layers: int
    diff_ids: int

    @property
    def refusal(self) -> str:
        """As ``Obstacle`` says."""
        return (
            f"contradicts itself: its manifest lists {self.layers} layers, its config {self.diff_ids} diff_ids, so "
            "docker refuses it (blobfix explain BF402)"
        )


@dataclass(frozen=True, slots=True)
class TooMuchHistory(Obstacle):
    """The config's history tells of more layers than it has diff_ids."""

    steps: int
    diff_ids: int

    @property
    def refusal(self) -> str:
        """As ``Obstacle`` says."""
        return (
            f"contradicts itself: its config's history has {self.steps} layers and its rootfs {self.diff_ids} "
            f"diff_ids, so docker refuses it; {_KEPT} (blobfix explain BF306)"
        )


@dataclass(frozen=True, slots=True)
class DiffIdMismatch(Obstacle):
    """A layer that is what the manifest wants isn't what the config wants; None: it can't be unpacked at all."""

    position: int
    expected: Digest
    actual: Digest | None

    @property
    def refusal(self) -> str:
        """As ``Obstacle`` says."""
        return (
            f"contradicts itself: layer {self.position + 1} doesn't hold what the config says, so docker refuses it: "
            f"have it rebuilt; {_KEPT} (blobfix explain BF403)"
        )


@dataclass(frozen=True, slots=True)
class EncryptedLayers(Obstacle):
    """Layers, by position, that take a key to read (ocicrypt)."""

    positions: tuple[int, ...]

    @property
    def refusal(self) -> str:
        """As ``Obstacle`` says."""
        return (
            f"is encrypted ({_layers(self.positions)}): docker can't load it without the key; {_KEPT}, and skopeo copy "
            "--decryption-key decrypts it"
        )


@dataclass(frozen=True, slots=True)
class DiffIdsOfCompressed(Obstacle):
    """Layers, by position, for which the config gives the digest of the compressed blob instead of its content's."""

    positions: tuple[int, ...]

    @property
    def refusal(self) -> str:
        """As ``Obstacle`` says."""
        return (
            f"has a config that gives the digests of the packed layers as diff_ids ({_layers(self.positions)}), "
            f"so docker refuses it; {_KEPT} (blobfix explain BF414)"
        )


@dataclass(frozen=True, slots=True)
class UncheckableDiffIds(Obstacle):
    """Docker knows diff_ids by sha256 alone, and nobody can check one by an algorithm that isn't here."""

    @property
    def refusal(self) -> str:
        """As ``Obstacle`` says."""
        return f"has diff_ids that docker can't check; {_PULL_INSTEAD}"


@dataclass(frozen=True, slots=True)
class NoImage(Obstacle):
    """It is an artifact: there is no file system in it."""

    @property
    def refusal(self) -> str:
        """As ``Obstacle`` says."""
        return "is not a container image; docker can't load it, but a registry tree can hold it"


@dataclass(frozen=True, slots=True)
class ForeignSystem(Obstacle):
    """The image is made for another operating system than the host's docker takes."""

    os: str

    @property
    def refusal(self) -> str:
        """As ``Obstacle`` says."""
        if self.os == "windows":
            return f"is a Windows image, which docker loads only on Windows; {_PULL_INSTEAD}"
        return f"is made for {self.os}, which docker doesn't load here; {_KEPT}"


@dataclass(frozen=True, slots=True)
class InvalidManifest(Flaw):
    """The manifest can't be read as one."""

    problems: tuple[SchemaViolation, ...]
    error: str | None = None


def _layers(positions: tuple[int, ...]) -> str:
    return f"layer{'s' if len(positions) > 1 else ''} {listed(str(position + 1) for position in positions)}"
