"""The model of a disk loses what it may lose, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterable

from tests.torture.disk import Call, Disk

_WRITTEN = (Call("O", 0, "new", ""), Call("W", 0, "new", "", b"content"))
_RENAMED = Call("R", 0, "new", "name")


def states(calls: Iterable[Call]) -> set[tuple[tuple[str, bytes | None], ...]]:
    """All that a cut after the calls may leave of a folder that held an older file under the name."""
    disk = Disk.of({"name": b"older"}, iter(calls))
    cuts = (disk.cut(len(disk.changes), random.Random(seed))[0] for seed in range(200))
    return {tuple(sorted(cut.items())) for cut in cuts}


def test_a_rename_without_fsync_may_leave_an_empty_file() -> None:
    assert (("name", b""),) in states([*_WRITTEN, _RENAMED, Call("F", 0, "", "")])


def test_a_file_that_is_synced_first_is_the_old_one_or_the_new_one() -> None:
    seen = states([*_WRITTEN, Call("F", 0, "new", ""), _RENAMED])
    assert {dict(state)["name"] for state in seen} == {b"older", b"content"}


def test_what_is_synced_with_its_folder_is_there() -> None:
    calls = [*_WRITTEN, Call("F", 0, "new", ""), _RENAMED, Call("F", 0, "", "")]
    assert states(calls) == {(("name", b"content"),)}


def test_a_folder_may_be_lost_with_all_that_was_moved_into_it() -> None:
    seen = states([Call("M", 0, "folder", ""), Call("R", 0, "name", "folder/name"), Call("F", 0, "folder", "")])
    assert () in seen
