"""Finding the compressor that makes the wanted digest of a tar."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from importer.domain.digest import Digest
from importer.recompression import (
    IS_NATIVE,
    Compressor,
    Encoder,
    Family,
    GzipHeader,
    KnownCompressor,
    Outcome,
    Wanted,
    encoder_of,
    find_compressor,
    known_compressors,
    search,
)
from tests.recompression.files import Dripping, compressed, foreign, opener
from tests.recompression.inputs import make_input

KNOWN = known_compressors()
SIZE = 200_000 if IS_NATIVE else 30_000
TAR = make_input("tar", SIZE, 11)


def searched(
    data: bytes, blob: bytes, compressors: Sequence[KnownCompressor] = KNOWN, limit: float | None = None
) -> Outcome:
    return find_compressor(opener(data), Wanted(Digest.of(blob), len(blob)), compressors, limit=limit)


Fake = Callable[[Callable[[], Encoder]], KnownCompressor]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Makes a compressor that the search gets an encoder of the test's own for."""
    made: dict[Compressor, Callable[[], Encoder]] = {}

    def fake(make: Callable[[], Encoder]) -> KnownCompressor:
        compressor = Compressor(Family.ZLIB, 100 + len(made))
        made[compressor] = make
        return KnownCompressor(compressor, (GzipHeader(),), (), 1)

    monkeypatch.setattr(search, "encoder_of", lambda one: made[one]() if one in made else encoder_of(one))
    return fake


@pytest.mark.parametrize("start", [b"", b"\x0a\x12"])
def test_well_known_empty_layers_come_out(start: bytes) -> None:
    """Docker's empty layer: 1024 zero bytes, as pushed since Go 1.8 and before."""
    digests = {
        "sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1": GzipHeader(),
        "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4": GzipHeader(mtime=0x886E0900),
    }
    for digest, header in digests.items():
        outcome = find_compressor(opener(bytes(1024)), Wanted(Digest.parse(digest), 32), KNOWN)
        assert outcome.found
        assert (outcome.found.known.name, outcome.found.header) == ("Go ≤1.26, level 6", header)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_every_compressor_is_found(known: KnownCompressor) -> None:
    data = TAR if known.speed > 1 else TAR[:3000]
    near = (known, *(other for other in KNOWN[:3] if other != known))
    for header in known.headers:
        blob = compressed(known, data, header)
        outcome = searched(data, blob, near)
        assert outcome.found
        assert compressed(outcome.found.known, data, outcome.found.header) == blob
        assert compressed(known, data, outcome.found.header) == blob


def test_size_may_be_unknown() -> None:
    blob = compressed(KNOWN[2], TAR)
    outcome = find_compressor(opener(TAR), Wanted(Digest.of(blob)), KNOWN[:3])
    assert outcome.found
    assert outcome.found.known == KNOWN[2]


def test_other_digests_are_found_too() -> None:
    blob = compressed(KNOWN[0], b"x" * 5000)
    outcome = find_compressor(opener(b"x" * 5000), Wanted(Digest.of(blob, "sha512"), len(blob)), KNOWN[:1])
    assert outcome.found


def test_likeliest_is_named_when_several_fit() -> None:
    blob = compressed(KNOWN[0], b"tiny")
    for _ in range(20):
        outcome = searched(b"tiny", blob)
        assert outcome.found
        assert outcome.found.known == KNOWN[0]


class Counting:
    """Counts what it is given; its output is the input."""

    taken = 0

    def __init__(self) -> None:
        type(self).taken = 0

    def write(self, data: bytes | memoryview) -> bytes:
        type(self).taken += len(data)
        return bytes(data)

    def finish(self) -> bytes:
        return b""


def test_try_ends_when_its_output_is_too_long(fake: Fake) -> None:
    outcome = find_compressor(opener(bytes(5_000_000)), Wanted(Digest.of(b""), 300_000), [fake(Counting)])
    assert outcome == Outcome(None, ())
    assert Counting.taken < 1_000_000


def test_limit_ends_the_tries_and_tells_which(fake: Fake) -> None:
    assert searched(TAR, b"nothing", KNOWN[:3], limit=0).given_up == KNOWN[:3]

    class Slow(Counting):
        def write(self, data: bytes | memoryview) -> bytes:
            del data
            time.sleep(0.05)
            return b""

    slow = fake(Slow)
    start = time.monotonic()
    outcome = find_compressor(opener(bytes(20_000_000)), Wanted(Digest.of(b""), 100), [slow, *KNOWN[:1]], limit=0.2)
    assert time.monotonic() - start < 2
    assert slow in outcome.given_up


def test_fast_compressor_does_not_wait_for_a_slow_one(fake: Fake) -> None:
    release = threading.Event()

    class Stuck(Counting):
        def write(self, data: bytes | memoryview) -> bytes:
            del data
            release.wait(30)
            return b""

    blob = compressed(KNOWN[0], TAR)
    finished = []

    def progress(known: KnownCompressor, done: int) -> None:
        if known == KNOWN[0] and done == len(TAR):
            finished.append(known)
            release.set()

    outcome = find_compressor(
        opener(TAR), Wanted(Digest.of(blob), len(blob)), [KNOWN[0], fake(Stuck)], progress=progress
    )
    assert outcome.found
    assert finished


def test_first_one_is_tried_alone_when_told() -> None:
    seen = []

    def progress(known: KnownCompressor, done: int) -> None:
        assert done
        seen.append(known)

    wanted = Wanted(Digest.of(blob := compressed(KNOWN[0], TAR)), len(blob))
    assert find_compressor(opener(TAR), wanted, KNOWN[:4], progress=progress, first_alone=True).found
    assert set(seen) == {KNOWN[0]}
    outcome = find_compressor(opener(TAR), wanted, KNOWN[1::-1], first_alone=True)
    assert outcome.found
    assert outcome.found.known == KNOWN[0]
    assert find_compressor(opener(TAR), wanted, [], first_alone=True) == Outcome(None)


def test_progress_is_told_by_one_thread_at_a_time() -> None:
    running = threading.Lock()
    seen: dict[KnownCompressor, list[int]] = {}

    def progress(known: KnownCompressor, done: int) -> None:
        assert running.acquire(blocking=False)
        seen.setdefault(known, []).append(done)
        running.release()

    find_compressor(opener(TAR), Wanted(Digest.of(b""), len(TAR)), KNOWN[:4], progress=progress)
    assert set(seen) == set(KNOWN[:4])
    assert all(numbers == sorted(numbers) and numbers[-1] == len(TAR) for numbers in seen.values())


def test_error_while_reading_comes_out() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            del size
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        find_compressor(Broken, Wanted(Digest.of(b""), 5), KNOWN[:3])


def test_nothing_makes_what_an_unknown_compressor_wrote() -> None:
    assert searched(TAR, foreign(TAR), KNOWN[:4]) == Outcome(None, ())


def test_short_reads_make_no_difference() -> None:
    blob = compressed(KNOWN[0], TAR)
    assert find_compressor(lambda: Dripping(TAR), Wanted(Digest.of(blob), len(blob)), KNOWN[:1]).found
