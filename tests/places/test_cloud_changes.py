"""What only a real server shows of changes to a bucket: parts, conditions, locks, and servers without them."""

from __future__ import annotations

import random
import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest

from importer.errors import BlobfixError, OutputError, VerificationError
from importer.places.changes import Job
from importer.places.cloud import additions as cloud_additions
from importer.places.cloud import lock
from importer.places.cloud.connection import Meta
from importer.places.cloud.drafts import Draft, Drafts
from importer.places.cloud.lock import held
from importer.places.cloud.store import CloudStore
from importer.places.durability import Durability
from tests.programs.moto import MotoServer
from tests.programs.rclone import RcloneServer
from tests.programs.s3_server import BUCKET, LOGIN, objects_in
from tests.programs.seaweedfs import SeaweedFS

JOB = Job("test", busy="somebody is at it")
SYNC = Durability()
CONTENT = random.Random(8).randbytes(19 << 20)

BEFORE = {"a": b"one", "b": b"two", "c/d": b"three"}
AFTER = {
    ".blobfix-set-aside/a": b"one",
    ".blobfix-set-aside/c/d": b"three",
    "a": b"newer",
    "blob": CONTENT,
    "large": CONTENT,
    "moved": b"two",
}

pytestmark = pytest.mark.real_programs


@pytest.fixture
def place(seaweedfs: SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> CloudStore:
    seaweedfs.use(monkeypatch)
    return seaweedfs.new_place()


def blocks(content: bytes, size: int = 256 << 10) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def put(store: CloudStore, key: str, content: bytes) -> None:
    """As another program does."""
    store.connection.put(store.full(key), "", content)


def uploads_at(endpoint: str) -> list[str]:
    """The uploads that were begun and neither completed nor aborted."""
    login = ["--user", ":".join(LOGIN), "--aws-sigv4", "aws:amz:us-east-1:s3"]
    answer = subprocess.run(["curl", "-s", *login, f"{endpoint}/{BUCKET}?uploads="], capture_output=True, check=True)
    assert b"ListMultipartUploadsResult" in answer.stdout
    return re.findall("<Key>([^<]*)</Key>", answer.stdout.decode())


def change_all(place: CloudStore) -> None:
    """Make AFTER of BEFORE, by everything that can be asked for."""
    with place.changing(JOB, SYNC) as changes:
        changes.put("large", blocks(CONTENT), keeps_former=False)
        changes.put("a", [b"new"], keeps_former=True)
        changes.copy("b", "moved", place.stat("b").stamp)
        changes.remove("b")
        changes.set_aside("c")
        changes.settle()
    with place.adding(len, SYNC) as additions:
        additions.put("blob", blocks(CONTENT))
        additions.replace("a", b"newer", place.stat("a").stamp)
        additions.finish()


def demand_until_lost(mine: lock.CloudLock) -> None:
    while True:
        mine.demand()


class TestUploads:
    def test_a_large_object_comes_in_parts_and_is_seen_when_it_is_settled(self, place: CloudStore) -> None:
        with place.changing(JOB, SYNC) as changes:
            changes.put("large", blocks(CONTENT), keeps_former=False)
            assert list(place.list("")) == []
            changes.settle()
        assert objects_in(place) == {"large": CONTENT}

    def test_a_large_object_replaces_another_and_keeps_it(self, place: CloudStore) -> None:
        put(place, "a", b"before")
        with place.changing(JOB, SYNC) as changes:
            changes.put("a", blocks(CONTENT), keeps_former=True)
            changes.settle()
        assert objects_in(place) == {"a": CONTENT, ".blobfix-set-aside/a": b"before"}

    def test_objects_take_their_places_many_at_a_time(self, place: CloudStore, monkeypatch: pytest.MonkeyPatch) -> None:
        together = threading.Barrier(4)
        put_in_place = Drafts.place

        def placed(drafts: Drafts, draft: Draft, full: str, former: Meta | Literal["any"] | None) -> None:
            together.wait(timeout=30)
            put_in_place(drafts, draft, full, former)

        monkeypatch.setattr(Drafts, "place", placed)
        place.connection.put(place.full("a"), place.shown("a"), b"in the way of them all")
        with place.changing(JOB, SYNC) as changes:
            for number in range(4):
                changes.put(f"a/{number}", [b"%d" % number], keeps_former=False)
            changes.settle()
        kept = {".blobfix-set-aside/a": b"in the way of them all"}
        assert objects_in(place) == {**kept, **{f"a/{number}": b"%d" % number for number in range(4)}}

    @pytest.mark.parametrize(
        "error", [VerificationError("not its digest"), KeyboardInterrupt()], ids=["wrong", "ctrl-c"]
    )
    def test_an_upload_that_is_not_proven_is_aborted(self, place: CloudStore, error: BaseException) -> None:
        def broken() -> Iterator[bytes]:
            yield from blocks(CONTENT)
            raise error

        with pytest.raises(type(error)), place.changing(JOB, SYNC) as changes:
            changes.put("large", broken(), keeps_former=False)
        assert objects_in(place) == {}
        assert uploads_at(place.endpoint) == []

    def test_a_copy_of_a_blob_that_nobody_wants_is_aborted(self, place: CloudStore) -> None:
        with place.adding(len, SYNC) as additions:
            upload = additions.begin(["a", "b"])
            for block in blocks(CONTENT):
                upload.write(memoryview(block))
            upload.drop()
            additions.finish()
        assert objects_in(place) == {}
        assert uploads_at(place.endpoint) == []


class TestConditions:
    def test_what_somebody_else_writes_before_it_is_settled_stays(self, place: CloudStore) -> None:
        put(place, "there", b"before")
        for key in ("there", "new"):
            with place.changing(JOB, SYNC) as changes:
                changes.put(key, [b"mine"], keeps_former=False)
                put(place, key, b"theirs")
                with pytest.raises(OutputError, match=f"{key}: has changed"):
                    changes.settle()
        assert objects_in(place) == {"there": b"theirs", "new": b"theirs"}

    def test_also_where_the_object_is_large(self, place: CloudStore) -> None:
        with place.changing(JOB, SYNC) as changes:
            changes.put("new", blocks(CONTENT), keeps_former=False)
            put(place, "new", b"theirs")
            with pytest.raises(OutputError, match="new: has changed"):
                changes.settle()
        assert objects_in(place) == {"new": b"theirs"}

    def test_who_adds_meets_what_others_have_added(self, place: CloudStore) -> None:
        put(place, "index", b"0")

        def merge() -> None:
            stream, stamp = place.open("index")
            with stream:
                content = stream.read()
            if content == b"0":
                put(place, "index", b"01")
            additions.replace("index", content + b"2", stamp)

        with place.adding(len, SYNC) as additions:
            additions.finish(merge)
        assert objects_in(place) == {"index": b"012"}


class TestLock:
    def test_its_owner_is_told(self, place: CloudStore) -> None:
        with (
            place.changing(JOB, SYNC),
            pytest.raises(OutputError, match=r'somebody is at it \(\{"host": .*, 0 s ago\)'),
            place.changing(JOB, SYNC),
        ):
            pass

    def test_a_dead_owners_is_taken_over_by_the_servers_clock_and_what_he_left_goes(self, place: CloudStore) -> None:
        put(place, ".blobfix-test.lock", b"{}")
        put(place, ".blobfix-test/0", b"left")
        with pytest.raises(OutputError, match="somebody"), held(place, ".blobfix-test.lock", JOB.busy, timedelta()):
            pass
        with held(place, ".blobfix-test.lock", JOB.busy, timedelta(minutes=16)):
            assert objects_in(place)[".blobfix-test.lock"] != b"{}"
        place.clear_up(JOB)
        assert objects_in(place) == {}

    def test_it_is_renewed_and_its_loss_is_noticed(self, place: CloudStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lock, "_EVERY", timedelta(seconds=0.01))
        with held(place, "lock", "busy", timedelta()) as mine:
            first = objects_in(place)["lock"]
            while objects_in(place)["lock"] == first:
                mine.demand()
            put(place, "lock", b"another's")
            with pytest.raises(OutputError, match="another program has taken over"):
                demand_until_lost(mine)
        assert objects_in(place) == {"lock": b"another's"}


class TestDeadRuns:
    """Nothing tells that a run which adds was killed, but that it writes no more."""

    @pytest.mark.parametrize(("age", "is_left"), [(timedelta(hours=23), True), (timedelta(hours=25), False)])
    def test_what_one_has_left_goes_after_a_day(
        self, age: timedelta, is_left: bool, place: CloudStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(12):
            put(place, f".blobfix-adding/0123456789abcdef/{number}", b"left")
        monkeypatch.setattr(cloud_additions, "demand_conditions", lambda _: age)
        with place.adding(len, SYNC) as adding:
            adding.put("a", [b"one"])
            adding.finish()
        assert (len(objects_in(place)) == 13) == is_left
        assert is_left or objects_in(place) == {"a": b"one"}


class TestServers:
    def test_one_that_ignores_conditions_is_refused_before_anything_is_changed(
        self, rclone_server: RcloneServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rclone_server.use(monkeypatch)
        place = rclone_server.fill(rclone_server.new_place(), {"a": b"one"})
        for change in (place.changing(JOB, SYNC), place.adding(len, SYNC)):
            with (
                pytest.raises(OutputError, match=r"ignores conditions \(If-None-Match: \*, If-Match\).*nothing was"),
                change,
            ):
                pass
        assert objects_in(place) == {"a": b"one"}

    def test_another_implementation_is_changed_alike(
        self, moto_server: MotoServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moto_server.use(monkeypatch)
        place = moto_server.fill(moto_server.new_place(), BEFORE)
        change_all(place)
        assert objects_in(place) == AFTER

    def test_a_bucket_that_is_not_there_is_not_made(self, place: CloudStore) -> None:
        absent = CloudStore("s3", "no-such-bucket", "x", place.endpoint)
        with pytest.raises(BlobfixError, match="no such bucket"), absent.changing(JOB, SYNC):
            pass
        with pytest.raises(BlobfixError, match="no such bucket"):
            list(absent.list(""))
