"""Buckets of real servers are read as they are, and what stands in the way is told in plain words."""

from __future__ import annotations

import os
import pickle
import random
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importer.errors import BlobfixError, NetworkError, UsageError
from importer.places.changes import Job
from importer.places.cloud.connection import Location, Piece, aside, connection_to
from importer.places.cloud.store import cloud_store_of
from importer.places.durability import Durability
from importer.places.opener import Opener
from importer.places.store import Store, joined
from tests.programs.s3_server import S3Server
from tests.programs.seaweedfs import SeaweedFS

CONTENT = random.Random(7).randbytes(13 << 20)


@pytest.fixture(params=["seaweedfs", "rclone_server"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    found: S3Server = request.getfixturevalue(request.param)
    found.use(monkeypatch)
    return found


@pytest.fixture
def weed(seaweedfs: SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> SeaweedFS:
    seaweedfs.use(monkeypatch)
    return seaweedfs


@pytest.mark.real_programs
class TestStreams:
    def test_a_large_object_is_read_to_its_end_and_at_any_place(self, server: S3Server) -> None:
        store = server.fill(server.new_place(), {"large": CONTENT})
        with store.open("large").stream as stream:
            assert stream.read() == CONTENT
            for start in (5 << 20, 11, len(CONTENT) - 3, 6 << 20, 0):
                stream.seek(start)
                assert stream.read(100) == CONTENT[start : start + 100]
            stream.seek(-5, os.SEEK_END)
            assert stream.read() == CONTENT[-5:]
        assert b"".join(Opener().blocks(store.address("large"), start=3 << 20, length=9)) == CONTENT[3 << 20 :][:9]

    def test_a_copy_of_the_value_reads_the_same(self, server: S3Server) -> None:
        address = pickle.loads(pickle.dumps(server.fill(server.new_place(), {"a": b"one"}).address("a")))
        assert Opener().head(address, 9) == b"one"

    def test_an_object_that_changes_while_it_is_read_is_not_mixed(self, server: S3Server) -> None:
        store = server.fill(server.new_place(), {"large": CONTENT})
        with store.open("large").stream as stream:
            stream.read(10)
            server.client().put(store.full("large"), CONTENT[::-1])
            stream.seek(9 << 20)
            with pytest.raises(OSError, match="has changed while it was read"):
                stream.read(10)


def test_no_credential_is_in_a_value_or_its_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2hunter2")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    store = cloud_store_of("s3://bucket/a//b/")
    assert store.shown("c") == "s3://bucket/a/b/c"
    assert "hunter2" not in repr(store)
    assert b"hunter2" not in pickle.dumps(store.address("x"))


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3:///x",
        "ftp://a/b",
        "s3://key:hunter2@bucket/a",
        "s3://127.0.0.1:9000/b",
        "s3://bucket/a/../b",
        "s3://bucket/a\nhunter2",
        "s3://bucket/a?sv=1&sig=hunter2",
        "s3://bucket?X-Amz-Signature=hunter2",
        "az:///?sig=hunter2",
    ],
)
def test_what_is_no_url_of_a_bucket_is_refused_without_repeating_a_login(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        cloud_store_of(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "127.0.0.1:9000",
        "http://key:hunter2@127.0.0.1",
        "http://127.0.0.1:1/?sv=1&sig=hunter2",
        "http://127.0.0.1:1/#hunter2",
        "http://127.0.0.1:1/\rhunter2",
    ],
)
def test_an_endpoint_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL: must be") as caught:
        cloud_store_of("s3://bucket", {"AWS_ENDPOINT_URL": value})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"])
def test_a_variable_with_a_control_character_is_named_and_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv(name, "hunter2\r")
    with pytest.raises(UsageError, match=f"{name}: has a control character") as caught:
        cloud_store_of("s3://bucket").head("a", 3)
    assert "hunter2" not in str(caught.value)


def test_a_panic_is_an_error_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(_: object) -> object:
        raise PanicException("hunter2")

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    connection = connection_to(Location("s3", "bucket", "http://127.0.0.1:1"))
    with pytest.raises(UsageError, match="check AWS_ACCESS_KEY_ID") as caught:
        connection.ask("s3://bucket/a", panic)
    assert "hunter2" not in str(caught.value)


def listed(store: Store) -> object:
    return list(store.list(""))


def headed(store: Store) -> object:
    return store.head("a", 3)


@pytest.mark.parametrize("read", [listed, headed])
class TestTrouble:
    def trouble(self, read: Callable[[Store], object], url: str) -> BlobfixError:
        with pytest.raises(BlobfixError) as caught:
            read(cloud_store_of(url))
        text = str(caught.value)
        assert text.startswith(url)
        assert "hunter2" not in text
        assert "\n" not in text
        assert len(text) < 300
        return caught.value

    @pytest.mark.real_programs
    def test_a_bucket_that_is_not_there(self, read: Callable[[Store], object], weed: SeaweedFS) -> None:
        error = self.trouble(read, "s3://no-such-bucket/x")
        assert isinstance(error, UsageError)
        assert "no such bucket at http://127.0.0.1" in str(error)

    @pytest.mark.real_programs
    def test_a_wrong_secret(
        self, read: Callable[[Store], object], weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = weed.fill(weed.new_place(), {"a": b"one"})
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
        error = self.trouble(read, place.shown(""))
        assert isinstance(error, NetworkError)
        assert "refuses the credentials (403 SignatureDoesNotMatch); check AWS_ACCESS_KEY_ID" in str(error)

    def test_nobody_listens(self, read: Callable[[Store], object], monkeypatch: pytest.MonkeyPatch) -> None:
        self._use(monkeypatch, "http://127.0.0.1:1")
        error = self.trouble(read, "s3://bucket")
        assert "http://127.0.0.1:1 can't be reached: connection refused; check AWS_ENDPOINT_URL" in str(error)

    def test_no_credentials(self, read: Callable[[Store], object], monkeypatch: pytest.MonkeyPatch) -> None:
        self._use(monkeypatch, "http://127.0.0.1:1")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        # Where a machine in a cloud would find some.
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
        error = self.trouble(read, "s3://bucket")
        assert "no credentials for http://127.0.0.1:1; set AWS_ACCESS_KEY_ID" in str(error)

    def test_no_account(self, read: Callable[[Store], object], monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AWS_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        assert "set AZURE_STORAGE_ACCOUNT_NAME" in str(self.trouble(read, "az://container"))

    @pytest.mark.parametrize("content", [None, "{no", "{}"])
    def test_a_broken_file_of_credentials(
        self, content: str | None, read: Callable[[Store], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "hunter2.json"))
        if content is not None:
            (tmp_path / "hunter2.json").write_text(content)
        assert "check GOOGLE_APPLICATION_CREDENTIALS" in str(self.trouble(read, "gs://bucket"))

    def test_a_key_of_an_account_that_is_no_base64(
        self, read: Callable[[Store], object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "!hunter2")
        assert "check AZURE_STORAGE_ACCOUNT_KEY" in str(self.trouble(read, "az://bucket"))

    @staticmethod
    def _use(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
        for name in ("AWS_CA_BUNDLE", "AWS_ENDPOINT_URL_S3"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")


@pytest.fixture
def silent_server() -> Iterator[str]:
    """One that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_an_interrupt_ends_the_waiting_for_a_server(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    TestTrouble._use(monkeypatch, silent_server)
    store = cloud_store_of("s3://bucket")
    interrupt = threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        store.head("a", 1)
    interrupt.join()


def test_what_is_done_aside_gives_its_result_or_its_error() -> None:
    assert aside(lambda: 7).result() == 7
    with pytest.raises(ZeroDivisionError):
        aside(lambda: 1 // 0).result()


@pytest.mark.real_programs
class TestSmallObjects:
    def test_links_are_fetched_with_their_neighbours_and_are_those_of_the_server(
        self, weed: SeaweedFS, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        objects = {f"{n:03}/link": b"%d" % n for n in range(150)} | {"100/large": CONTENT[:5000]}
        store = weed.fill(weed.new_place(), objects)
        asked: list[str] = []
        piece = store.connection.piece

        def counted(key: str, shown: str, start: int, size: int) -> Piece:
            asked.append(key)
            return piece(key, shown, start, size)

        monkeypatch.setattr(store.connection, "piece", counted)
        walked = {joined(folder.name, each.name): each for folder in store.list("") for each in store.list(folder.name)}
        assert walked.keys() == objects.keys()
        # Backwards, as a walk may go.
        assert {key: store.head(key, 4096) for key in sorted(walked, reverse=True)} == {
            key: content[:4096] for key, content in objects.items()
        }
        assert len(asked) == len(objects)

    def test_what_was_changed_is_read_anew(self, weed: SeaweedFS) -> None:
        store = weed.fill(weed.new_place(), {"a/link": b"old", "b/link": b"old"})
        list(store.list(""))
        assert store.head("a/link", 9) == b"old"
        with store.changing(Job("test", busy=""), Durability()) as changes:
            changes.put("b/link", [b"new"], keeps_former=False)
            changes.settle()
        assert store.head("b/link", 9) == b"new"
        # What is read a second time is read as it is by then.
        weed.fill(store, {"a/link": b"new", "b/link": b"new"})
        assert store.head("a/link", 9) == b"new"
