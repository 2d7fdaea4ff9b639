"""What every store promises when it is changed, be it a folder or a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from importer.errors import OutputError
from importer.places.changes import SET_ASIDE, Changes, Job, WritableStore
from importer.places.cloud.store import CloudStore
from importer.places.durability import Durability
from tests.places.bucket import BucketStore
from tests.places.folder import in_folder
from tests.programs.s3_server import objects_in

JOB = Job("test", busy="somebody is at it", landmarks=frozenset({"kept"}))
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


def test_nothing_is_seen_before_it_is_settled_and_all_of_it_then(filled: Filled) -> None:
    store = filled({"a": b"one"})
    with store.changing(JOB, SYNC) as changes:
        changes.put("b/new", [b"two ", b"parts"], keeps_former=False)
        changes.remove("a")
        assert store.head("a", 9) == b"one"
        assert [each.name for each in store.list("")] == ["a"]
        changes.settle()
        assert store.head("b/new", 99) == b"two parts"
    assert objects_of(store) == {"b/new": b"two parts"}


def test_what_is_not_settled_is_gone(filled: Filled) -> None:
    store = filled({"a": b"one"})
    with store.changing(JOB, SYNC) as changes:
        changes.put("a", [b"two"], keeps_former=True)
        changes.set_aside("a")
    assert objects_of(store) == {"a": b"one"}


def test_a_content_that_fails_leaves_the_key_as_it_was(filled: Filled) -> None:
    def broken() -> Iterator[bytes]:
        yield b"begun"
        raise OutputError("not the bytes of its digest")

    store = filled({"a": b"one"})
    with pytest.raises(OutputError, match="digest"), store.changing(JOB, SYNC) as changes:
        changes.put("a", broken(), keeps_former=False)
    assert objects_of(store) == {"a": b"one"}


def test_what_is_replaced_is_kept_where_that_is_asked_for(filled: Filled) -> None:
    store = filled({"a/x": b"one", "a/y": b"two"})
    with store.changing(JOB, SYNC) as changes:
        changes.put("a/x", [b"new"], keeps_former=True)
        changes.put("a/y", [b"new"], keeps_former=False)
        changes.settle()
    assert objects_of(store) == {"a/x": b"new", "a/y": b"new", f"{SET_ASIDE}/a/x": b"one"}


def test_two_objects_change_places(filled: Filled) -> None:
    store = filled({"a": b"one", "b": b"two"})
    with store.changing(JOB, SYNC) as changes:
        changes.copy("a", "b", store.stat("a").stamp)
        changes.copy("b", "a", store.stat("b").stamp)
        changes.settle()
    assert objects_of(store) == {"a": b"two", "b": b"one", f"{SET_ASIDE}/a": b"one", f"{SET_ASIDE}/b": b"two"}


def test_an_object_moves_and_its_empty_folders_go_but_for_landmarks(filled: Filled) -> None:
    store = filled({"old/deep/a": b"one", "kept/b": b"two"})
    with store.changing(JOB, SYNC) as changes:
        for source, key in (("old/deep/a", "new/a"), ("kept/b", "new/b")):
            changes.copy(source, key, store.stat(source).stamp)
            changes.remove(source)
        changes.settle()
    assert objects_of(store) == {"new/a": b"one", "new/b": b"two"}
    assert [each.name for each in sorted(store.list(""))] == (["kept", "new"] if store.has_folders else ["new"])


def test_what_has_changed_since_it_was_read_is_not_moved(filled: Filled) -> None:
    store = filled({"a": b"one"})
    stamp = store.stat("a").stamp
    filled({"a": b"another"})
    with pytest.raises(OutputError, match="has changed"), store.changing(JOB, SYNC) as changes:
        changes.copy("a", "b", stamp)
    assert objects_of(store) == {"a": b"another"}


def test_a_folder_is_set_aside_with_all_that_is_in_it_and_under_a_free_key(filled: Filled) -> None:
    store = filled({"a/x": b"one", "a/y/z": b"two", "b": b"", "c": b"first", f"{SET_ASIDE}/c": b"before"})
    with store.changing(JOB, SYNC) as changes:
        for key in ("a", "c", "not/there"):
            changes.set_aside(key)
        changes.settle()
    kept = {"a/x": b"one", "a/y/z": b"two", "c": b"before", "c.1": b"first"}
    assert objects_of(store) == {"b": b"", **{f"{SET_ASIDE}/{key}": content for key, content in kept.items()}}


def test_only_one_does_a_job_at_a_time(filled: Filled) -> None:
    store = filled({"a": b""})
    with (
        store.changing(JOB, SYNC),
        pytest.raises(OutputError, match="somebody is at it"),
        store.changing(JOB, SYNC),
    ):
        pass
    with store.changing(JOB, SYNC):
        pass
    store.clear_up(JOB)
    assert objects_of(store) == {"a": b""}


def test_what_is_in_the_way_is_set_aside(filled: Filled) -> None:
    store = filled({"a/b": b"below", "c": b"above"})
    with store.changing(JOB, SYNC) as changes:
        changes.put("a", [b"file"], keeps_former=False)
        changes.put("c/d/e", [b"deep"], keeps_former=False)
        changes.settle()
    kept = {f"{SET_ASIDE}/a/b": b"below", f"{SET_ASIDE}/c": b"above"}
    assert objects_of(store) == {"a": b"file", "c/d/e": b"deep", **kept}


def test_a_folder_moves_in_one_step(tmp_path: Path) -> None:
    store = in_folder(tmp_path)({"v2/a": b"one"})
    with store.changing(JOB, SYNC) as changes:
        changes.move_folder("v2", "registry/v2")
        changes.make_folder("empty/folder")
        changes.settle()
    assert objects_of(store) == {"registry/v2/a": b"one"}
    assert (tmp_path / "empty" / "folder").is_dir()


@pytest.mark.parametrize(
    "ask_for",
    [
        lambda changes: changes.put("link/x", [b"new"], keeps_former=False),
        lambda changes: changes.set_aside("link/x"),
        lambda changes: changes.make_folder("link/y"),
    ],
    ids=["put", "set_aside", "make_folder"],
)
def test_no_link_leads_a_change_out_of_the_root(ask_for: Callable[[Changes], None], tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_bytes(b"another owner's")
    store = in_folder(tmp_path / "root")({"a": b""})
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
    with store.changing(JOB, SYNC) as changes:
        ask_for(changes)
        with pytest.raises(OutputError, match="a link leads out"):
            changes.settle()
    assert {path.name: path.read_bytes() for path in (tmp_path / "outside").iterdir()} == {"x": b"another owner's"}
