"""What archives hold, before their names and links have been judged."""

from __future__ import annotations

from dataclasses import dataclass

from importer.places.address import Address


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive.

    Attributes:
        name: as the archive spells it, with ``/`` between folders.
        size: bytes that come out when it is opened.
        content: where its bytes are.
    """

    name: str
    size: int
    content: Address


@dataclass(frozen=True, slots=True)
class Link:
    """A member that stands for another one.

    Attributes:
        name: as the archive spells it.
        target: the path it names.
        is_hard: whether the target counts from the archive's top, not from the link's folder.
    """

    name: str
    target: str
    is_hard: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; it has no content and only tells that links may lead to it."""

    name: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that can't be read: one member, or (without a name) the archive from somewhere on.

    ``is_empty``: whether the member would hold nothing anyway, as a device. ``is_bridged``: whether the archive is
    damaged, and all of its members are found all the same.
    """

    reason: str
    name: str = ""
    is_empty: bool = False
    is_bridged: bool = False


Listed = Member | Link | Folder | Flaw
