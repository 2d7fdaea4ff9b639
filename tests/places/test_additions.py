"""What every store promises to those who add to it, be it a folder or a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from importer.errors import OutputError
from importer.places.additions import Additions
from importer.places.changes import WritableStore
from importer.places.cloud.store import CloudStore
from importer.places.durability import Durability
from importer.places.store import Stamp, opened_at
from tests.places.bucket import BucketAdditions, BucketStore
from tests.places.folder import in_folder
from tests.programs.s3_server import objects_in

SYNC = Durability()

Filled = Callable[[Mapping[str, bytes]], WritableStore]


def objects_of(store: WritableStore) -> dict[str, bytes]:
    """Everything in the store, also what is in no listing."""
    if isinstance(store, BucketStore):
        return {key.removeprefix(f"{store.prefix}/"): content for key, content in store.objects.items()}
    if isinstance(store, CloudStore):
        return objects_in(store)
    root = Path(store.shown(""))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def by_name(key: str) -> int:
    return int(key.startswith("last"))


def refuse() -> None:
    raise OutputError("the tag is taken")


def read(store: WritableStore, key: str) -> tuple[bytes, Stamp | None]:
    opened = opened_at(store, key)
    if not opened:
        return b"", None
    with opened.stream as stream:
        return stream.read(), opened.stamp


def append(store: WritableStore, additions: Additions, line: bytes) -> Callable[[], None]:
    """Add a line to the object that all add to."""

    def merge() -> None:
        content, stamp = read(store, "last")
        additions.replace("last", content + line, stamp)
        additions.put(f"blobs/{(content + line).decode()}", [content + line])

    return merge


@pytest.mark.parametrize("before", [{}, {"a": b"one"}], ids=["new", "there"])
def test_nothing_is_seen_before_the_end_and_all_of_it_then(filled: Filled, before: dict[str, bytes]) -> None:
    store = filled(before)
    with store.adding(by_name, SYNC) as additions:
        additions.put("b/new", [b"two ", b"parts"])
        additions.replace("last", b"index", None)
        upload = additions.begin(["b/copy", "b/other"])
        upload.write(memoryview(b"co"))
        upload.write(b"py")
        upload.close()
        upload.keep("b/copy")
        assert [opened_at(store, key) for key in ("b/new", "last", "b/copy")] == [None] * 3
        additions.finish()
    assert objects_of(store) == {**before, "b/new": b"two parts", "b/copy": b"copy", "last": b"index"}


@pytest.mark.parametrize("before", [{}, {"a": b"one"}], ids=["new", "there"])
def test_what_is_not_finished_is_gone(filled: Filled, before: dict[str, bytes]) -> None:
    store = filled(before)
    with store.adding(by_name, SYNC) as additions:
        additions.put("a", [b"two"])
        upload = additions.begin(["c"])
        upload.write(b"begun")
        upload.close()
    with suppress(OutputError), store.adding(by_name, SYNC) as additions:
        additions.put("a", [b"two"])
        additions.finish(refuse)
    assert objects_of(store) == before


def test_an_upload_that_is_dropped_or_never_kept_is_not_added(filled: Filled) -> None:
    store = filled({"a": b"one"})
    with store.adding(by_name, SYNC) as additions:
        for is_whole in (True, False):
            upload = additions.begin(["b"])
            upload.write(b"bytes of another digest")
            if is_whole:
                upload.close()
            else:
                upload.drop()
        additions.finish()
    assert objects_of(store) == {"a": b"one"}


def test_a_content_that_fails_leaves_nothing(filled: Filled) -> None:
    def broken() -> Iterator[bytes]:
        yield b"begun"
        raise OutputError("not the bytes of its digest")

    store = filled({"a": b"one"})
    with store.adding(by_name, SYNC) as additions:
        additions.put("b", [b"right"])
        for key in ("a", "b"):
            with pytest.raises(OutputError, match="digest"):
                additions.put(key, broken())
        additions.finish()
    assert objects_of(store) == {"a": b"one"}


def test_what_is_added_last_under_a_key_counts(filled: Filled) -> None:
    store = filled({"a": b"one"})
    with store.adding(by_name, SYNC) as additions:
        additions.put("a", [b"two"])
        additions.put("a", [b"three"])
        additions.replace("b", b"four", None)
        additions.replace("b", b"five", None)
        additions.finish()
    assert objects_of(store) == {"a": b"three", "b": b"five"}


def test_what_is_relied_upon_has_to_be_there_at_the_end(filled: Filled) -> None:
    store = filled({"a": b"one"})
    with store.adding(by_name, SYNC) as additions:
        additions.rely_on("a")
        additions.put("b", [b"two"])
        additions.finish()
    with store.adding(by_name, SYNC) as additions:
        additions.rely_on("x")
        additions.put("c", [b"three"])
        with pytest.raises(OutputError, match=r"x.*: has disappeared"):
            additions.finish()
    assert objects_of(store) == {"a": b"one", "b": b"two"}


@pytest.mark.parametrize("before", [{}, {"last": b"0"}], ids=["new", "there"])
def test_several_at_once_all_get_into_what_they_add_to(filled: Filled, before: dict[str, bytes]) -> None:
    store = filled(before)
    with store.adding(by_name, SYNC) as first, store.adding(by_name, SYNC) as second:
        first.put("of/first", [b"1"])
        second.put("of/second", [b"2"])
        second.finish(append(store, second, b"2"))
        first.finish(append(store, first, b"1"))
    content = before.get("last", b"").decode()
    assert {key: text.decode() for key, text in objects_of(store).items()} == {
        "last": f"{content}21",
        "of/first": "1",
        "of/second": "2",
        f"blobs/{content}2": f"{content}2",
        f"blobs/{content}21": f"{content}21",
    }


def test_what_was_made_of_a_state_that_is_past_is_forgotten(filled: Filled) -> None:
    """A new folder that another process makes meanwhile; a bucket that is written to between reading and writing."""
    store = filled({})
    with store.adding(by_name, SYNC) as late:
        late.put("of/late", [b"1"])
        calls: list[str] = []

        def merge() -> None:
            append(store, late, b"1")()
            if not calls:
                with store.adding(by_name, SYNC) as rival:
                    rival.finish(append(store, rival, b"2"))
            calls.append("merge")

        late.finish(merge)
    assert len(calls) == 2
    objects = objects_of(store)
    assert {key: objects.pop(key) for key in ("last", "of/late")} == {"last": b"21", "of/late": b"1"}
    # What says itself what is in it may stay where nothing can be taken back: nobody finds it.
    assert objects in ({"blobs/2": b"2", "blobs/21": b"21"}, {"blobs/1": b"1", "blobs/2": b"2", "blobs/21": b"21"})
    assert "blobs/1" not in objects or not store.has_folders


def test_a_new_folder_may_have_empty_ones(tmp_path: Path) -> None:
    store = in_folder(tmp_path / "new")({})
    with store.adding(by_name, SYNC) as additions:
        additions.make_folder("empty/folder")
        additions.finish()
    assert (Path(store.shown("")) / "empty" / "folder").is_dir()


class TestConditions:
    """What a store does that can't keep others out."""

    @pytest.fixture
    def store(self) -> BucketStore:
        return BucketStore.filled("conditions", {"last": b"0"})

    def test_the_order_is_that_of_the_ranks(self, store: BucketStore, monkeypatch: pytest.MonkeyPatch) -> None:
        order: list[str] = []
        monkeypatch.setattr(BucketAdditions, "between", order.append)
        with store.adding(["blob", "link", "tag"].index, SYNC) as additions:
            for key in ("tag", "blob", "link"):
                additions.put(key, [b""])
            additions.finish()
        assert order == ["blob", "link", "tag"]

    def test_the_same_bytes_by_somebody_else_are_as_good(
        self, store: BucketStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def write_the_same(key: str) -> None:
            with store.adding(by_name, SYNC) as rival:
                monkeypatch.undo()
                rival.put(key, [b"1"])
                rival.finish()

        monkeypatch.setattr(BucketAdditions, "between", write_the_same)
        with store.adding(by_name, SYNC) as additions:
            additions.replace("a", b"1", None)
            additions.finish()
        assert store.objects == {"a": b"1", "last": b"0"}

    def test_who_never_comes_to_an_end_gives_up(self, store: BucketStore) -> None:
        with store.adding(by_name, SYNC) as additions:
            additions.replace("last", b"1", ("what it never had",))
            with pytest.raises(OutputError, match="keep changing"):
                additions.finish()
        assert store.objects == {"last": b"0"}
