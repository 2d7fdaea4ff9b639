"""Which members of which layers make up an image's file system.

Source: OCI image-spec, layer.md, "Applying Changesets" and "Whiteouts". A name's parents are followed
through symbolic links, as they are when layers are unpacked one over the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from importer.errors import CannotWriteError
from importer.words.printable import printable
from importer.writers.tar_entries import FOLDER, HARD_LINK, SYMBOLIC_LINK, TarEntry

Origin = tuple[int, int]
"""A layer's number, and a member's number in it; both count from 0."""

WHITEOUT: Final = b".wh."
OPAQUE: Final = b".wh..wh..opq"
_METADATA: Final = b".wh..wh."
_MAX_LINKS: Final = 40
"""Links that are followed one after the other; as many as Linux, and so docker, follows (path_resolution(7))."""

_MAX_PATH: Final = 4096
_MAX_NAMES: Final = 2_000_000
"""Files, and folders, which count twice; large images have a tenth. Each takes 200 bytes of memory."""

_FOLDER_COST: Final = 2

_MAX_STEPS: Final = 20_000_000
"""Folders that are gone through on the way to all files; ten for each in real images."""


class MergedNames:
    """The names of all files, layer by layer; constant memory for each name, none for contents."""

    def __init__(self) -> None:
        self._root = _Node(children={})
        self._names_left = _MAX_NAMES
        self._steps_left = _MAX_STEPS

    def apply(self, layer: int, entries: Iterable[TarEntry], title: str) -> None:
        """Lay one more layer over the others.

        Whiteouts take away what lower layers hold, wherever they stand in their layer: so they go first.
        """
        members: list[tuple[int, bytes, bytes, bytes]] = []
        for number, entry in enumerate(entries):
            parts = _parts(entry.path, title)
            if parts and parts[-1].startswith(WHITEOUT):
                self._take_away(parts)
            elif len(members) >= _MAX_NAMES:
                raise _too_many_names(title)
            else:
                link = entry.link if entry.kind in (HARD_LINK, SYMBOLIC_LINK) else b""
                if len(link) > _MAX_PATH:
                    raise _too_long(title, link)
                members.append((number, b"/".join(parts), entry.kind, link))
        for number, path, kind, link in members:
            self._add((layer, number), _steps(path), kind, link, title)
            self._check_cost(title)

    def survivors(self) -> Mapping[Origin, Sequence[bytes]]:
        """By their origin, the members that are part of the file system, with all their names in order."""
        names: dict[Origin, list[bytes]] = {}
        for path, node in self._root.walk(b""):
            if node.origin:
                names.setdefault(node.origin, []).append(path)
        return names

    def _take_away(self, parts: list[bytes]) -> None:
        parent = self._folder(parts[:-1], make=False)
        if parent is None or parent.children is None:
            return
        if parts[-1] == OPAQUE:
            parent.children.clear()
        elif not parts[-1].startswith(_METADATA):
            parent.children.pop(parts[-1][len(WHITEOUT) :], None)

    def _add(self, origin: Origin, parts: list[bytes], kind: bytes, link: bytes, title: str) -> None:
        parent = self._folder(parts[:-1], make=True)
        if parent is None or parent.children is None:
            self._check_cost(title)
            raise CannotWriteError(f"{title} has links that form a loop: {_shown(b'/'.join(parts))}")
        if kind == FOLDER:
            folder = parent.children.get(parts[-1]) if parts else self._root
            if folder is None or folder.children is None:
                folder = self._put(parent.children, parts[-1], _Node(children={}))
            folder.origin = origin
        elif parts and kind == HARD_LINK:
            self._put(parent.children, parts[-1], self._target(_parts(link, title), title))
        elif parts:
            self._put(parent.children, parts[-1], _Node(origin, target=link if kind == SYMBOLIC_LINK else None))

    def _put(self, children: dict[bytes, _Node], name: bytes, node: _Node) -> _Node:
        if name not in children:
            self._names_left -= 1 if node.children is None else _FOLDER_COST
        children[name] = node
        return node

    def _check_cost(self, title: str) -> None:
        if self._names_left < 0:
            raise _too_many_names(title)
        if self._steps_left < 0:
            raise CannotWriteError(
                f"{title} has names and links that lead through more than {_MAX_STEPS:,} folders; refused, as an attack"
            )

    def _target(self, parts: list[bytes], title: str) -> _Node:
        parent = self._folder(parts[:-1], make=False)
        node = parent.children.get(parts[-1]) if parts and parent and parent.children else None
        if node is None or node.children is not None:
            raise CannotWriteError(
                f"{title} has a hard link to {_shown(b'/'.join(parts))}, and there is no such file; docker "
                "can't unpack it either"
            )
        return node

    def _folder(self, parts: list[bytes], *, make: bool) -> _Node | None:
        stack, ahead, links = [self._root], deque(parts), 0
        self._steps_left -= len(parts)
        while ahead:
            part = ahead.popleft()
            if part == b"..":
                del stack[max(1, len(stack) - 1) :]
                continue
            siblings = stack[-1].children
            child = siblings.get(part) if siblings is not None else None
            if child and child.target is not None:
                links += 1
                steps = _steps(child.target)
                self._steps_left -= len(steps)
                stack = [self._root] if child.target.startswith(b"/") else stack
                ahead.extendleft(reversed(steps))
            elif child is None or child.children is None:
                if not make or siblings is None:
                    return None
                child = self._put(siblings, part, _Node(children={}))
                stack.append(child)
            else:
                stack.append(child)
            if links > _MAX_LINKS or min(self._names_left, self._steps_left) < 0:
                return None
        return stack[-1]


class _Node:
    """A file; hard links to it are the same node under other names."""

    __slots__ = ("children", "origin", "target")

    def __init__(
        self,
        origin: Origin | None = None,
        children: dict[bytes, _Node] | None = None,
        target: bytes | None = None,
    ) -> None:
        self.origin = origin
        self.children = children
        self.target = target

    def walk(self, path: bytes) -> Iterator[tuple[bytes, _Node]]:
        """The node and all below it, each folder's names in order."""
        ahead = [(path, self)]
        while ahead:
            path, node = ahead.pop()
            yield path or b".", node
            below = sorted((node.children or {}).items(), reverse=True)
            ahead += [(path + b"/" + name if path else name, child) for name, child in below]


def _steps(path: bytes) -> list[bytes]:
    return [step for step in path.split(b"/") if step not in (b"", b".")]


def _parts(path: bytes, title: str) -> list[bytes]:
    if len(path) > _MAX_PATH:
        raise _too_long(title, path)
    parts = _steps(path)
    if b".." in parts:
        raise CannotWriteError(f"{title} holds the path {_shown(path)}, which could lead out of the image")
    return parts


def _too_long(title: str, path: bytes) -> CannotWriteError:
    return CannotWriteError(f"{title} holds a path of {len(path)} bytes; Linux, and so docker, allows 4096 at most")


def _too_many_names(title: str) -> CannotWriteError:
    return CannotWriteError(
        f"with {title}, the image has more than {_MAX_NAMES:,} files and folders; leave out --squash, so that docker "
        "unpacks each layer"
    )


def _shown(path: bytes) -> str:
    return printable(path.decode("utf-8", "backslashreplace"))
