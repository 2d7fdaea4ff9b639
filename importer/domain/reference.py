"""Names of images: host, repository and tag.

Source: distribution reference grammar (``reference/reference.go``) and its normalisation
(``reference/normalize.go``), as docker uses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")
_MAX_REPOSITORY_LENGTH: Final = 255
# Stores of a CRI call images without a name by their ids.
_HEX_LENGTHS: Final = {"sha256": 64, "sha512": 128}
_HEX: Final = re.compile(r"[0-9a-f]+")
DEFAULT_HOST: Final = "docker.io"
DEFAULT_TAG: Final = "latest"


@dataclass(frozen=True, slots=True)
class Reference:
    """``host/repository:tag``; the host is there only when it was given."""

    repository: str
    tag: str
    host: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read ``team/app:1.4`` or ``registry.example:5000/team/app``; the tag defaults to latest.

        Raises ValueError, with the reason in plain words.
        """
        host, rest = _split_host(text)
        repository, colon, tag = rest.partition(":")
        reference = cls(repository, tag if colon else DEFAULT_TAG, host)
        reference._check(text)
        return reference

    @classmethod
    def of_repository(cls, repository: str, tag: str) -> Reference:
        """Put together what is known apart; raises ValueError as ``parse`` does."""
        reference = cls(repository, tag)
        reference._check(str(reference))
        return reference

    def _check(self, text: str) -> None:
        if "@" in text:
            raise ValueError(f"{text!r} holds a digest; give a name and a tag, as in team/app:1.4")
        if _HEX_LENGTHS.get(self.repository) == len(self.tag) and _HEX.fullmatch(self.tag):
            raise ValueError(f"{text!r} is a digest, not a name; give a name, as in team/app:1.4")
        if self.repository != self.repository.lower():
            raise ValueError(f"{text!r} has upper-case letters; repository names are lower case")
        if not _REPOSITORY.fullmatch(self.repository) or len(self.repository) > _MAX_REPOSITORY_LENGTH:
            raise ValueError(f"{text!r} is not an image name; it looks like team/app:1.4")
        if not _TAG.fullmatch(self.tag):
            raise ValueError(f"{self.tag!r} is not a tag; a tag has only letters, digits, '_', '.' and '-'")
        if self.host is not None and not _HOST.fullmatch(self.host):
            raise ValueError(f"{self.host!r} is not a registry host")

    @property
    def fully_qualified(self) -> str:
        """The name all engines agree on: ``docker.io/library/`` is added where nothing is said."""
        host = self.host or DEFAULT_HOST
        repository = self.repository
        if host == DEFAULT_HOST and "/" not in repository:
            repository = f"library/{repository}"
        return f"{host}/{repository}:{self.tag}"

    @property
    def familiar(self) -> Reference:
        """The same name as people write it: without the host and the folder that docker adds."""
        if self.host != DEFAULT_HOST:
            return self
        return replace(self, host=None, repository=self.repository.removeprefix("library/"))

    def with_tag(self, tag: str) -> Reference:
        """The same repository under another tag."""
        return replace(self, tag=tag)

    def __str__(self) -> str:
        host = f"{self.host}/" if self.host else ""
        return f"{host}{self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of which no tag is known: ``host/repository``; the host is there only when it was given."""

    name: str
    host: str | None = None

    @classmethod
    def parse(cls, text: str) -> Repository:
        """Read ``team/app`` or ``registry.example:5000/team/app``; raises ValueError as ``Reference.parse`` does."""
        reference = Reference.parse(f"{text}:{DEFAULT_TAG}")
        return cls(reference.repository, reference.host)

    @property
    def familiar(self) -> Repository:
        """The same repository as people write it: without the host and the folder that docker adds."""
        reference = Reference(self.name, DEFAULT_TAG, self.host).familiar
        return Repository(reference.repository, reference.host)

    def __str__(self) -> str:
        return f"{self.host}/{self.name}" if self.host else self.name


def name_from(text: str) -> Reference | Repository:
    """Read a name as programs keep it: a tag, a digest (``team/app@sha256:…``, where no tag is known), or both.

    Raises ValueError, with the reason in plain words.
    """
    name, at, _ = text.partition("@")
    has_tag = ":" in name.rpartition("/")[2]
    return Repository.parse(name) if at and not has_tag else Reference.parse(name)


def is_repository(name: str) -> bool:
    """Whether a registry takes a text for a repository's name."""
    return _REPOSITORY.fullmatch(name) is not None and len(name) <= _MAX_REPOSITORY_LENGTH


def is_tag(name: str) -> bool:
    """Whether a registry takes a text for a tag."""
    return _TAG.fullmatch(name) is not None


def _split_host(text: str) -> tuple[str | None, str]:
    first, slash, rest = text.partition("/")
    if slash and (first == "localhost" or any(c in first for c in ".:")):
        return first, rest
    return None, text
