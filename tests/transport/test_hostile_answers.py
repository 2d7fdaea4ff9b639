"""Numbers, dates and tokens that no honest server sends, and servers that send too slowly to be waited for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.errors import NetworkError
from importer.transport.blob_download import BlobDownload
from importer.transport.breaks import RangeLimit
from importer.transport.client import Ask
from importer.transport.header_values import lifetime, seconds_since_1970, token, whole_number
from importer.transport.pace import SLOWEST, SPAN, Pace, cut_off_after
from importer.transport.ranges import ContentRange
from importer.transport.remote_blob import RemoteBlob
from importer.transport.retry import PassingFailure, seconds_to_wait
from tests.transport.faulty_server import Fault, FaultyServer, Resource
from tests.transport.surroundings import FakeTime, World

LONG = "9" * 5000
PATH = "/v2/app/blobs/x"


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer({PATH: Resource(b"content")}) as server:
        yield server


@pytest.mark.parametrize(
    ("said", "number"),
    [("0", 0), ("0012", 12), (" 7 ", 7), ("0" * 5000 + "1", 1), ("9" * 18, 10**18 - 1)]
    + [(wrong, None) for wrong in ("", "-1", "+1", "1e3", "1_0", "٣", "0x1", "1 2", "1,1", "9" * 19, LONG, None)],
)
def test_whole_numbers(said: str | None, number: int | None) -> None:
    assert whole_number(said) == number


@pytest.mark.parametrize(
    "date",
    ["", "x", LONG, "Fri, 31 Dec 99999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 -0000", "Fri, 31 Dec 9999 99:99:99",
     f"Fri, 31 Dec {LONG} 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +9999", "\x00", "1 1 1 1 1 1"],
)  # fmt: skip
def test_absurd_dates_are_none_or_a_number(date: str) -> None:
    moment = seconds_since_1970(date)
    assert moment is None or isinstance(moment, float)
    assert seconds_to_wait(date, FakeTime().timing()) is None or date


@pytest.mark.parametrize("value", [10**400, 1e308, float("inf"), LONG[:400]])
def test_a_token_for_ever_lives_for_years(value: object) -> None:
    if isinstance(value, str):
        with pytest.raises(ValueError, match="expires_in"):
            lifetime(value, 60.0)
    else:
        assert 86_400 < lifetime(value, 60.0) < 1e10


@pytest.mark.parametrize("value", [None, 0, -5, float("-inf"), "30"])
def test_a_short_life_is_the_shortest_that_the_specification_allows(value: object) -> None:
    assert lifetime(value, 60.0) == 60.0


@pytest.mark.parametrize("value", ["a\r\nb", "tökén", "日本", "a b", "", "\ud800", 5, {}, None, "a\0"])
def test_what_no_header_holds_is_no_token(value: object) -> None:
    assert token(value) is None


@pytest.mark.parametrize("header", [f"bytes {LONG}-{LONG}/{LONG}", f"bytes 0-5/{LONG}", f"bytes 0-{LONG}/*"])
def test_a_range_of_thousands_of_digits_is_none(header: str) -> None:
    assert ContentRange.parse(header) is None


def download(server: FaultyServer, world: World, folder: Path, content: bytes) -> None:
    descriptor = Descriptor("application/octet-stream", Digest.of(content), len(content))
    blob = RemoteBlob(world.client(server.url), (server.url + PATH,), descriptor)
    BlobDownload(blob, RangeLimit(), lambda _: None).to(folder / "blob")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": LONG},
        {"Content-Length": "-5"},
        {"Content-Range": f"bytes {LONG}-{LONG}/{LONG}"},
        {"Content-Encoding": "gzip, gzip, x" * 500},
        {"Transfer-Encoding": "chunked"},
        {"Transfer-Encoding": "gzip"},
        {"Content-Type": "\xff" * 3000},
    ],
    ids=lambda headers: next(iter(headers)),
)
@pytest.mark.parametrize("status", [None, 206])
def test_a_download_ends_in_the_blob_or_in_a_clear_error(
    server: FaultyServer, world: World, tmp_path: Path, headers: dict[str, str], status: int | None
) -> None:
    content = b"content" * 1000
    server.resources[PATH] = Resource(content)
    server.script = lambda _: Fault(status=status, headers=headers, body=content)
    try:
        download(server, world, tmp_path, content)
    except NetworkError:
        assert not (tmp_path / "blob").exists()
    else:
        assert (tmp_path / "blob").read_bytes() == content


@pytest.mark.parametrize("value", [LONG, "Fri, 31 Dec 99999 23:59:59 GMT", "٣", "-1", "9" * 18])
def test_an_absurd_retry_after_is_no_reason_to_fall(server: FaultyServer, world: World, value: str) -> None:
    value = value.encode().decode("latin-1")
    server.script = lambda _: Fault(status=503, headers={"Retry-After": value})
    with pytest.raises(NetworkError, match="answers 503"):
        world.client(server.url).fetch(Ask("GET", server.url + PATH), {200}, 1000)


class TestPace:
    def test_a_minute_with_too_few_bytes_is_a_break(self) -> None:
        time = FakeTime()
        pace = Pace("h.example", lambda: time.at)

        def two_bytes() -> bytes:
            time.at += 1
            return b"ab"

        for _ in range(59):
            pace.timed(two_bytes)
        with pytest.raises(PassingFailure, match=r"h\.example sent 120 bytes in 60 s, fewer than 1,024 bytes a second"):
            pace.timed(two_bytes)

    def test_the_slowest_line_that_is_allowed_goes_on_for_hours(self) -> None:
        time = FakeTime()
        pace = Pace("h.example", lambda: time.at)

        def slowest() -> bytes:
            time.at += 1
            return bytes(SLOWEST)

        for _ in range(10_000):
            pace.timed(slowest)

    def test_time_in_which_nobody_reads_does_not_count(self) -> None:
        time = FakeTime()
        pace = Pace("h.example", lambda: time.at)
        for _ in range(100):
            time.at += SPAN
            assert pace.timed(lambda: b"a") == b"a"

    def test_a_download_that_drips_is_taken_up_again_where_it_broke_off(
        self, server: FaultyServer, world: World, tmp_path: Path
    ) -> None:
        content = bytes(range(256)) * 1024
        server.resources[PATH] = Resource(content)
        # Each answer comes in many pieces, and the clock says that each took a long time, until the last answer.
        clock = iter(range(0, 10**9, 100))
        patient = [True, True, False]

        def script(_: object) -> Fault:
            slow = patient.pop(0) if patient else False
            surroundings.network.now = (lambda: float(next(clock))) if slow else (lambda: 0.0)
            return Fault(rate=20_000_000 if slow else None)

        server.script = script
        descriptor = Descriptor("application/octet-stream", Digest.of(content), len(content))
        client = world.client(server.url)
        surroundings = client.surroundings
        blob = RemoteBlob(client, (server.url + PATH,), descriptor)
        BlobDownload(blob, RangeLimit(), lambda _: None).to(tmp_path / "blob")
        assert (tmp_path / "blob").read_bytes() == content
        assert "bytes a second" in world.told.text

    def test_a_head_that_never_ends_is_cut_off(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            read: list[bytes] = []
            reader = threading.Thread(target=lambda: read.append(ours.recv(10)))
            with cut_off_after(0.01, ours):
                reader.start()
                reader.join(10)
            assert read == [b""]

    def test_a_connection_that_is_done_in_time_is_left_alone(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            with cut_off_after(60, ours):
                theirs.send(b"a")
                assert ours.recv(10) == b"a"
            theirs.send(b"b")
            assert ours.recv(10) == b"b"
