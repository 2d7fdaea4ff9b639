"""Addresses are plain values: what another process gets of one is equal, and makes the same bytes."""

from __future__ import annotations

import dataclasses
import gzip
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO, get_args

import pytest

from importer.errors import DecodeError
from importer.formats.decoders import Coding
from importer.formats.signatures import FileKind
from importer.formats.transfer_codings.coding import TransferCoding
from importer.inspection.examiner import Examiner
from importer.investigation import Question, survey
from importer.places.address import (
    Address,
    Copied,
    Decoded,
    Decompressed,
    FileOnDisk,
    Joined,
    Literal,
    Member,
    Part,
    Recompressed,
    StoredObject,
    Unpacked,
    can_seek,
    paths_of,
)
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.recompression import Compressor, Family, GzipHeader
from importer.work.task import Tools
from tests.agreement.test_damage_corpus import FOLDERS, HOME, input_of
from tests.work.threads import threads

PLAIN = bytes(range(256)) * 5000
FILE = FileOnDisk("d/layer.tar.gz")
ADDRESSES = (
    FILE,
    StoredObject(FolderStore(Path("d")), "layer.tar.gz"),
    Member("d/a.zip/layer", Unpacked(Part(FileOnDisk("d/a.zip"), 30, 10), Coding.DEFLATE, most=20)),
    Part(FILE, 1, 1),
    Unpacked(FILE, Coding.GZIP),
    Copied(Unpacked(FILE, Coding.GZIP), 5),
    Literal(b"{}"),
    Joined((FILE, Literal(b"\0"))),
    Decompressed(FILE, FileKind.GZIP),
    Decoded(FILE, TransferCoding.BASE64),
    Recompressed(Decompressed(FILE, FileKind.ZSTD), Compressor(Family.GO_CLASSIC, 6), GzipHeader()),
)


@pytest.fixture
def packed(tmp_path: Path) -> FileOnDisk:
    path = tmp_path / "packed.gz"
    path.write_bytes(gzip.compress(PLAIN, mtime=0))
    return FileOnDisk(str(path))


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: type(address).__name__)
def test_an_address_is_a_value(address: Address) -> None:
    assert pickle.loads(pickle.dumps(address)) == address
    assert hash(address) == hash(pickle.loads(pickle.dumps(address)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(address, dataclasses.fields(address)[0].name, None)


def test_every_kind_of_address_has_an_example() -> None:
    assert {type(address) for address in ADDRESSES} == set(get_args(Address))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda file: Decompressed(file, FileKind.GZIP), PLAIN),
        (lambda file: Unpacked(file, Coding.GZIP), PLAIN),
        (lambda file: Copied(Unpacked(file, Coding.GZIP), 1000), PLAIN[:1000]),
        (lambda file: Part(Decompressed(file, FileKind.GZIP), 300_000, 9), PLAIN[300_000:300_009]),
        (lambda file: Part(Copied(Unpacked(file, Coding.GZIP), len(PLAIN)), 7, 300_000), PLAIN[7:300_007]),
        (lambda file: Joined((Literal(b"ab"), Part(Decompressed(file, FileKind.GZIP), 0, 3))), b"ab" + PLAIN[:3]),
        (lambda file: Member("x/y", Part(Literal(PLAIN), 10, 20)), PLAIN[10:30]),
    ],
)
def test_streams_and_blocks_are_the_same_bytes(
    packed: FileOnDisk, make: Callable[[Address], Address], expected: bytes
) -> None:
    opener, address = Opener(), make(packed)
    with opener.open(address) as stream:
        assert b"".join(iter(lambda: stream.read(70_000), b"")) == expected
        assert stream.seekable() == can_seek(address)
    assert b"".join(opener.blocks(address)) == expected
    assert b"".join(opener.blocks(address, start=2, length=5)) == expected[2:7]
    assert opener.head(address, 4) == expected[:4]


def test_what_is_cut_is_given_as_far_as_it_is_good_or_refused(packed: FileOnDisk) -> None:
    cut = Part(packed, 0, Path(packed.path).stat().st_size - 100)
    assert PLAIN.startswith(b"".join(Opener().blocks(Unpacked(cut, Coding.GZIP))))
    with pytest.raises(DecodeError):
        b"".join(Opener().blocks(Decompressed(cut, FileKind.GZIP)))


def test_more_than_a_member_promises_is_refused(packed: FileOnDisk) -> None:
    with pytest.raises(OSError, match="it unpacks to more"):
        b"".join(Opener().blocks(Unpacked(packed, Coding.GZIP, most=len(PLAIN) - 1)))


def test_copies_are_made_once_for_all_members(packed: FileOnDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    opener, real = Opener(), Opener.open
    opened: list[Address] = []

    def noting(self: Opener, address: Address) -> BinaryIO:
        opened.append(address)
        return real(self, address)

    monkeypatch.setattr(Opener, "open", noting)
    copy = Copied(Unpacked(packed, Coding.GZIP), len(PLAIN))
    for start in range(0, 9000, 1000):
        assert b"".join(opener.blocks(Part(copy, start, 10))) == PLAIN[start : start + 10]
    assert opened.count(packed) == 1


def test_another_process_makes_its_own_copies(packed: FileOnDisk) -> None:
    opener = Opener()
    member = Part(Copied(Unpacked(packed, Coding.GZIP), len(PLAIN)), 100, 50)
    assert b"".join(opener.blocks(member)) == PLAIN[100:150]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(opener.head, member, 50).result() == PLAIN[100:150]


def test_the_paths_are_those_of_files_and_members() -> None:
    member = Member("d/a.tar/b", Part(FileOnDisk("d/a.tar"), 512, 9))
    made = Decompressed(Joined((member, Literal(b"x"), Part(FILE, 0, 4))), FileKind.GZIP)
    assert paths_of(made) == ("d/a.tar/b", "d/layer.tar.gz")


@pytest.mark.parametrize("name", FOLDERS)
def test_every_value_of_a_scan_is_one(name: str, tmp_path: Path) -> None:
    opener = Opener()
    case = survey(Question((place_of(input_of(HOME / name, tmp_path)),)), threads(opener=opener))
    copy = pickle.loads(pickle.dumps(case))
    assert copy == case
    for image in copy.plan.images:
        for made in (made for blob in image.all_blobs for made in (blob.exact, blob.content) if made):
            assert Examiner(Tools(opener)).digest_of(made.recipe, made.digest.algorithm, made.size) == made.digest


def test_a_copy_may_be_made_of_a_copy(tmp_path: Path) -> None:
    inner = gzip.compress(PLAIN, mtime=0)
    (tmp_path / "outer.gz").write_bytes(gzip.compress(inner, mtime=0))
    outer = Copied(Unpacked(FileOnDisk(str(tmp_path / "outer.gz")), Coding.GZIP), len(inner))
    nested = Copied(Unpacked(Part(outer, 0, len(inner)), Coding.GZIP), len(PLAIN))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(Opener().head, Part(nested, 5, 9), 9).result(timeout=60) == PLAIN[5:14]
