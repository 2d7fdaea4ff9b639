"""From an archive's members to entries of a source: names made safe and unique, links resolved."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Final

from importer.places import address
from importer.sources.archive_member import Flaw, Folder, Link, Listed, Member
from importer.sources.source_file import ProblemKind, SourceFile, SourceProblem

_MAX_HOPS: Final = 40
"""Links followed one after the other; as many as Linux follows (path_resolution(7))."""

_MAX_NAME: Final = 4096
"""Bytes of a path, of a member or of a link's target; as many as Linux takes."""

MAX_MEMBERS: Final = 100_000
"""Members of an archive that are looked at: each takes 2 kB of memory until the scan is over."""

_MAX_FOLDER_NAMES: Final = 2_000_000
"""Names in the paths of all folders together; folders in folders in folders are an attack's."""

_DRIVE: Final = re.compile(r"[A-Za-z]:(?:/|$)")

_Parts = tuple[str, ...]


def entries_of(container: SourceFile, listed: Iterable[Listed]) -> Iterator[SourceFile | SourceProblem]:
    """Yield an archive's files and problems, in the order of their names.

    A member whose name or target leads out of the archive is refused. Of several members with one
    name the last keeps it, as when the archive is unpacked; the earlier ones are files as well,
    under a name that says so, because content decides which is good.
    """
    tree = _Tree(container)
    for count, item in enumerate(listed):
        if count >= MAX_MEMBERS or tree.folder_names >= _MAX_FOLDER_NAMES:
            tree.leave_the_rest(count)
            break
        tree.add(item)
    yield from sorted(tree.entries(), key=lambda entry: entry.path)


_MEMBER_ADVICE: Final = "unpack the archive yourself and give the folder, or download this file individually"
_ARCHIVE_ADVICE: Final = "download or copy the archive again, or download the missing files individually"
_TOO_MANY_ADVICE: Final = "unpack the archive yourself and give the folder"


class UnsafeNameError(Exception):
    """A path that leads out of the archive."""


def safe_parts(name: str, folder: _Parts = ()) -> _Parts:
    """Split a path that counts from ``folder``, following ``..`` as far as the archive's top.

    Raises UnsafeNameError for one that is absolute or leads above the top.
    """
    if name.startswith("/") or _DRIVE.match(name):
        raise UnsafeNameError("an absolute path")
    parts = list(folder)
    for part in name.split("/"):
        if part == "..":
            if not parts:
                raise UnsafeNameError("a path outside the archive")
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


class _Tree:
    def __init__(self, container: SourceFile) -> None:
        self._container = container
        self._files: list[tuple[_Parts, Member]] = []
        self._links: list[tuple[_Parts, Link]] = []
        self._problems: list[SourceProblem] = []
        self._folders: set[_Parts] = set()
        self.folder_names = 0
        self._by_parts: dict[_Parts, Member | Link] = {}

    def add(self, item: Listed) -> None:
        if isinstance(item, Flaw):
            self._refuse(item.name, item.reason, is_empty=item.is_empty, is_bridged=item.is_bridged)
            return
        parts = self._parts_of(item.name)
        if not parts:
            return
        self._add_folders(parts[:-1])
        match item:
            case Folder():
                self._add_folders(parts)
            case Member():
                self._files.append((parts, item))
                self._by_parts[parts] = item
            case Link():
                self._links.append((parts, item))
                self._by_parts[parts] = item

    def entries(self) -> Iterator[SourceFile | SourceProblem]:
        found = [*self._files, *self._followed()]
        free_names = _FreeNames(self._folders, (parts for parts, _ in found))
        # Backwards, for the last of several members keeps the name.
        for parts, member in reversed(found):
            yield self._file(free_names.take(parts), member)
        yield from self._problems

    def _parts_of(self, name: str) -> _Parts:
        try:
            if len(name) > _MAX_NAME:
                raise UnsafeNameError(f"a path of {len(name):,} characters")
            # `a/../b` is harmless, but nothing that writes downloads makes it.
            if ".." in name.split("/"):
                raise UnsafeNameError("a path with .. in it")
            return safe_parts(name)
        except UnsafeNameError as error:
            self._refuse(name[:_MAX_NAME], f"{error} as a name in an archive; refused")
            return ()

    def _add_folders(self, parts: _Parts) -> None:
        while parts and parts not in self._folders:
            self._folders.add(parts)
            self.folder_names += len(parts)
            parts = parts[:-1]

    def _followed(self) -> Iterator[tuple[_Parts, Member]]:
        for parts, link in self._links:
            target = self._follow(parts, link)
            if isinstance(target, Member):
                yield parts, target
            elif target:
                self._refuse(link.name, target, is_empty=True)

    def _follow(self, parts: _Parts, link: Link) -> Member | str:
        """The member a link leads to, or why it leads to none; nothing to say of links to folders."""
        for _ in range(_MAX_HOPS):
            if len(link.target) > _MAX_NAME:
                return f"a link to a path of {len(link.target):,} characters; refused"
            try:
                parts = safe_parts(link.target, () if link.is_hard else parts[:-1])
            except UnsafeNameError:
                return f"a link to outside the archive, to {link.target}; refused"
            found = self._by_parts.get(parts)
            if isinstance(found, Member):
                return found
            if found is None:
                lost = f"a link to {link.target}, which isn't in the archive"
                return "" if parts in self._folders or not parts else lost
            link = found
        return "a circular link"

    def _refuse(self, name: str, reason: str, *, is_empty: bool = False, is_bridged: bool = False) -> None:
        self._problems.append(
            SourceProblem(
                path=self._path(name.split("/")) if name else self._container.path,
                reason=reason,
                advice=_MEMBER_ADVICE if name else _ARCHIVE_ADVICE,
                kind=_kind_of(is_empty=is_empty, is_bridged=is_bridged),
                archive=self._container.path,
                size=None if name else self._container.size,
                borrowed=self._container.borrowed,
            )
        )

    def leave_the_rest(self, count: int) -> None:
        reason = f"only its first {count:,} members are read; it has too many"
        self._problems.append(
            SourceProblem(
                path=self._container.path,
                reason=reason,
                advice=_TOO_MANY_ADVICE,
                kind=ProblemKind.ARCHIVE,
                archive=self._container.path,
                size=self._container.size,
                borrowed=self._container.borrowed,
            )
        )

    def _path(self, parts: Iterable[str]) -> str:
        # Not by pathlib, which would follow a hostile name to the root.
        return self._container.path + "".join(os.sep + part for part in parts)

    def _file(self, parts: _Parts, member: Member) -> SourceFile:
        return SourceFile(
            path=self._path(parts),
            parts=parts,
            size=member.size,
            address=address.Member(self._path(parts), member.content),
            borrowed=self._container.borrowed,
        )


def _kind_of(*, is_empty: bool, is_bridged: bool) -> ProblemKind:
    if is_bridged:
        return ProblemKind.DAMAGE
    return ProblemKind.NOTHING if is_empty else ProblemKind.ARCHIVE


class _FreeNames:
    """Gives each file a path of its own; the first to ask for one gets it."""

    def __init__(self, folders: Iterable[_Parts], wanted: Iterable[_Parts]) -> None:
        self._taken = set(folders)
        self._wanted = frozenset(wanted)
        self._counts: dict[_Parts, int] = {}

    def take(self, parts: _Parts) -> _Parts:
        free = parts
        while free in self._taken or (free != parts and free in self._wanted):
            count = self._counts[parts] = self._counts.get(parts, 0) + 1
            free = (*parts[:-1], f"{parts[-1]} (earlier{f' {count}' if count > 1 else ''})")
        self._taken.add(free)
        return free
