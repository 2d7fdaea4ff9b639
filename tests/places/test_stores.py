"""What every store does alike, be it a folder or a bucket."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from importer.places.folder_store import FolderStore
from importer.places.opener import Opener
from importer.places.store import EntryKind, Store, is_below, joined, kind_at
from tests.places.bucket import BucketStore
from tests.places.folder import in_folder

OBJECTS = {"a": b"one", "b/c": b"two and more", "b/d/e": b"", "b-1": b"three"}

Filled = Callable[[Mapping[str, bytes]], Store]


def names(store: Store, folder: str) -> list[tuple[str, EntryKind]]:
    return sorted(((each.name, each.kind) for each in store.list(folder)), key=lambda each: each[0])


def test_a_folder_is_listed_by_the_names_in_it(filled: Filled) -> None:
    store = filled(OBJECTS)
    assert names(store, "") == [("a", EntryKind.FILE), ("b", EntryKind.FOLDER), ("b-1", EntryKind.FILE)]
    assert names(store, "b") == [("c", EntryKind.FILE), ("d", EntryKind.FOLDER)]


def test_what_is_unfinished_or_set_aside_is_in_no_listing_and_can_be_read(filled: Filled) -> None:
    store = filled({".blobfix-set-aside/x": b"aside", "a": b""})
    assert names(store, "") == [("a", EntryKind.FILE)]
    assert names(store, ".blobfix-set-aside") == [("x", EntryKind.FILE)]


def test_an_object_tells_its_kind_and_size(filled: Filled) -> None:
    store = filled(OBJECTS)
    assert store.stat("b/c")[:2] == (EntryKind.FILE, 12)
    assert [store.stat(folder).kind for folder in ("", "b", "b/d")] == [EntryKind.FOLDER] * 3
    listed = {each.name: each for each in store.list("")}
    assert listed["a"].status in (None, store.stat("a"))


def test_what_is_not_there_is_not_found(filled: Filled) -> None:
    store = filled(OBJECTS)
    for key in ("x", "b/x", "a/x"):
        assert kind_at(store, key) is None
    for read in (store.stat, store.open, lambda key: store.head(key, 1)):
        with pytest.raises(FileNotFoundError):
            read("x")


def test_an_object_is_read_whole_in_part_and_at_its_beginning(filled: Filled) -> None:
    store = filled(OBJECTS)
    stream, stamp = store.open("b/c")
    with stream:
        stream.seek(4)
        assert stream.read() == b"and more"
    assert stamp == store.stat("b/c").stamp
    assert store.head("b/c", 3) == b"two"
    assert store.head("b/d/e", 3) == b""


def test_the_opener_opens_what_a_store_has(filled: Filled) -> None:
    store = filled(OBJECTS)
    opener = Opener()
    assert b"".join(opener.blocks(store.address("b/c"), start=4, length=3)) == b"and"
    assert opener.head(store.address("a"), 9) == b"one"


def test_a_changed_object_has_another_stamp(filled: Filled) -> None:
    before = filled({"a": b"old"}).stat("a").stamp
    assert filled({"a": b"other"}).stat("a").stamp != before


def test_a_store_is_a_plain_value(filled: Filled) -> None:
    store = filled(OBJECTS)
    again = pickle.loads(pickle.dumps(store))
    assert (again, hash(again)) == (store, hash(store))
    assert again.head("a", 9) == b"one"
    address = store.address("a")
    assert pickle.loads(pickle.dumps(address)) == address


def test_a_folder_of_it_is_a_store_and_knows_what_is_above(filled: Filled) -> None:
    store = filled(OBJECTS)
    inner = store.within("b/d")
    assert inner.name == "d"
    assert inner.head("e", 9) == b""
    above, top = list(inner.parents())[:2]
    assert (above.name, top.name) == ("b", "top")
    assert above.head("c", 3) == b"two"
    assert top.real("b") == above.real("") == store.real("b")


def test_nothing_that_has_no_links_leads_out(filled: Filled) -> None:
    store = filled(OBJECTS)
    assert not any(store.leads_out(key) for key in ("", "a", "b/c", "not/there"))


def test_one_object_alone_has_the_empty_key(tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(b"tar")
    bucket = BucketStore.filled("alone", {"image.tar": b"tar"}).within("image.tar")
    for store in (FolderStore(tmp_path / "image.tar"), bucket):
        assert store.stat("")[:2] == (EntryKind.FILE, 3)
        assert (store.name, store.head("", 9)) == ("image.tar", b"tar")
        assert store.shown("").endswith("/image.tar")


@pytest.mark.parametrize(
    ("root", "key", "shown"),
    [
        (".", "a/b", "a/b"),
        (".", "", "."),
        ("x", "", "x"),
        ("x/y", "a", "x/y/a"),
        ("/", "a", "/a"),
        ("..", "a", "../a"),
    ],
)
def test_a_path_is_shown_as_it_was_given(root: str, key: str, shown: str) -> None:
    assert FolderStore(Path(root)).shown(key) == shown.replace("/", os.sep)


def test_a_link_is_listed_as_such_and_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    store = in_folder(tmp_path / "top")({"a": b"one", "b/c": b"two"})
    for name, target in (("in", "a"), ("out", "../outside"), ("folder", "b"), ("nowhere", "x")):
        (tmp_path / "top" / name).symlink_to(target)
    assert {each.name for each in store.list("") if each.kind is EntryKind.LINK} == {"in", "out", "folder", "nowhere"}
    assert store.stat("in")[:2] == (EntryKind.FILE, 3)
    assert kind_at(store, "folder") is EntryKind.FOLDER
    assert kind_at(store, "nowhere") is None
    assert store.real("folder") == store.real("b")
    assert [name for name in ("in", "out", "folder", "folder/c", "a") if store.leads_out(name)] == ["out"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_a_pipe_is_told_and_never_waited_for(tmp_path: Path) -> None:
    store = in_folder(tmp_path / "top")({"a": b""})
    os.mkfifo(tmp_path / "top" / "pipe")
    assert dict(names(store, ""))["pipe"] is EntryKind.OTHER
    assert store.stat("pipe").special == "a named pipe"
    for read in (store.open, lambda key: store.head(key, 1)):
        with pytest.raises(OSError, match="no longer a regular file"):
            read("pipe")


def test_keys_are_joined_without_empty_parts() -> None:
    assert joined("", "a", "", "b/c") == "a/b/c"
    assert joined() == ""


def test_a_place_lies_in_those_above_it(filled: Filled) -> None:
    store = filled(OBJECTS)
    inner = store.within("b/d")
    assert [is_below(each, store) for each in (store, store.within("b"), inner, store.within("new/one"))] == [True] * 4
    assert not is_below(store, inner)
    assert not is_below(store.within("b-1"), store.within("b"))


def test_a_place_behind_a_link_lies_where_that_leads(tmp_path: Path) -> None:
    (tmp_path / "real" / "a").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    assert is_below(FolderStore(tmp_path / "link" / "a" / "new"), FolderStore(tmp_path / "real"))
    assert not is_below(FolderStore(tmp_path / "link"), BucketStore.filled("other", {}))
