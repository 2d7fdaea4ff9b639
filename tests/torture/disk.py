"""A disk whose power is cut: what was written through is there, of everything else any part may be.

The model is that of POSIX, as ALICE uses it (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014): the
bytes of a file are durable after fsync of the file, a name is after fsync of its folder, a rename is one step. What
isn't durable may be there or not, in any combination, whatever the order in which it was done; bytes that aren't may
be absent, zeros, or a part.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.torture.states import State


@dataclass(frozen=True)
class Call:
    """One call of the trace; what the letters mean stands in shim.c, at each ``record``."""

    kind: str
    offset: int
    path: str
    other: str
    data: bytes = b""


def calls_of(trace: bytes, root: Path) -> Iterator[Call]:
    """Read a trace; paths become relative to the root."""
    at = 0
    while at < len(trace):
        head, path, other = (text.decode() for text in trace[at:].split(b"\0", 3)[:3])
        kind, one, two = head.split(" ")
        at += sum(len(text.encode()) + 1 for text in (head, path, other))
        size = int(two) if kind == "W" else 0
        yield Call(kind, int(one), _relative(path, root), _relative(other, root), trace[at : at + size])
        at += size


def _relative(path: str, root: Path) -> str:
    return path.removeprefix(f"{root}").lstrip("/")


@dataclass(frozen=True)
class _Change:
    """What a call did: names that were given or taken away (a node of None), or bytes of a file.

    ``synced`` is the node that an fsync has made durable.
    """

    names: tuple[tuple[int, str, int | None, int | None], ...] = ()
    file: int | None = None
    offset: int = 0
    data: bytes | None = None
    synced: int | None = None

    @property
    def nodes(self) -> tuple[int, ...]:
        return tuple(folder for folder, *_ in self.names) if self.file is None else (self.file,)


@dataclass
class Disk:
    """The nodes of a file system, and what was done to them since the old state."""

    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {0: {}})
    first: dict[int, bytes] = field(default_factory=dict)
    changes: list[_Change] = field(default_factory=list)
    _new: Iterator[int] = field(default_factory=lambda: count(1))
    _before: dict[int, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, old: State, calls: Iterator[Call]) -> Disk:
        """The disk on which the calls were done after the old state, which was durable."""
        disk = cls()
        for path, content in old.items():
            folder, name = disk._place(path)
            node = disk._made(is_folder=content is None)
            disk.folders[folder][name] = node
            disk.first |= {} if content is None else {node: content}
        disk._before = {node: dict(names) for node, names in disk.folders.items()}
        for call in calls:
            change = disk._done(call)
            if change:
                disk.changes.append(change)
        return disk

    def _node(self, path: str) -> int | None:
        node: int | None = 0
        for name in path.split("/") if path else ():
            node = self.folders.get(node, {}).get(name) if node is not None else None
        return node

    def _place(self, path: str) -> tuple[int, str]:
        above, _, name = path.rpartition("/")
        folder = self._node(above)
        assert folder is not None, path
        return folder, name

    def _done(self, call: Call) -> _Change | None:
        node = self._node(call.path)
        if call.kind in "OMLURX":
            return self._named(*self._names(call, node))
        if node is None:
            # It lost its last name while it was open.
            return None
        if call.kind == "F":
            return _Change(synced=node)
        return _Change((), node, call.offset, call.data if call.kind == "W" else None) if call.kind in "WT" else None

    def _names(self, call: Call, node: int | None) -> Iterator[tuple[int, str, int | None]]:
        """The names that a call gives to a node, or takes away."""
        if call.kind == "R" and node == self._node(call.other):
            return
        if call.kind == "L":
            yield (*self._place(call.other), node)
        elif call.kind in "OM":
            yield (*self._place(call.path), self._made(is_folder=call.kind == "M"))
        else:
            yield (*self._place(call.path), self._node(call.other) if call.kind == "X" else None)
            if call.kind in "RX":
                yield (*self._place(call.other), node)

    def _made(self, *, is_folder: bool) -> int:
        node = next(self._new)
        if is_folder:
            self.folders[node] = {}
        else:
            self.first[node] = b""
        return node

    def _named(self, *names: tuple[int, str, int | None]) -> _Change:
        full = tuple((folder, name, node, self.folders[folder].get(name)) for folder, name, node in names)
        for folder, name, node, _ in full:
            if node is None:
                self.folders[folder].pop(name, None)
            else:
                self.folders[folder][name] = node
        return _Change(full)

    def cut(self, at: int, chance: random.Random) -> tuple[dict[str, bytes | None], dict[str, int]]:
        """A state that a power cut after so many changes may leave, and the node of each of its paths."""
        done = self.changes[:at]
        durable = _durable(done)
        fates = {change.file: chance.choice(("whole", "absent", "zeros", "part")) for change in done if change.file}
        share = chance.random()
        names = {node: dict(entries) for node, entries in self._before.items()}
        contents = {node: bytearray(content) for node, content in self.first.items()}
        for number, change in enumerate(done):
            if change.file is not None:
                fate = "whole" if number in durable else fates[change.file]
                _write(contents[change.file], change, fate, chance)
            elif number in durable or chance.random() < share:
                _name(names, change)
        nodes = dict(_paths(0, "", names))
        return {path: None if node in self.folders else bytes(contents[node]) for path, node in nodes.items()}, nodes


def _durable(done: list[_Change]) -> set[int]:
    """The numbers of the changes after which one of their nodes was synced."""
    durable: set[int] = set()
    synced: set[int] = set()
    for number in range(len(done) - 1, -1, -1):
        change = done[number]
        if change.synced is not None:
            synced.add(change.synced)
        if any(node in synced for node in change.nodes):
            durable.add(number)
    return durable


def _write(content: bytearray, change: _Change, fate: str, chance: random.Random) -> None:
    if fate == "absent":
        return
    if change.data is None:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    data = change.data
    if fate == "zeros":
        data = bytes(len(data))
    elif fate == "part":
        data = data[: chance.randrange(len(data) + 1)]
    end = change.offset + len(data)
    content.extend(bytes(max(0, end - len(content))))
    content[change.offset : end] = data


def _name(names: dict[int, dict[str, int]], change: _Change) -> None:
    for folder, name, node, former in change.names:
        entries = names.setdefault(folder, {})
        if node is not None:
            entries[name] = node
        elif entries.get(name) == former:
            entries.pop(name, None)


def _paths(folder: int, above: str, names: dict[int, dict[str, int]]) -> Iterator[tuple[str, int]]:
    for name, node in names.get(folder, {}).items():
        yield f"{above}{name}", node
        yield from _paths(node, f"{above}{name}/", names)
