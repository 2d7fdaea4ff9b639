"""How files get into their places: all or none, and without touching what living runs are at."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from importer.cli.interrupts import watch_signals
from importer.errors import OutputError
from importer.places import space
from importer.places.durability import Durability
from importer.places.placing import Placing
from importer.places.unfinished import dead_folders, remove_leftovers, unfinished_folder


@dataclass(frozen=True)
class FailingDisk(Durability):
    """A disk that breaks when so many batches of folders were written through."""

    batches: int = 0
    seen: list[list[Path]] = field(default_factory=list)

    def folders(self, paths: Iterable[Path]) -> None:
        self.seen.append(list(paths))
        if len(self.seen) > self.batches:
            raise OSError(errno.EIO, "Input/output error")


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def files_of(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


class TestPlacing:
    @pytest.mark.parametrize("batches", [0, 1])
    def test_a_disk_that_breaks_half_way_gets_the_old_state_back(self, batches: int, tmp_path: Path) -> None:
        target = tree(tmp_path / "target", {"a/old": "1", "last": "2"})
        source = tree(tmp_path / "source", {"a/new": "3", "a/old": "4", "b/c/new": "5", "last": "6"})
        spare = tree(tmp_path / "spare", {"x": ""})
        disk = FailingDisk(batches=batches)
        with pytest.raises(OSError, match="Input/output"), Placing(spare, disk) as placing:
            placing.merge(source, target, lambda path: int(path == "last"))
        assert files_of(target) == {"a/old": "1", "last": "2"}
        assert sorted(path.name for path in target.iterdir()) == ["a", "last"]

    def test_what_others_have_put_into_a_new_folder_stays(self, tmp_path: Path) -> None:
        target = tree(tmp_path / "target", {"old": "1"})
        source = tree(tmp_path / "source", {"b/new": "5"})
        placing = Placing(tmp_path, Durability())
        placing.merge(source, target, lambda _: 0)
        tree(target, {"b/others": "6"})
        placing.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
        assert files_of(target) == {"old": "1", "b/others": "6"}

    def test_a_higher_rank_comes_when_the_lower_one_is_on_the_disk(self, tmp_path: Path) -> None:
        target = tree(tmp_path / "target", {"a/old": "1"})
        source = tree(tmp_path / "source", {"a/blob": "2", "tag": "3"})
        disk = FailingDisk(batches=9)
        with Placing(tmp_path, disk) as placing:
            placing.merge(source, target, lambda path: int(path == "tag"))
        assert disk.seen == [[target / "a"], [target]]

    def test_a_link_that_leads_out_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        target = tree(tmp_path / "target", {"old": "1"})
        (target / "a").symlink_to(tmp_path / "elsewhere")
        source = tree(tmp_path / "source", {"a/new": "2"})
        with pytest.raises(OutputError, match="is a link"), Placing(tmp_path, Durability()) as placing:
            placing.merge(source, target, lambda _: 0)
        assert list((tmp_path / "elsewhere").iterdir()) == []


class TestLeftovers:
    def test_a_living_runs_folder_stays(self, tmp_path: Path) -> None:
        with unfinished_folder(tmp_path) as folder:
            tree(folder, {"blob": "1"})
            remove_leftovers(tmp_path)
            assert files_of(folder) == {"blob": "1", "lock": ""}
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("left", [{"lock": "", "whole/blob": "1"}, {"whole/blob": "1"}, {"lock": ""}])
    def test_a_dead_ones_goes(self, left: dict[str, str], tmp_path: Path) -> None:
        tree(tmp_path / ".blobfix-0123456789abcdef", left)
        remove_leftovers(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_what_is_kept_on_purpose_stays(self, tmp_path: Path) -> None:
        tree(tmp_path, {".blobfix-sha256__ab.part": "1", ".blobfix-set-aside/x": "2", "blob": "3"})
        remove_leftovers(tmp_path)
        assert len(files_of(tmp_path)) == 3
        assert list(dead_folders(tmp_path)) == []


def test_a_disk_that_is_too_small_is_told_with_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"1,152,921,504,606,846,976 bytes must be written, .* bytes are free"):
        space.demand_space(tmp_path, 1 << 60)


class TestSignals:
    @pytest.fixture
    def moments(self) -> Iterable[list[float]]:
        moments = [0.0]
        with ExitStack() as stack:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                stack.callback(signal.signal, number, signal.getsignal(number))
            # Whoever runs the tests under nohup has it ignored.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            watch_signals(lambda: moments[0])
            yield moments

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_the_first_interrupts_and_the_next_leave_the_cleaning_up_alone(
        self, moments: list[float], number: signal.Signals
    ) -> None:
        raise_signal: Callable[[int], None] = signal.raise_signal
        with pytest.raises(KeyboardInterrupt):
            raise_signal(number)
        raise_signal(signal.SIGTERM)
        raise_signal(number)
        moments[0] = 11.0
        with pytest.raises(KeyboardInterrupt):
            raise_signal(number)

    def test_nohup_is_respected(self, moments: list[float]) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        watch_signals(lambda: 0.0)
        signal.raise_signal(signal.SIGHUP)
