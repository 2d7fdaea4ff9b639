"""The only door to an output lets nothing pass that is short, long or wrong."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from importer.errors import DecodeError, InputError, VerificationError
from importer.formats.signatures import FileKind
from importer.places.address import Address, Decompressed, Joined, Literal, Part
from importer.places.folder_store import FolderStore
from importer.places.opener import Opener
from importer.plan.blobs import ProvenBlob
from importer.sources.source_file import SourceFile
from importer.sources.stored_files import StoredFiles
from importer.writers.verifying_reader import VerifyingReader

CONTENT = bytes(range(256)) * 4000
READER = VerifyingReader(Opener())
BLOB = ProvenBlob(Digest.of(CONTENT), len(CONTENT), Literal(CONTENT))


@pytest.fixture
def file(tmp_path: Path) -> SourceFile:
    (tmp_path / "blob").write_bytes(CONTENT)
    (entry,) = StoredFiles(FolderStore(tmp_path)).entries()
    assert isinstance(entry, SourceFile)
    return entry


def read(recipe: Address, *, digest: Digest = BLOB.digest, size: int = BLOB.size) -> tuple[bytes, list[int]]:
    seen: list[int] = []
    return b"".join(READER.blocks(ProvenBlob(digest, size, recipe), seen.append)), seen


def test_right_bytes_pass_and_are_counted(file: SourceFile) -> None:
    content, counts = read(file.address)
    assert content == CONTENT
    assert sum(counts) == len(CONTENT)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: b"x" + content[1:],
        lambda content: content[:-1] + b"x",
        lambda _: b"",
        lambda content: content * 50,
    ],
    ids=["short", "long", "wrong first", "wrong last", "empty", "far too long"],
)
def test_wrong_bytes_are_refused(file: SourceFile, change: Callable[[bytes], bytes]) -> None:
    Path(file.path).write_bytes(change(CONTENT))
    passed: list[int] = []
    with pytest.raises(VerificationError, match="has changed"):
        passed.extend(map(len, READER.blocks(ProvenBlob(BLOB.digest, BLOB.size, file.address), lambda _: None)))
    assert sum(passed) <= len(CONTENT), "no more bytes pass than were promised"


@pytest.mark.parametrize("size", [0, len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_wrong_size_is_refused_even_with_the_right_digest(file: SourceFile, size: int) -> None:
    with pytest.raises(VerificationError):
        read(file.address, size=size)


def test_a_file_that_is_gone_is_an_input_error(file: SourceFile) -> None:
    Path(file.path).unlink()
    with pytest.raises(InputError, match="can no longer be read"):
        read(file.address)


def test_parts_and_pieces(file: SourceFile) -> None:
    pieces = Joined(
        (Part(file.address, 0, 1000), Literal(CONTENT[1000:2000]), Part(file.address, 2000, len(CONTENT) - 2000))
    )
    assert read(pieces)[0] == CONTENT
    with pytest.raises(VerificationError):
        read(Joined((Part(file.address, 0, 1000), Part(file.address, 1001, len(CONTENT)))))


def test_decompressed_content_must_be_whole(file: SourceFile) -> None:
    packed = gzip.compress(CONTENT)
    assert read(Decompressed(Literal(packed), FileKind.GZIP))[0] == CONTENT
    assert read(Decompressed(Literal(packed + b"junk"), FileKind.GZIP))[0] == CONTENT
    for broken in (packed[:-1], packed[:-9], packed[:-1] + b"x", b""):
        with pytest.raises((DecodeError, VerificationError)):
            read(Decompressed(Literal(broken), FileKind.GZIP))
