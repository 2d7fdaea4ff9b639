"""What is remembered between runs, and when it is believed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.domain.digest import Digest
from importer.inspection import file_facts, inspecting
from importer.places.named import SCHEMES
from importer.places.store import Identity
from importer.storage_tree.contents import ReadBlob
from importer.work import remembering
from importer.work.remembering import Key, Note
from importer.work.share import Share
from importer.work.state import State
from tests.damage import cut_at, flip_byte
from tests.images.content import noise, sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run
from tests.places.bucket import BucketStore
from tests.storage_tree.written_tree import write_tree

DAY = 86_400 * 10**9
IMAGE = make_image(sample_layers("state", 50_000))


class Clock:
    """Stands ``ahead`` nanoseconds before the system's, so that no test has to wait until a file is old enough."""

    ahead = 10**10

    def time_ns(self) -> int:
        return time.time_ns() + self.ahead


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(remembering, "time", clock)
    return clock


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read to their end."""
    names: list[str] = []
    original = file_facts.inspect_file

    def inspect_file(file: Any, *arguments: Any, **options: Any) -> Any:
        names.append(file.name)
        return original(file, *arguments, **options)

    monkeypatch.setattr(inspecting, "inspect_file", inspect_file)
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")


def scan(tmp_path: Path, *more: str | Path) -> dict[str, Any]:
    result = run("scan", tmp_path / "in", "--format", "json", "--state", tmp_path / "s.state", *more)
    report = result.json
    return {**report, "exit": result.code}


def without_state(report: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if key != "state"}


class TestScan:
    def test_what_is_unchanged_is_not_read_again(self, folder: Path, tmp_path: Path, read: list[str]) -> None:
        first = scan(tmp_path)
        files = len(list(folder.iterdir()))
        assert (first["state"]["read"]["files"], first["state"]["remembered"]["files"]) == (files, 0)
        read.clear()
        second = scan(tmp_path)
        assert read == []
        assert second["state"]["remembered"]["bytes"] == first["state"]["read"]["bytes"] > 0
        assert second["state"]["read"] == {"files": 0, "bytes": 0}
        assert without_state(second) == without_state(first)

    def test_the_report_is_that_of_a_run_without_a_state(self, folder: Path, tmp_path: Path) -> None:
        cut_at(max(folder.iterdir(), key=lambda path: path.stat().st_size), 300)
        plain = run("scan", tmp_path / "in", "--deep", "--format", "json")
        for _ in range(2):
            told = scan(tmp_path, "--deep")
            assert told["exit"] == plain.code == 4
            assert {**without_state(told), "exit": None} == {**plain.json, "exit": None}

    @pytest.mark.parametrize(
        "change",
        [
            lambda path: flip_byte(path, 100),
            os.utime,
            lambda path: path.write_bytes(path.read_bytes()),
            lambda path: path.rename(path.with_name("other")),
        ],
        ids=["byte", "time", "rewritten", "renamed"],
    )
    def test_what_is_changed_is_read(
        self, change: Callable[[Path], object], folder: Path, tmp_path: Path, read: list[str]
    ) -> None:
        scan(tmp_path)
        read.clear()
        path = max(folder.iterdir(), key=lambda path: path.stat().st_size)
        change(path)
        scan(tmp_path)
        assert len(read) == 1

    def test_a_change_that_keeps_the_time_is_seen(self, folder: Path, tmp_path: Path, read: list[str]) -> None:
        path = max(folder.iterdir(), key=lambda path: path.stat().st_size)
        scan(tmp_path)
        before = path.stat()
        flip_byte(path, 100)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        read.clear()
        assert scan(tmp_path)["exit"] == 4
        assert read == [path.name]

    def test_what_was_changed_just_before_is_not_believed(
        self, folder: Path, tmp_path: Path, read: list[str], clock: Clock
    ) -> None:
        clock.ahead = 0
        scan(tmp_path)
        files = [*read]
        read.clear()
        scan(tmp_path)
        assert sorted(read) == sorted(files)

    def test_what_changes_while_it_is_read_is_not_believed(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = max(folder.iterdir(), key=lambda path: path.stat().st_size)
        original = file_facts.inspect_file

        def meddling(file: Any, *arguments: Any, **options: Any) -> Any:
            facts = original(file, *arguments, **options)
            if file.name == path.name:
                os.utime(path)
            return facts

        with monkeypatch.context() as patch:
            patch.setattr(inspecting, "inspect_file", meddling)
            scan(tmp_path)
        assert scan(tmp_path)["state"]["read"]["files"] == 1

    def test_what_is_too_old_is_read_again(
        self, folder: Path, tmp_path: Path, read: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock.ahead = -40 * DAY
        monkeypatch.setattr(remembering, "_SETTLED", -50 * DAY)
        scan(tmp_path)
        read.clear()
        told = scan(tmp_path, "--max-age", "41")["state"]["remembered"]
        assert read == []
        assert told["oldest"] <= told["newest"] < time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        scan(tmp_path, "--max-age", "39")
        assert read

    def test_the_text_says_what_was_read_and_when(self, folder: Path, tmp_path: Path) -> None:
        scan(tmp_path)
        text = run("scan", tmp_path / "in", "--state", tmp_path / "s.state").text
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 10))
        assert f"Read now: 0 files, 0 bytes. Remembered: {len(list(folder.iterdir()))} files" in text
        assert f"read on {day}" in text

    def test_members_of_an_archive_are_remembered_with_it(self, folder: Path, tmp_path: Path, read: list[str]) -> None:
        shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
        shutil.rmtree(tmp_path / "in")
        (tmp_path / "in").mkdir()
        (tmp_path / "packed.zip").rename(tmp_path / "in" / "packed.zip")
        first = scan(tmp_path)
        read.clear()
        second = scan(tmp_path)
        assert read == []
        assert without_state(first) == without_state(second)

    def test_objects_of_a_bucket_are_known_by_their_tag(
        self, folder: Path, tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bucket = BucketStore.copied(tmp_path / "in", "kept")
        monkeypatch.setitem(SCHEMES, "mem", lambda _: bucket)
        words = ("scan", "mem://kept", "--state", tmp_path / "b.state")
        assert run(*words).code == 0
        read.clear()
        assert run(*words).code == 0
        assert read == []
        BucketStore.filled("kept", {**bucket.objects})
        assert run(*words).code == 0
        assert len(read) == len(bucket.objects)


class TestTheFile:
    def test_another_file_is_left_alone(self, folder: Path, tmp_path: Path) -> None:
        for content in (b"path,sha256\n", b"SQLite format 3\0" + bytes(84)):
            (tmp_path / "s.state").write_bytes(content)
            result = run("scan", tmp_path / "in", "--state", tmp_path / "s.state")
            assert (result.code, (tmp_path / "s.state").read_bytes()) == (2, content)
            assert "is not a state file, and is left as it is" in result.stderr

    def test_somebody_elses_database_is_left_alone(self, folder: Path, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "s.state") as database:
            database.execute("CREATE TABLE mine (a)")
        database.close()
        assert run("scan", tmp_path / "in", "--state", tmp_path / "s.state").code == 2

    @pytest.mark.parametrize("start", [100, 4096])
    def test_a_broken_one_is_as_none(self, start: int, folder: Path, tmp_path: Path, read: list[str]) -> None:
        scan(tmp_path)
        path = tmp_path / "s.state"
        content = path.read_bytes()
        path.write_bytes(content[:start] + b"\xff" * (len(content) - start))
        read.clear()
        result = run("scan", tmp_path / "in", "--state", path)
        assert result.code == 0
        assert len(read) == len(list(folder.iterdir()))
        assert "damaged or of another version of blobfix; everything is read again" in result.stderr
        read.clear()
        assert run("scan", tmp_path / "in", "--state", path).code == 0
        assert read == []

    def test_one_of_another_version_is_as_none(self, folder: Path, tmp_path: Path, read: list[str]) -> None:
        scan(tmp_path)
        database = sqlite3.connect(tmp_path / "s.state")
        database.execute("PRAGMA user_version=99")
        database.close()
        read.clear()
        scan(tmp_path)
        assert read

    def test_notes_that_say_nothing_are_not_believed(self, folder: Path, tmp_path: Path, read: list[str]) -> None:
        first = scan(tmp_path)
        for note in (
            b"",
            b"z",
            b"zxx",
            b"f",
            b"f[]",
            b'f["a"]',
            b"f{}",
            b"f" + b"[" * 99_999,
            b"f[9,9,9,9,9,9,9,9,9]",
            b"x1",
        ):
            database = sqlite3.connect(tmp_path / "s.state", isolation_level=None)
            database.execute("UPDATE facts SET note=?", (note,))
            database.close()
            assert without_state(scan(tmp_path)) == without_state(first)

    def test_one_process_at_a_time(self, folder: Path, tmp_path: Path) -> None:
        state = State(tmp_path / "s.state", print)
        result = run("scan", tmp_path / "in", "--state", tmp_path / "s.state")
        state.close()
        assert (result.code, "another blobfix is using this state file" in result.stderr) == (2, True)

    @pytest.mark.parametrize("where", ["in/s.state", "nowhere/s.state", "in"])
    def test_where_it_may_be(self, where: str, folder: Path, tmp_path: Path) -> None:
        before = sorted(tmp_path.rglob("*"))
        assert run("scan", tmp_path / "in", "--state", tmp_path / where).code == 2
        assert sorted(tmp_path.rglob("*")) == before

    @pytest.mark.parametrize("words", [["--max-age", "3"], ["--shard", "1/2"]])
    def test_what_needs_one(self, words: list[str], folder: Path, tmp_path: Path) -> None:
        result = run("scan", tmp_path / "in", *words)
        assert (result.code, "needs --state FILE" in result.stderr) == (2, True)

    @pytest.mark.parametrize("path", ["a/b", "\udcff/x", "é", "\n"])
    def test_any_path_may_be_a_key(self, path: str, tmp_path: Path) -> None:
        state = State(tmp_path / "s.state", print)
        key, identity, note = Key(path, "facts"), Identity((1, "x"), 5), Note(b"told", 7)
        state.note(key, identity, note, 3)
        assert state.recall(key, identity, 7) == note
        assert state.recall(key, identity, 8) is None
        assert state.recall(key, Identity((2, "x"), 5), 0) is None
        state.close()


class TestShares:
    def test_shares_together_read_each_file_once(self, folder: Path, tmp_path: Path, read: list[str]) -> None:
        states: list[str | Path] = []
        for number in (1, 2, 3):
            state = tmp_path / f"{number}.state"
            result = run("scan", tmp_path / "in", "--shard", f"{number}/3", "--state", state)
            assert (result.code, f"Share {number}/3 is read." in result.text) == (0, True)
            states += ["--state", state]
        assert sorted(read) == sorted(path.name for path in folder.iterdir())
        read.clear()
        report = run("scan", tmp_path / "in", "--format", "json", *states).json
        assert read == []
        assert report == {**run("scan", tmp_path / "in", "--format", "json").json, "state": report["state"]}

    @pytest.mark.parametrize("command", ["scan", "repair-tree"])
    def test_a_share_gives_no_report(self, command: str, folder: Path, tmp_path: Path) -> None:
        words = ("--shard", "1/2", "--state", tmp_path / "s.state", "--format", "json")
        result = run(command, tmp_path / "in", *words)
        assert (result.code, result.text, "gives no report" in result.stderr) == (2, "", True)

    @given(st.integers(1, 40), st.binary(max_size=9))
    def test_each_blob_is_in_exactly_one_share(self, count: int, content: bytes) -> None:
        digest = Digest.of(content).hex
        assert sum(Share.of(f"{number}/{count}").takes(digest) for number in range(1, count + 1)) == 1

    @pytest.mark.parametrize("text", ["0/3", "4/3", "3", "1/0", "-1/2", "", "a/b", "1/2/3", "0%", "101%", "%", "1e3%"])
    def test_what_is_no_share(self, text: str) -> None:
        with pytest.raises(ValueError, match="looks like"):
            Share.sample(text, "salt")

    def test_a_sample_takes_about_so_many_and_others_each_time(self) -> None:
        digests = [Digest.of(b"%d" % number).hex for number in range(2000)]
        first, other = (
            {digest for digest in digests if Share.sample("5%", salt).takes(digest)} for salt in ("one", "two")
        )
        assert 50 < len(first) < 170
        assert len(first & other) < 30
        assert all(Share.sample("100%", "x").takes(digest) for digest in digests)


class TestTrees:
    @pytest.fixture
    def blobs(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The blobs that are read."""
        seen: list[str] = []
        original = ReadBlob.carry_out

        def carry_out(task: ReadBlob, tools: Any) -> Any:
            seen.append(task.path)
            return original(task, tools)

        monkeypatch.setattr(ReadBlob, "carry_out", carry_out)
        return seen

    def test_a_second_check_reads_no_blob(self, tmp_path: Path, blobs: list[str]) -> None:
        tree = write_tree(tmp_path)
        flip_byte(tree.blob(), 100)
        words = ("repair-tree", tree.root, "--format", "json")
        plain, first = run(*words), run(*words, "--state", tmp_path / "t.state")
        blobs.clear()
        second = run(*words, "--state", tmp_path / "t.state")
        assert blobs == []
        assert second.code == first.code == plain.code == 4
        assert without_state(second.json) == without_state(first.json) == plain.json
        assert second.json["state"]["remembered"]["files"] == first.json["state"]["read"]["files"]

    def test_a_repair_believes_nothing(self, tmp_path: Path, blobs: list[str]) -> None:
        tree = write_tree(tmp_path)
        place = write_artifactory_folder(IMAGE, tmp_path / "download")
        words = ("repair-tree", tree.root, "--state", tmp_path / "t.state")
        assert run(*words).code == 0
        before = sorted(blobs)
        blobs.clear()
        assert run(*words, "--apply", "--blobs", place).code == 0
        assert sorted(blobs) == before
        blobs.clear()
        assert run(*words).code == 0
        assert blobs == []

    def test_shares_of_a_tree(self, tmp_path: Path, blobs: list[str]) -> None:
        tree = write_tree(tmp_path)
        states: list[str | Path] = []
        for number in range(1, 5):
            states += ["--state", tmp_path / f"{number}.state"]
            assert run("repair-tree", tree.root, "--shard", f"{number}/4", *states[-2:]).code == 0
        assert len(blobs) == len(set(blobs)) == len([*tree.root.rglob("data")])
        blobs.clear()
        assert run("repair-tree", tree.root, *states).code == 0
        assert blobs == []

    def test_subsets_together_find_what_a_whole_check_finds(self, tmp_path: Path, blobs: list[str]) -> None:
        tree = write_tree(tmp_path)
        flip_byte(tree.blob(), 100)
        codes = []
        for number in range(1, 5):
            result = run("repair-tree", tree.root, "--read-subset", f"{number}/4", "--format", "json")
            codes.append(result.code)
            assert result.json["subset"]["share"] == f"{number}/4"
        assert sorted(codes) == [0, 0, 0, 4]
        assert "(--read-subset 1/4)" in run("repair-tree", tree.root, "--read-subset", "1/4").text
        assert run("repair-tree", tree.root, "--read-subset", "100%").code == 4
        assert run("repair-tree", tree.root, "--read-subset", "1/2", "--quick").code == 2


def killed_scan(root: Path, state: Path, after: int, log: Path) -> None:
    """Scan in this process, which dies as by kill -9 in the middle of a file; ``log`` gets what was read to its end."""
    setattr(remembering, "time", Clock())  # noqa: B010 (not a name of its own)
    original = file_facts.inspect_file
    count = 0

    def inspect_file(file: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if after and count > after:
            os.kill(os.getpid(), signal.SIGKILL)
        facts = original(file, *arguments, **options)
        with log.open("a") as stream:
            stream.write(f"{file.name}\n")
        return facts

    setattr(inspecting, "inspect_file", inspect_file)  # noqa: B010 (as above)
    assert run("scan", root, "--jobs", "1", "--state", state).code in (0, 3)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for number in range(60):
        (tmp_path / "in" / f"{number:02}").write_bytes(noise(5_000 + number, str(number)))
    log, state = tmp_path / "log", tmp_path / "s.state"
    context = get_context("fork")
    monkeypatch.setattr("importer.work.state._BATCH_ROWS", 10)
    for after in (35, 0):
        process = context.Process(target=killed_scan, args=(tmp_path / "in", state, after, log))
        process.start()
        process.join()
        assert process.exitcode == (-signal.SIGKILL if after else 0)
    names = log.read_text().split()
    assert len(set(names)) == 60
    assert 0 < len(names) - 60 <= 10


class TestForeignFiles:
    """SQLite overwrites and deletes the files beside a database, whoever has made them."""

    @pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
    def test_an_input_beside_the_state_is_refused_and_stays(self, suffix: str, tmp_path: Path) -> None:
        image = tmp_path / f"m{suffix}"
        image.write_bytes(noise(5000))
        for options in ([], ["--deep"]):
            assert run("scan", image, "--state", tmp_path / "m", *options).code == 2
        assert image.read_bytes() == noise(5000)

    @pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
    def test_a_foreign_file_beside_a_new_state_is_refused_and_stays(
        self, suffix: str, folder: Path, tmp_path: Path
    ) -> None:
        foreign = tmp_path / f"s.state{suffix}"
        foreign.write_bytes(noise(5000))
        result = run("scan", folder, "--state", tmp_path / "s.state")
        assert (result.code, foreign.name in result.stderr) == (2, True)
        assert foreign.read_bytes() == noise(5000)
        assert not (tmp_path / "s.state").exists()

    @pytest.mark.parametrize("suffix", ["-wal", "-journal"])
    @pytest.mark.parametrize("version", [1, 0])
    def test_a_foreign_file_beside_an_old_state_stays(
        self, suffix: str, version: int, folder: Path, tmp_path: Path
    ) -> None:
        state = tmp_path / "s.state"
        assert run("scan", folder, "--state", state).code == 0
        content = bytearray(state.read_bytes())
        content[60:64] = version.to_bytes(4)
        state.write_bytes(content)
        foreign = tmp_path / f"s.state{suffix}"
        foreign.write_bytes(noise(5000))
        assert run("scan", folder, "--state", state).code == 2
        assert foreign.read_bytes() == noise(5000)

    def test_a_link_to_a_state_is_looked_at_where_it_leads(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        foreign = tmp_path / "elsewhere" / "real-wal"
        foreign.write_bytes(noise(5000))
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "real")
        assert run("scan", folder, "--state", tmp_path / "link").code == 2
        assert foreign.read_bytes() == noise(5000)

    @pytest.mark.parametrize("name", ["/dev/null", "s3://bucket/state", ""])
    def test_what_is_no_file_of_this_machine_is_refused(self, name: str, folder: Path) -> None:
        result = run("scan", folder, "--state", name)
        assert (result.code, "--state" in result.stderr) == (2, True)

    def test_a_pipe_is_refused(self, folder: Path, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert run("scan", folder, "--state", tmp_path / "pipe").code == 2

    @pytest.mark.parametrize(("age", "code"), [("1e400", 2), ("nan", 2), ("99999999999999999999", 0), ("1e300", 0)])
    def test_an_age_of_any_size_is_answered(self, age: str, code: int, folder: Path, tmp_path: Path) -> None:
        assert run("scan", folder, "--state", tmp_path / "s.state", "--max-age", age).code == code
