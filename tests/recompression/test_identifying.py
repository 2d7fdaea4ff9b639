"""Finding the compressor that makes a digest, and the one that wrote a file."""

from __future__ import annotations

import io
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from importer.domain.digest import Digest
from importer.errors import DecodeError
from importer.recompression import (
    IS_NATIVE,
    Compressor,
    Encoder,
    Family,
    GzipEncoder,
    GzipHeader,
    KnownCompressor,
    Outcome,
    Wanted,
    compressor_of,
    encoder_of,
    gzip_encoder_of,
    identify,
    identifying,
    known_compressors,
    seconds_for,
)
from tests.recompression.inputs import make_input

KNOWN = known_compressors()
SIZE = 200_000 if IS_NATIVE else 30_000
TAR = make_input("tar", SIZE, 11)


def opener(data: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(data)


def compressed(known: KnownCompressor, data: bytes, header: GzipHeader | None = None) -> bytes:
    encoder = gzip_encoder_of(known.compressor, header or known.headers[0])
    return encoder.write(data) + encoder.finish()


def search(
    data: bytes, blob: bytes, compressors: Sequence[KnownCompressor] = KNOWN, limit: float | None = None
) -> Outcome:
    return identify(opener(data), Wanted(Digest.of(blob), len(blob)), compressors, limit=limit)


class Foreign:
    """A compressor that is not among the known: zlib with another memory level, as no known program calls it."""

    def __init__(self) -> None:
        self._encoder = zlib.compressobj(6, zlib.DEFLATED, -15, 5)
        self.write = self._encoder.compress
        self.finish = self._encoder.flush


def foreign(data: bytes) -> bytes:
    encoder = GzipEncoder(GzipHeader(), Foreign())
    return encoder.write(data) + encoder.finish()


Fake = Callable[[Callable[[], Encoder]], KnownCompressor]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Makes a compressor that the search gets an encoder of the test's own for."""
    made: dict[Compressor, Callable[[], Encoder]] = {}

    def fake(make: Callable[[], Encoder]) -> KnownCompressor:
        compressor = Compressor(Family.ZLIB, 100 + len(made))
        made[compressor] = make
        return KnownCompressor(compressor, (GzipHeader(),), (), 1)

    monkeypatch.setattr(identifying, "encoder_of", lambda one: made[one]() if one in made else encoder_of(one))
    return fake


@pytest.mark.parametrize("start", [b"", b"\x0a\x12"])
def test_well_known_empty_layers_come_out(start: bytes) -> None:
    """Docker's empty layer: 1024 zero bytes, as pushed since Go 1.8 and before."""
    digests = {
        "sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1": GzipHeader(),
        "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4": GzipHeader(mtime=0x886E0900),
    }
    for digest, header in digests.items():
        outcome = identify(opener(bytes(1024)), Wanted(Digest.parse(digest), 32), KNOWN)
        assert outcome.found
        assert (outcome.found.known.name, outcome.found.header) == ("Go ≤1.26, level 6", header)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_every_compressor_is_found(known: KnownCompressor) -> None:
    data = TAR if known.speed > 1 else TAR[:3000]
    near = (known, *(other for other in KNOWN[:3] if other != known))
    for header in known.headers:
        blob = compressed(known, data, header)
        outcome = search(data, blob, near)
        assert outcome.found
        assert compressed(outcome.found.known, data, outcome.found.header) == blob
        assert compressed(known, data, outcome.found.header) == blob


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_every_file_is_recognised(known: KnownCompressor) -> None:
    data = TAR if known.speed > 1 else TAR[:3000]
    candidates = KNOWN if IS_NATIVE else (*KNOWN[:2], known)
    for header in (*known.headers[:1], GzipHeader(mtime=1_700_000_000, os=7, name=b"layer.tar")):
        recognition = compressor_of(opener(compressed(known, data, header)), candidates)
        assert known in recognition.compressors
        assert recognition.header == header
        assert recognition.is_known_header == (header in known.headers)


def test_nothing_fits_an_unknown_compressor() -> None:
    blob = foreign(TAR)
    assert search(TAR, blob, KNOWN[:4]) == Outcome(None, ())
    assert compressor_of(opener(blob), KNOWN[:4]).compressors == ()


def test_size_may_be_unknown() -> None:
    blob = compressed(KNOWN[2], TAR)
    outcome = identify(opener(TAR), Wanted(Digest.of(blob)), KNOWN[:3])
    assert outcome.found
    assert outcome.found.known == KNOWN[2]


def test_other_digests_are_found_too() -> None:
    blob = compressed(KNOWN[0], b"x" * 5000)
    outcome = identify(opener(b"x" * 5000), Wanted(Digest.of(blob, "sha512"), len(blob)), KNOWN[:1])
    assert outcome.found


def test_likeliest_is_named_when_several_fit() -> None:
    blob = compressed(KNOWN[0], b"tiny")
    for _ in range(20):
        outcome = search(b"tiny", blob)
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
    outcome = identify(opener(bytes(5_000_000)), Wanted(Digest.of(b""), 300_000), [fake(Counting)])
    assert outcome == Outcome(None, ())
    assert Counting.taken < 1_000_000


def test_limit_ends_the_tries_and_tells_which(fake: Fake) -> None:
    assert search(TAR, b"nothing", KNOWN[:3], limit=0).given_up == KNOWN[:3]

    class Slow(Counting):
        def write(self, data: bytes | memoryview) -> bytes:
            del data
            time.sleep(0.05)
            return b""

    slow = fake(Slow)
    start = time.monotonic()
    outcome = identify(opener(bytes(20_000_000)), Wanted(Digest.of(b""), 100), [slow, *KNOWN[:1]], limit=0.2)
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

    outcome = identify(opener(TAR), Wanted(Digest.of(blob), len(blob)), [KNOWN[0], fake(Stuck)], progress=progress)
    assert outcome.found
    assert finished


def test_another_zlib_leaves_its_compressors_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importer.recompression.catalogue.is_original_zlib", lambda: False)
    names = [compressor.name for compressor in known_compressors()]
    assert names
    assert not [name for name in names if "zlib" in name or "pigz" in name]


def test_first_one_is_tried_alone_when_told() -> None:
    seen = []

    def progress(known: KnownCompressor, done: int) -> None:
        assert done
        seen.append(known)

    wanted = Wanted(Digest.of(blob := compressed(KNOWN[0], TAR)), len(blob))
    assert identify(opener(TAR), wanted, KNOWN[:4], progress=progress, first_alone=True).found
    assert set(seen) == {KNOWN[0]}
    outcome = identify(opener(TAR), wanted, KNOWN[1::-1], first_alone=True)
    assert outcome.found
    assert outcome.found.known == KNOWN[0]
    assert identify(opener(TAR), wanted, [], first_alone=True) == Outcome(None)


def test_progress_is_told_by_one_thread_at_a_time() -> None:
    running = threading.Lock()
    seen: dict[KnownCompressor, list[int]] = {}

    def progress(known: KnownCompressor, done: int) -> None:
        assert running.acquire(blocking=False)
        seen.setdefault(known, []).append(done)
        running.release()

    identify(opener(TAR), Wanted(Digest.of(b""), len(TAR)), KNOWN[:4], progress=progress)
    assert set(seen) == set(KNOWN[:4])
    assert all(numbers == sorted(numbers) and numbers[-1] == len(TAR) for numbers in seen.values())


def test_error_while_reading_comes_out() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            del size
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        identify(Broken, Wanted(Digest.of(b""), 5), KNOWN[:3])


def test_estimate_adds_up() -> None:
    one, two = KNOWN[:2]
    assert seconds_for((one, two), 2_000_000) == pytest.approx(2 / one.speed + 2 / two.speed)
    assert seconds_for((), 5) == 0


def test_file_with_more_behind_it_is_no_single_member() -> None:
    blob = compressed(KNOWN[0], b"x" * 3000)
    for more in (blob, b"\0", bytes(100_000)):
        recognition = compressor_of(opener(blob + more))
        assert not recognition.is_single
        assert recognition.compressors == ()


def test_damaged_files_are_refused() -> None:
    blob = compressed(KNOWN[0], TAR)
    broken = bytearray(blob)
    broken[-6] ^= 1
    for data, message in (
        (b"", "not a gzip file"),
        (b"plain text, longer than a header", "not a gzip file"),
        (blob[:-9], "ends too early"),
        (blob[:-3], "damaged"),
        (bytes(broken), "damaged"),
        (blob[:10] + b"\xff" * 50, "damaged"),
    ):
        with pytest.raises(DecodeError, match=message):
            compressor_of(opener(data))


def test_short_reads_make_no_difference() -> None:
    blob = compressed(KNOWN[0], TAR)

    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 777) if size and size > 0 else 777)

    assert KNOWN[0] in compressor_of(lambda: Dripping(blob), KNOWN[:2]).compressors
    outcome = identify(lambda: Dripping(TAR), Wanted(Digest.of(blob), len(blob)), KNOWN[:1])
    assert outcome.found


def test_recognition_closes_what_it_opened() -> None:
    opened: list[io.BytesIO] = []

    def keep() -> io.BytesIO:
        opened.append(io.BytesIO(compressed(KNOWN[0], TAR[:3000])))
        return opened[-1]

    compressor_of(keep)
    assert all(stream.closed for stream in opened)


def test_unlikely_header_is_tried_last() -> None:
    """A file whose header no known compressor writes is compared with all."""
    odd = replace(KNOWN[0].headers[0], os=11)
    assert compressor_of(opener(compressed(KNOWN[0], TAR, odd)), KNOWN[:3]).compressors == (KNOWN[0],)


def test_encoders_have_one_interface() -> None:
    encoders: list[Encoder] = [encoder_of(known.compressor) for known in KNOWN]
    assert all(zlib.decompress(one.write(b"a" * 9) + one.finish(), -15) == b"a" * 9 for one in encoders)
