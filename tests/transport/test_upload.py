"""Uploads to a registry that answers by a script."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from importer.domain.address import BaseUrl
from importer.domain.digest import Digest
from importer.errors import NetworkError
from importer.transport.breaks import RangeLimit
from importer.transport.outgoing import Feed, OutgoingBlob
from importer.transport.upload import BlobUpload
from importer.transport.upload_session import Target, mended_location
from tests.transport.faulty_server import Fault, FaultyServer, Seen
from tests.transport.surroundings import World

CONTENT = random.Random(9).randbytes(1_000_000)


def blob(content: bytes = CONTENT, step: int = 70_000) -> OutgoingBlob:
    def blocks() -> Iterator[bytes]:
        for start in range(0, len(content), step):
            yield content[start : start + step]

    return OutgoingBlob(Digest.of(content), len(content), blocks)


class Registry:
    """One upload, as a registry keeps it; ``answers`` are given to PATCHes before right ones."""

    def __init__(self, server: FaultyServer) -> None:
        self.content = b""
        self.location = 0
        self.answers: list[Fault] = []
        self.committed: bytes | None = None
        self.forgets = False
        server.script = self.answer

    def answer(self, seen: Seen) -> Fault:
        here = {"Location": f"/upload/{self.location}?state=x"}
        if seen.method == "POST":
            self.content = b""
            return Fault(status=202, headers=here)
        if seen.path.partition("?")[0] != f"/upload/{self.location}":
            return Fault(status=404)
        if seen.method == "PATCH" and self.answers:
            return self.answers.pop(0)
        if seen.method == "PATCH":
            self.content += seen.body
            self.location += 1
            headers = {"Location": f"/upload/{self.location}?state=x", "Range": f"0-{len(self.content) - 1}"}
            return Fault(status=202, headers=headers)
        if seen.method == "GET":
            return Fault(status=404 if self.forgets else 204, headers={**here, "Range": f"0-{len(self.content) - 1}"})
        self.committed = self.content
        assert seen.path.endswith(f"?state=x&digest={Digest.of(self.content)}")
        return Fault(status=201)


def upload(server: FaultyServer, world: World, limit: RangeLimit | None = None) -> None:
    target = Target(world.client(server.url), f"{server.url}/v2/a", "repository:a:pull,push")
    BlobUpload(target, blob(), limit or RangeLimit(), lambda _: None).run()


def test_one_piece_when_nothing_breaks(server: FaultyServer, world: World) -> None:
    registry = Registry(server)
    upload(server, world)
    assert registry.committed == CONTENT
    assert [seen.method for seen in server.seen] == ["POST", "PATCH", "PUT"]
    assert server.seen[1].headers["content-range"] == "0-999999"


@pytest.mark.parametrize("forgets", [False, True])
def test_a_failed_piece_is_sent_again_from_where_the_registry_is(
    server: FaultyServer, world: World, forgets: bool
) -> None:
    registry = Registry(server)
    registry.forgets = forgets
    registry.answers = [Fault(status=503), Fault(status=416)]
    upload(server, world)
    assert registry.committed == CONTENT


def test_the_registrys_word_for_how_much_it_has_is_believed(server: FaultyServer, world: World) -> None:
    registry = Registry(server)

    def keeps_less(seen: Seen) -> Fault:
        if seen.method == "PATCH" and not registry.content:
            registry.content = seen.body[:300_000]
            return Fault(status=202, headers={"Location": "/upload/0?state=x", "Range": "0-299999"})
        return registry.answer(seen)

    server.script = keeps_less
    upload(server, world)
    assert registry.committed == CONTENT
    assert server.seen[2].headers["content-range"] == "300000-999999"


def test_413_makes_the_pieces_smaller_until_they_fit(server: FaultyServer, world: World) -> None:
    registry = Registry(server)

    def refuse_large(seen: Seen) -> Fault | None:
        is_small = int(seen.headers.get("content-length", 0)) <= 200_000
        return registry.answer(seen) if is_small else Fault(status=413)

    server.script = refuse_large
    upload(server, world)
    assert registry.committed == CONTENT


def test_a_registry_that_takes_nothing_is_given_up(server: FaultyServer, world: World) -> None:
    registry = Registry(server)
    server.script = lambda seen: Fault(status=413) if seen.method == "PATCH" else registry.answer(seen)
    with pytest.raises(NetworkError, match="rejects chunks of even 65,536 bytes"):
        upload(server, world)


def test_an_upload_at_an_address_that_is_none(server: FaultyServer, world: World) -> None:
    server.script = lambda _: Fault(status=202, headers={"Location": "http://[::1"})
    with pytest.raises(NetworkError, match="starts an upload at an address that can't be used"):
        upload(server, world)


def test_a_digest_that_the_registry_refuses(server: FaultyServer, world: World) -> None:
    registry = Registry(server)
    body = b'{"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match"}]}'
    server.script = lambda seen: Fault(status=400, body=body) if seen.method == "PUT" else registry.answer(seen)
    with pytest.raises(NetworkError, match="provided digest did not match"):
        upload(server, world)


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("https://r.example/v2/a/x?_state=1", "https://r.example", "https://r.example/v2/a/x?_state=1"),
        ("http://r.example/v2/a/x", "https://r.example", "https://r.example/v2/a/x"),
        ("http://r.example:80/v2/a/x", "https://r.example:8443", "https://r.example:8443/v2/a/x"),
        ("https://r.example/v2/a/x", "https://r.example/prefix", "https://r.example/prefix/v2/a/x"),
        ("https://r.example/prefix/v2/a/x", "https://r.example/prefix", "https://r.example/prefix/v2/a/x"),
        ("https://storage.example/v2/x", "https://r.example/prefix", "https://storage.example/v2/x"),
        ("http://other.example/v2/x", "https://r.example", "http://other.example/v2/x"),
    ],
)
def test_what_a_registry_calls_itself_behind_a_proxy(url: str, base: str, expected: str) -> None:
    scheme, _, rest = base.partition("://")
    authority, slash, path = rest.partition("/")
    assert mended_location(url, BaseUrl(scheme, authority, slash + path)) == expected


class TestFeed:
    @pytest.mark.parametrize("parts", [[(0, 1_000_000)], [(0, 1), (1, 99_999), (100_000, 900_000)], [(0, 5), (3, 9)],
                                       [(500_000, 1000), (0, 10), (999_999, 1)]])  # fmt: skip
    def test_gives_any_part(self, parts: list[tuple[int, int]]) -> None:
        feed = Feed(blob())
        for start, length in parts:
            assert b"".join(feed.part(start, length)) == CONTENT[start : start + length]

    def test_an_abandoned_part_is_no_harm(self) -> None:
        feed = Feed(blob())
        next(iter(feed.part(0, 500_000)))
        assert b"".join(feed.part(10, 100)) == CONTENT[10:110]
