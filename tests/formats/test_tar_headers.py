"""Walking tars of every dialect."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.formats.tar_headers import TarEntry, TarWalker

LONG = "a-rather-long-folder-name/" * 6 + "file.txt"
DIALECTS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def tar_of(files: dict[str, bytes], dialect: str = "pax") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=DIALECTS[dialect]) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def walk(data: bytes, step: int = 1 << 16) -> TarWalker:
    walker = TarWalker(keep_entries=True)
    for start in range(0, len(data), step):
        walker.feed(data[start : start + step])
    return walker


def header(size_field: bytes, name: bytes = b"big") -> bytes:
    block = bytearray(tarfile.TarInfo(name.decode()).tobuf(tarfile.GNU_FORMAT))
    block[124:136] = size_field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("step", [1, 100, 512, 1 << 16])
def test_names_and_sizes_of_each_dialect(dialect: str, step: int) -> None:
    files = {"short": b"x" * 700, LONG: b"y" * 512, "empty": b"", "last": b"z"}
    walker = walk(tar_of(files, dialect), step)
    assert {entry.name: entry.size for entry in walker.entries} == {name: len(text) for name, text in files.items()}
    assert walker.entry_count == 4
    assert walker.ended
    assert walker.broken_at is None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_contents_lie_where_it_says(dialect: str) -> None:
    files = {LONG: b"first content", "b": b"second" * 200}
    data = tar_of(files, dialect)
    for entry in walk(data).entries:
        assert data[entry.offset : entry.end] == files[entry.name]


@pytest.mark.parametrize("dialect", ["gnu", "pax"])
def test_names_beyond_ustar(dialect: str) -> None:
    name = "ä" * 150 + "/" + "ü" * 150
    assert [entry.name for entry in walk(tar_of({name: b"1", "next": b""}, dialect)).entries] == [name, "next"]


def test_8_gib_and_more_in_base_256() -> None:
    size = 9 << 30
    block = header(b"\x80" + size.to_bytes(11, "big"))
    assert walk(block).entries == [TarEntry("big", size, 512)]


def test_8_gib_and_more_in_pax() -> None:
    info = tarfile.TarInfo("big")
    info.size = 9 << 30
    walker = walk(info.tobuf(tarfile.PAX_FORMAT))
    assert [(entry.name, entry.size) for entry in walker.entries] == [("big", 9 << 30)]


def test_the_largest_octal_size() -> None:
    assert walk(header(b"77777777777\0")).entries[0].size == (8 << 30) - 1
    assert walk(header(b"777777777777")).entries[0].size == (64 << 30) - 1


def test_links_and_folders_have_no_content() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind in (
            ("d", tarfile.DIRTYPE),
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("f", tarfile.FIFOTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "d"
            tar.addfile(entry)
    assert [(entry.name.rstrip("/"), entry.size) for entry in walk(buffer.getvalue()).entries] == [
        ("d", 0),
        ("s", 0),
        ("h", 0),
        ("f", 0),
    ]


def test_where_a_header_should_be_and_isnt() -> None:
    data = bytearray(tar_of({"a": b"x" * 600, "b": b"y"}))
    offset = data.index(b"b\0\0\0")
    data[offset] = 0xFF
    walker = walk(bytes(data))
    assert walker.broken_at == offset == 3 * 512
    assert [entry.name for entry in walker.entries] == ["a"]
    assert not walker.ended


def test_a_cut_has_no_end() -> None:
    data = tar_of({"a": b"x" * 600, "b": b"y"})
    for length in range(0, 5 * 512, 64):
        walker = walk(data[:length])
        assert not walker.ended
        assert walker.broken_at is None
        assert walker.entry_count == (length >= 512) + (length >= 4 * 512)


def test_nonsense_in_pax_records_is_passed_over() -> None:
    for records in (b"", b"x", b"5", b"-1 path=x\n", b"0 a=b\n", b"\xff\xff", b"12 size=abc\n"):
        info = tarfile.TarInfo("pax")
        info.type, info.size = tarfile.XHDTYPE, len(records)
        block = info.tobuf(tarfile.USTAR_FORMAT) + records + bytes(-len(records) % 512)
        walker = walk(block + tar_of({"after": b"1"}))
        assert [entry.name for entry in walker.entries] == ["after"], records


@settings(max_examples=200)
@given(st.binary(max_size=3000), st.integers(1, 700))
def test_any_bytes_are_walked_the_same_in_any_pieces(data: bytes, step: int) -> None:
    first, second = walk(data), walk(data, step)
    assert (first.entries, first.broken_at, first.ended) == (second.entries, second.broken_at, second.ended)
