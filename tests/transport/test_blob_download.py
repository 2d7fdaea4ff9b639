"""Downloads over a server that does everything wrong that servers and proxies do."""

from __future__ import annotations

import errno
import gzip
import random
import threading
from pathlib import Path

import pytest

from importer.domain import media_types
from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.errors import NetworkError, OutputError
from importer.transport.blob_download import Beginning, BlobDownload
from importer.transport.breaks import RangeLimit
from importer.transport.partial_file import PartialFile, disk_errors, partial_path
from importer.transport.remote_blob import RemoteBlob
from importer.transport.timing import Timing
from tests.transport.faulty_server import Fault, FaultyServer, Resource, Seen
from tests.transport.surroundings import World

CONTENT = random.Random(5).randbytes(3_000_000)
PATH = "/v2/team/app/blobs/x"


def descriptor_of(content: bytes, media_type: str = "application/octet-stream") -> Descriptor:
    return Descriptor(media_type, Digest.of(content), len(content))


class Case:
    """One blob on the faulty server, and where it goes."""

    def __init__(self, server: FaultyServer, world: World, folder: Path) -> None:
        self.server, self.world = server, world
        self.target = folder / "blob"
        self.limit = RangeLimit()
        self.advanced = 0
        self.put(CONTENT)

    def put(self, content: bytes, media_type: str = "application/octet-stream") -> None:
        self.content = content
        self.descriptor = descriptor_of(content, media_type)
        self.server.resources[PATH] = Resource(content)

    def download(self, beginning: Beginning | None = None, paths: tuple[str, ...] = (PATH,)) -> None:
        client = self.world.client(self.server.url)
        blob = RemoteBlob(client, tuple(self.server.url + path for path in paths), self.descriptor)
        BlobDownload(blob, self.limit, self._advance).to(self.target, beginning)

    def _advance(self, size: int) -> None:
        self.advanced += size

    @property
    def partial(self) -> Path:
        return partial_path(self.target, self.descriptor.digest)

    def assert_whole(self) -> None:
        assert self.target.read_bytes() == self.content
        assert [path.name for path in self.target.parent.iterdir()] == [self.target.name]

    @property
    def ranges(self) -> list[str | None]:
        return [seen.headers.get("range") for seen in self.server.seen]


@pytest.fixture
def case(server: FaultyServer, world: World, tmp_path: Path) -> Case:
    return Case(server, world, tmp_path)


class TestPlainDownload:
    def test_takes_one_request_and_leaves_nothing_beside_the_file(self, case: Case) -> None:
        case.download()
        case.assert_whole()
        assert case.ranges == [None]
        assert case.advanced == len(CONTENT)

    def test_asks_that_nothing_be_unpacked_on_the_way(self, case: Case) -> None:
        case.download()
        assert case.server.seen[0].headers["accept-encoding"] == "identity"

    def test_a_whole_file_is_left_alone(self, case: Case) -> None:
        case.target.write_bytes(CONTENT)
        case.download()
        assert case.server.seen == []

    def test_a_file_of_the_right_size_with_wrong_bytes_is_kept_under_another_name(self, case: Case) -> None:
        zeros = bytes(len(CONTENT))
        case.target.write_bytes(zeros)
        case.download()
        assert case.target.read_bytes() == CONTENT
        assert {path.name for path in case.target.parent.iterdir()} == {"blob", Digest.of(zeros).file_name}
        assert (case.target.parent / Digest.of(zeros).file_name).read_bytes() == zeros

    def test_an_empty_blob(self, case: Case) -> None:
        case.put(b"")
        case.download()
        case.assert_whole()


class TestBreaks:
    def test_goes_on_where_the_line_broke(self, case: Case) -> None:
        case.server.faults.extend([Fault(cut_at=1_000_000), Fault(cut_at=700_000)])
        case.download()
        case.assert_whole()
        assert case.ranges == [None, "bytes=1000000-", "bytes=1700000-"]
        assert case.world.time.slept == []

    def test_says_which_side_at_which_byte_after_which_time(self, case: Case) -> None:
        case.server.faults.append(Fault(cut_at=1_000_000))
        case.download()
        assert "127.0.0.1" in case.world.told.text
        assert "at byte 1,000,000 of 3,000,000, after 0.0 s" in case.world.told.text

    def test_random_cuts_cost_next_to_nothing(self, case: Case) -> None:
        chance = random.Random(1)

        def cut(seen: Seen) -> Fault:
            return Fault(cut_at=chance.randrange(1, 150_000), reset=chance.random() < 0.5)

        case.server.script = cut
        case.download()
        case.assert_whole()
        assert case.server.sent < len(CONTENT) * 1.05

    def test_gives_up_when_nothing_comes_any_more_and_keeps_what_came(self, case: Case) -> None:
        case.server.faults.append(Fault(cut_at=1_000_000))
        case.server.script = lambda _: Fault(cut_at=0)
        with pytest.raises(NetworkError, match=r"at byte 1,000,000 of 3,000,000, .* attempt 5 of 5, after 15.0 s"):
            case.download()
        assert case.partial.read_bytes() == CONTENT[:1_000_000]
        assert case.world.time.slept == [1, 2, 4, 8]

    def test_a_stalled_body_is_a_break(self, case: Case) -> None:
        case.world.patience = type(case.world.patience)(1.0, 0.2)
        case.server.faults.append(Fault(cut_at=1_000_000, stall=True))
        case.download()
        case.assert_whole()
        assert "sent nothing for 0 s at byte 1,000,000" in case.world.told.text

    def test_an_end_without_a_length_is_a_break(self, case: Case) -> None:
        case.server.faults.append(Fault(chunked=True, cut_at=1_000_000))
        case.download()
        case.assert_whole()
        assert case.ranges[1] == "bytes=1000000-"

    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_statuses_that_may_pass(self, case: Case, status: int) -> None:
        case.server.faults.append(Fault(status=status))
        case.download()
        case.assert_whole()
        assert case.world.time.slept == [1]

    def test_waits_as_long_as_the_server_asks(self, case: Case) -> None:
        case.server.faults.append(Fault(status=429, headers={"Retry-After": "7"}))
        case.server.faults.append(Fault(status=503, headers={"Retry-After": "Tue, 14 Nov 2023 22:30:27 GMT"}))
        case.download()
        assert case.world.time.slept == [7, pytest.approx(1_700_001_027 - 1_700_000_000 - 1_007)]

    def test_does_not_wait_for_hours(self, case: Case) -> None:
        case.server.faults.append(Fault(status=429, headers={"Retry-After": "86400"}))
        with pytest.raises(NetworkError, match="asks clients to wait 86400 s"):
            case.download()

    @pytest.mark.parametrize("status", [400, 403, 410, 451, 501])
    def test_statuses_that_will_not(self, case: Case, status: int) -> None:
        case.server.faults.append(Fault(status=status, body=b'{"errors":[{"code":"DENIED","message":"go away"}]}'))
        with pytest.raises(NetworkError, match="go away"):
            case.download()
        assert len(case.server.seen) == 1


class TestRanges:
    def test_200_for_a_range_starts_again(self, case: Case) -> None:
        case.server.faults.extend([Fault(cut_at=1_000_000), Fault(ignore_range=True)])
        case.download()
        case.assert_whole()
        assert "can't continue it; starting again" in case.world.told.text

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(range_start=0),
            Fault(range_start=1_000_001),
            Fault(headers={"Content-Range": None}),
            Fault(headers={"Content-Range": "bytes nonsense"}),
        ],
    )
    def test_a_206_of_another_part_is_not_believed(self, case: Case, fault: Fault) -> None:
        case.server.faults.extend([Fault(cut_at=1_000_000), fault])
        case.download()
        case.assert_whole()
        assert case.ranges == [None, "bytes=1000000-", None]

    def test_a_206_of_another_whole_is_refused(self, case: Case) -> None:
        case.server.faults.extend([Fault(cut_at=1_000_000), Fault(total=4_000_000)])
        with pytest.raises(NetworkError, match=r"has 4,000,000 bytes .* manifest says 3,000,000"):
            case.download()

    def test_416_drops_what_is_here(self, case: Case) -> None:
        case.server.faults.extend([Fault(cut_at=1_000_000), Fault(status=416)])
        case.download()
        case.assert_whole()
        assert case.ranges == [None, "bytes=1000000-", None]

    def test_416_to_a_plain_request_is_the_end(self, case: Case) -> None:
        case.server.script = lambda _: Fault(status=416)
        with pytest.raises(NetworkError, match="416"):
            case.download()

    def test_a_server_that_only_sends_wrong_parts_is_given_up(self, case: Case) -> None:
        case.server.script = lambda _: Fault(status=206, body=b"x")
        with pytest.raises(NetworkError, match="206"):
            case.download()


class TestLater:
    """What an earlier run left is used, when it is worth it."""

    def test_goes_on_after_a_restart(self, case: Case) -> None:
        case.partial.write_bytes(CONTENT[:2_000_000])
        case.download()
        case.assert_whole()
        assert case.ranges == ["bytes=1934464-1999999", "bytes=2000000-"]

    def test_sees_by_a_few_bytes_that_it_is_no_beginning(self, case: Case) -> None:
        case.partial.write_bytes(bytes(2_000_000))
        case.download()
        case.assert_whole()
        assert "not its beginning" in case.world.told.text

    def test_starts_again_when_only_the_digest_shows_it(self, case: Case) -> None:
        case.partial.write_bytes(bytes(1000) + CONTENT[1000:2_000_000])
        case.download()
        case.assert_whole()

    def test_a_partial_file_that_is_too_long(self, case: Case) -> None:
        case.partial.write_bytes(CONTENT + b"more")
        case.download()
        case.assert_whole()

    def test_a_partial_file_that_is_whole_needs_no_server(self, case: Case) -> None:
        case.partial.write_bytes(CONTENT)
        case.server.script = lambda _: Fault(status=404)
        case.download()
        case.assert_whole()

    def test_continues_a_truncated_file_and_leaves_it_until_the_end(self, case: Case, tmp_path: Path) -> None:
        case.target.write_bytes(CONTENT[:2_500_000])
        case.download(Beginning(lambda: case.target.open("rb"), 2_500_000))
        case.assert_whole()
        assert case.server.sent < 600_000

    def test_a_shorter_file_in_its_place_is_continued(self, case: Case) -> None:
        case.target.write_bytes(CONTENT[:2_900_000])
        case.download()
        case.assert_whole()
        assert case.ranges == ["bytes=2834464-2899999", "bytes=2900000-"]

    def test_a_link_in_place_of_the_partial_file_is_not_followed(self, case: Case, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.write_bytes(b"precious")
        (tmp_path / "in").mkdir()
        case.target = tmp_path / "in" / "blob"
        case.partial.symlink_to(outside)
        with pytest.raises(OutputError):
            case.download()
        assert outside.read_bytes() == b"precious"


class TestLies:
    def test_wrong_bytes_never_get_the_name(self, case: Case) -> None:
        case.server.script = lambda _: Fault(body=bytes(len(CONTENT)))
        with pytest.raises(NetworkError, match="other bytes than sha256:"):
            case.download()
        assert not case.target.exists()

    def test_a_page_with_status_200(self, case: Case) -> None:
        page = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
        case.server.script = lambda _: Fault(body=page)
        with pytest.raises(NetworkError, match=r"page instead of .*Sign in"):
            case.download()
        assert len(case.server.seen) == 1

    @pytest.mark.parametrize("size", [0, 10, 3_000_001])
    def test_another_length_is_noticed_before_the_download(self, case: Case, size: int) -> None:
        case.server.script = lambda _: Fault(body=bytes(size))
        with pytest.raises(NetworkError, match=rf"has {size:,} bytes"):
            case.download()

    def test_more_bytes_than_said(self, case: Case) -> None:
        case.server.script = lambda _: Fault(body=CONTENT + bytes(5_000_000), chunked=True)
        with pytest.raises(NetworkError, match="more than the 3,000,000 bytes"):
            case.download()

    def test_404_names_the_blob(self, case: Case) -> None:
        case.server.resources.clear()
        with pytest.raises(NetworkError, match=f"{case.descriptor.digest.short} is not at 127.0.0.1:"):
            case.download()

    def test_404_leads_to_the_next_address(self, case: Case) -> None:
        case.download(paths=("/elsewhere", PATH))
        case.assert_whole()


class TestUnpackingProxies:
    LAYER = gzip.compress(b"".join(b"%d" % n for n in range(100_000)), mtime=0)

    def put_layer(self, case: Case) -> None:
        case.put(self.LAYER, media_types.DOCKER_LAYER_GZIP)

    def test_one_that_unpacks_only_for_those_who_cannot(self, case: Case) -> None:
        self.put_layer(case)

        def unpack(seen: Seen) -> Fault | None:
            if seen.headers["accept-encoding"] == "gzip":
                return Fault(headers={"Content-Encoding": "gzip"})
            return Fault(body=gzip.decompress(self.LAYER), chunked=True)

        case.server.script = unpack
        case.download()
        case.assert_whole()
        assert "BF206" in case.world.told.text

    def test_one_that_always_unpacks_is_named(self, case: Case) -> None:
        self.put_layer(case)
        case.server.script = lambda _: Fault(body=gzip.decompress(self.LAYER), chunked=True)
        with pytest.raises(NetworkError, match="BF206, gunzipped"):
            case.download()

    @pytest.mark.parametrize("chunked", [True, False])
    def test_an_encoding_that_is_the_layers_own_is_left_alone(self, case: Case, chunked: bool) -> None:
        self.put_layer(case)
        case.server.script = lambda _: Fault(headers={"Content-Encoding": "gzip"}, chunked=chunked)
        case.download()
        case.assert_whole()

    @pytest.mark.parametrize("media_type", [media_types.DOCKER_LAYER_GZIP, media_types.OCI_LAYER])
    def test_what_was_packed_for_the_way_is_unpacked(self, case: Case, media_type: str) -> None:
        case.put(self.LAYER if media_type.endswith("gzip") else gzip.decompress(self.LAYER), media_type)
        packed = gzip.compress(case.content)
        case.server.script = lambda _: Fault(body=packed, headers={"Content-Encoding": "gzip"})
        case.download()
        case.assert_whole()


class TestPatterns:
    def test_a_constant_number_of_bytes_leads_to_smaller_ranges(self, case: Case) -> None:
        case.server.script = lambda _: Fault(cut_at=500_000)
        case.download()
        case.assert_whole()
        assert (
            "every response ends after about 500,000 bytes; continuing in ranges of 393,216 "
            "bytes" in case.world.told.text
        )
        assert case.ranges[2] == "bytes=1000000-1393215"
        assert case.world.told.text.count("at byte") == 2

    def test_a_constant_time_leads_to_smaller_ranges(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        amounts = iter([400_000, 700_000, 550_000])

        def after_thirty_seconds(seen: Seen) -> Fault | None:
            if seen.headers.get("range", "").endswith("-") or "range" not in seen.headers:
                return Fault(cut_at=next(amounts))
            return None

        # The count of tries looks at the clock first; then each answer does so at its start and at its end.
        times = iter([0, 0, 30.0, 30.0, 60.1, 60.1, 90.05])
        timing = Timing(lambda: next(times, 100.0), lambda: 0.0, case.world.time.sleep, lambda: 0.0)
        monkeypatch.setattr(case.world.time, "timing", lambda: timing)
        case.server.script = after_thirty_seconds
        case.download()
        case.assert_whole()
        assert "every response ends after 30.1 seconds; continuing in ranges of 196,608 bytes" in case.world.told.text

    def test_what_one_download_learns_the_next_one_knows(self, case: Case, tmp_path: Path) -> None:
        case.server.script = lambda _: Fault(cut_at=500_000)
        case.download()
        case.server.seen.clear()
        case.target = tmp_path / "again"
        case.download()
        assert case.ranges[0] == "bytes=0-393215"


class TestDisk:
    def test_a_full_disk_keeps_what_came(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        original = PartialFile.write

        def fails_at_a_million(partial: PartialFile, block: bytes) -> None:
            if partial.size + len(block) > 1_000_000:
                with disk_errors(case.target):
                    raise OSError(errno.ENOSPC, "No space left on device")
            original(partial, block)

        with monkeypatch.context() as patch:
            patch.setattr(PartialFile, "write", fails_at_a_million)
            with pytest.raises(OutputError, match=r"no space left. The partial download is kept"):
                case.download()
        assert case.partial.stat().st_size > 500_000
        case.download()
        case.assert_whole()


class TestTwoAtOnce:
    def test_the_second_waits_for_the_first_and_downloads_nothing(self, case: Case) -> None:
        first_is_in = threading.Event()
        second_waits = threading.Event()

        def hold() -> None:
            first_is_in.set()
            second_waits.wait(20)

        case.server.faults.append(Fault(act=hold))

        def told(message: str) -> None:
            if "another blobfix" in message:
                second_waits.set()

        first = threading.Thread(target=case.download)
        first.start()
        assert first_is_in.wait(20)
        case.world.told = told  # type: ignore[assignment]
        case.download()
        first.join()
        case.assert_whole()
        assert len(case.server.seen) == 1
