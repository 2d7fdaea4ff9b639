from __future__ import annotations

import errno
import gzip
import os
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.places import spool
from importer.sources.source_file import ProblemKind, SourceFile, SourceProblem
from tests import pace
from tests.sources.archiving import contents, entries, problems, read, tar_of, zip_of

_MARK = {"oci-layout": b"{}"}
_BLOBS = {name: random.Random(name).randbytes(70_000) for name in ("a", "b", "c")}
_MIB = 1 << 20


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_cut_zip_gives_what_is_whole_and_the_rest_as_it_is(tmp_path: Path, method: int, streamed: bool) -> None:
    whole = zip_of(_BLOBS, method, streamed=streamed)
    path = _write(tmp_path / "a.zip", whole[:180_000])
    found = entries(path)
    assert "directory" in problems(found)[str(path)]
    got = contents(found)
    assert (got["a"], got["b"]) == (_BLOBS["a"], _BLOBS["b"])
    assert _BLOBS["c"].startswith(got["c"])
    assert len(got["c"]) > 38_000


def test_what_helps_is_told_for_an_archive_and_for_a_member(tmp_path: Path) -> None:
    cut = _write(tmp_path / "a.zip", zip_of(_BLOBS)[:180_000])
    (problem,) = (entry for entry in entries(cut) if isinstance(entry, SourceProblem))
    assert problem.advice.startswith("download or copy the archive again")
    secret = bytearray(zip_of({"a": _BLOBS["a"]}))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        secret[secret.index(header) + flags] |= 1
    (locked,) = entries(_write(tmp_path / "b.zip", bytes(secret)))
    assert isinstance(locked, SourceProblem)
    assert locked.reason.startswith("encrypted")
    assert locked.advice.startswith("unpack the archive yourself and give the folder")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_without_its_directory_loses_nothing(tmp_path: Path, method: int, streamed: bool) -> None:
    files = {**_BLOBS, "text": b"abc" * 50_000, "tricky": b"PK\x07\x08" * 10, "empty": b""}
    whole = zip_of(files, method, streamed=streamed)
    found = entries(_write(tmp_path / "a.zip", whole[: whole.index(b"PK\x01\x02")]))
    assert contents(found) == files


def test_a_cut_zip_is_not_taken_for_the_zip_inside_it(tmp_path: Path) -> None:
    inner = zip_of({"blob": b"content"})
    whole = zip_of({"a": _BLOBS["a"], "inner.zip": inner}, zipfile.ZIP_STORED)
    assert contents(entries(_write(tmp_path / "a.zip", whole[:-10]))) == {"a": _BLOBS["a"], "blob": b"content"}


def test_a_zip64_without_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(_BLOBS["a"])
    assert contents(entries(path)) == {"a": _BLOBS["a"]}
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"PK\x01\x02")])
    assert contents(entries(path)) == {"a": _BLOBS["a"]}


@pytest.mark.parametrize("pack", [lambda tar: tar, gzip.compress, zstandard.compress])
def test_a_cut_tar_gives_the_cut_member_as_the_shorter_file_it_is(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = _write(tmp_path / "a.tar", pack(tar_of({**_MARK, **_BLOBS}))[:180_000])
    found = entries(path)
    got = contents(found)
    if pack is not zstandard.compress:
        # Of a zstd stream only whole blocks come out, of up to 128 KiB each.
        assert got["b"] == _BLOBS["b"]
        assert len(got["c"]) > 35_000
    assert got["a"] == _BLOBS["a"]
    assert all(_BLOBS[name].startswith(got.get(name, b"")) for name in _BLOBS)
    assert problems(found) == {str(path): "the archive's end is missing; the rest is used"}


def test_a_tar_that_is_damaged_in_the_middle(tmp_path: Path) -> None:
    content = bytearray(tar_of({**_MARK, **_BLOBS}))
    at = content.index(b"c\0\0\0")
    content[at : at + 512] = b"x" * 512
    found = entries(_write(tmp_path / "a.tar", bytes(content)))
    # Nothing but the place tells of the member whose header is lost.
    assert contents(found) == {**_MARK, "a": _BLOBS["a"], "b": _BLOBS["b"], f"from-byte-{at + 512}": _BLOBS["c"]}
    assert f"damaged at byte {at}" in next(iter(problems(found).values()))


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "C:/windows", "a/../b", "C:\\windows"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    for path in (
        _write(tmp_path / "a.tar", tar_of({**_MARK, name.replace("\\", "/"): b"x"})),
        _write(tmp_path / "a.zip", zip_of({**_MARK, name: b"x"})),
    ):
        found = entries(path)
        assert contents(found) == _MARK
        assert [reason.endswith("refused") for reason in problems(found).values()] == [True]


def test_backslashes_separate_folders_in_a_zip(tmp_path: Path) -> None:
    assert contents(entries(_write(tmp_path / "a.zip", zip_of({"team\\app\\x": b"1"})))) == {"team/app/x": b"1"}


def test_names_in_any_encoding(tmp_path: Path) -> None:
    raw = zip_of({"aaa": b"1", "bbb": b"2", "ccc": b"3"})
    raw = raw.replace(b"aaa", "é!".encode()).replace(b"bbb", b"\x81\xff!")
    # The flag says UTF-8 and the bytes aren't: Python's reader gives up on such a zip.
    broken = raw.replace(b"ccc", b"c\xff\xff")
    at = broken.index(b"c\xff\xff", broken.index(b"PK\x01\x02")) - 46 + 8
    broken = broken[:at] + struct.pack("<H", 1 << 11) + broken[at + 2 :]
    assert contents(entries(_write(tmp_path / "a.zip", raw))) == {"é!": b"1", "ü\xa0!": b"2", "ccc": b"3"}
    assert len(contents(entries(_write(tmp_path / "b.zip", broken)))) == 3
    tar = tar_of({**_MARK, "aaa": b"1"}).replace(b"aaa", b"a\xffa")
    tar = tar[:1024] + _with_checksum(tar[1024:1536]) + tar[1536:]
    assert contents(entries(_write(tmp_path / "a.tar", tar))) == {**_MARK, "a\\xffa": b"1"}


def test_members_of_other_kinds_and_bad_links_are_problems(tmp_path: Path) -> None:
    more = []
    for name, kind, target in (
        ("device", tarfile.CHRTYPE, ""),
        ("pipe", tarfile.FIFOTYPE, ""),
        ("outside", tarfile.SYMTYPE, "../../etc/passwd"),
        ("absolute", tarfile.LNKTYPE, "/etc/passwd"),
        ("nowhere", tarfile.SYMTYPE, "lost"),
        ("circle", tarfile.SYMTYPE, "circle"),
        ("sparse", tarfile.GNUTYPE_SPARSE, ""),
    ):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        more.append(entry)
    path = _write(tmp_path / "a.tar", tar_of(_MARK, more))
    found = entries(path)
    assert contents(found) == _MARK
    reasons = {os.path.basename(where): reason for where, reason in problems(found).items()}  # noqa: PTH119
    assert reasons["device"].startswith("a device")
    assert reasons["pipe"].startswith("a named pipe")
    assert "outside the archive" in reasons["outside"]
    assert "outside the archive" in reasons["absolute"]
    assert "isn't in the archive" in reasons["nowhere"]
    assert "circular link" in reasons["circle"]
    assert "sparse" in reasons["sparse"]


def test_of_several_members_with_one_name_the_last_keeps_it(tmp_path: Path) -> None:
    tar = tar_of({"oci-layout": b"{}", "aa": b"first", "bb": b"second", "cc": b"third"})
    tar = b"".join(
        _with_checksum(tar[at : at + 512].replace(b"bb", b"aa").replace(b"cc", b"aa"))
        if tar[at + 257 : at + 262] == b"ustar"
        else tar[at : at + 512]
        for at in range(0, len(tar), 512)
    )
    found = entries(_write(tmp_path / "a.tar", tar))
    assert contents(found) == {**_MARK, "aa": b"third", "aa (earlier)": b"second", "aa (earlier 2)": b"first"}
    assert len({file.path for file in found}) == 4


@pytest.mark.parametrize(("flag", "method", "words"), [(1, 8, "encrypted"), (0, 9, "Deflate64"), (0, 77, "method 77")])
def test_members_that_cannot_be_read_say_why(tmp_path: Path, flag: int, method: int, words: str) -> None:
    raw = bytearray(zip_of({"aaa": b"1" * 100, "bbb": b"2"}))
    central = raw.index(b"PK\x01\x02")
    struct.pack_into("<HH", raw, 6, flag, method)
    struct.pack_into("<HH", raw, central + 8, flag, method)
    for content in (bytes(raw), bytes(raw[:central])):
        found = entries(_write(tmp_path / "a.zip", content))
        assert contents(found) == {"bbb": b"2"}
        assert words in problems(found)[str(tmp_path / "a.zip" / "aaa")]


def test_one_disk_of_several_is_not_taken_for_a_zip(tmp_path: Path) -> None:
    raw = bytearray(zip_of({"a": b"1"}))
    struct.pack_into("<HH", raw, raw.index(b"PK\x05\x06") + 4, 2, 2)
    for content in (bytes(raw), b"PK\x07\x08" + bytes(raw[: raw.index(b"PK\x05\x06")])):
        found = entries(_write(tmp_path / "a.zip", content))
        assert contents(found) == ({"a": b"1"} if content.startswith(b"PK\x07\x08") else {})
        assert "multi-volume" in problems(found)[str(tmp_path / "a.zip")]


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    raw = zip_of({"aaa": b"1" * 1000, "bbb": b"2"}, zipfile.ZIP_STORED)
    at = raw.rindex(b"PK\x01\x02")
    # The second member's directory entry points into the first one's data, where a header is quoted.
    quoted = bytearray(raw)
    quoted[100:133] = raw[33 + 1000 : 33 + 1000 + 33]
    struct.pack_into("<I", quoted, at + 42, 100)
    found = entries(_write(tmp_path / "a.zip", bytes(quoted)))
    assert list(contents(found)) == ["aaa"]
    assert "shares bytes" in problems(found)[str(tmp_path / "a.zip" / "bbb")]


def test_a_member_that_holds_more_than_it_says_cannot_be_read(tmp_path: Path) -> None:
    raw = bytearray(zip_of({"aaa": b"1" * 1000}))
    struct.pack_into("<I", raw, raw.index(b"PK\x01\x02") + 24, 10)
    (file,) = entries(_write(tmp_path / "a.zip", bytes(raw)))
    assert isinstance(file, SourceFile)
    with pytest.raises(OSError, match="unpacks to more"):
        read(file)


@pytest.mark.parametrize("kind", ["zip", "cut.zip", "tar.gz", "tar.zst", "nested.zip", "many.zip"])
@pytest.mark.slow
def test_bombs_are_refused_quickly(tmp_path: Path, kind: str) -> None:
    path = _write(tmp_path / f"bomb.{kind}", _bomb(kind))
    assert path.stat().st_size < 12 * _MIB
    with pace.within(20):
        found = entries(path)
    assert any("expands" in reason for reason in problems(found).values())
    assert sum(entry.size for entry in found if isinstance(entry, SourceFile)) < 1300 * _MIB


def _bomb(kind: str) -> bytes:
    zeros = bytes(64 * _MIB)
    if kind in ("zip", "cut.zip", "nested.zip", "many.zip"):
        small = zip_of({f"{n}": zeros for n in range(4)})
        bombs = zip_of({f"{n}.zip": small for n in range(20)}, zipfile.ZIP_STORED)
        if kind == "many.zip":
            return zip_of({f"{n}.zip": small for n in range(10)})
        return bombs[:-100] if kind == "cut.zip" else bombs
    header = tar_of(_MARK)[:1024]
    entry = tarfile.TarInfo("zeros")
    entry.size = 2 << 30
    start = header + entry.tobuf()
    if kind == "tar.zst":
        packer = zstandard.ZstdCompressor().compressobj()
        return packer.compress(start) + b"".join(packer.compress(zeros) for _ in range(32)) + packer.flush()
    block = gzip.compress(zeros)
    return gzip.compress(start) + block * 32


def test_a_tar_with_absurd_headers(tmp_path: Path) -> None:
    pax = tarfile.TarInfo("x")
    pax.type = tarfile.XHDTYPE
    records = b"%d size=%s\n" % (5018, b"9" * 5007) + b"5 a=\n" * 100_000
    pax.size = len(records)
    body = pax.tobuf(tarfile.USTAR_FORMAT) + records + bytes(-len(records) % 512)
    huge = tarfile.TarInfo("huge")
    huge.size = 1 << 80
    raw = tar_of(_MARK)[:1024] + body + huge.tobuf(tarfile.GNU_FORMAT) + b"12"
    with pace.within(5):
        found = entries(_write(tmp_path / "a.tar", raw))
    assert contents(found) == {**_MARK, "huge": b"12"}


@given(st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.slow
def test_damage_anywhere_is_never_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    files = {**_MARK, "dir/x": b"hello" * 100, "y": bytes(3000)}
    packed = bytearray(
        data.draw(
            st.sampled_from(
                [
                    zip_of(files),
                    zip_of(files, zipfile.ZIP_STORED, streamed=True),
                    tar_of(files),
                    gzip.compress(tar_of(files), mtime=0),
                    zip_of({"a.zip": zip_of(files), "b.tar": tar_of(files)}),
                ]
            )
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(packed)))
    found = entries(_write(tmp_path / "a.zip", bytes(packed[:cut])))
    for entry in found:
        if isinstance(entry, SourceFile):
            try:
                read(entry)
            except OSError as error:
                assert "unpacks to more" in str(error)  # noqa: PT017


class TestBehindTheEnd:
    def test_an_archive_behind_another_is_read_as_well(self, tmp_path: Path) -> None:
        both = tar_of({**_MARK, "first": b"1"}) + tar_of({"second": b"2"})
        found = entries(_write(tmp_path / "a.tar", both))
        assert contents(found) == {**_MARK, "first": b"1", "second": b"2"}
        assert not [entry for entry in found if isinstance(entry, SourceProblem)]

    @pytest.mark.parametrize("blocks", [1, 2, 700])
    def test_zeros_between_members_are_no_end(self, tmp_path: Path, blocks: int) -> None:
        first, rest = tar_of({**_MARK, "first": b"1"}).rstrip(b"\0"), tar_of({"second": b"2"})
        whole = first + bytes(-len(first) % 512 + 512 * blocks) + rest
        assert contents(entries(_write(tmp_path / "a.tar", whole)))["second"] == b"2"

    def test_anything_else_there_is_told_with_its_place(self, tmp_path: Path) -> None:
        tar = tar_of({**_MARK, "first": b"1"})
        found = entries(_write(tmp_path / "a.tar", tar + b"no header " * 100))
        (problem,) = [entry for entry in found if isinstance(entry, SourceProblem)]
        assert f"from byte {len(tar)} on" in problem.reason
        assert contents([entry for entry in found if entry is not problem]) == {**_MARK, "first": b"1"}


def test_no_room_for_the_spool_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_MARGIN", 1 << 62)
    path = _write(tmp_path / "a.tar.gz", gzip.compress(tar_of({**_MARK, **_BLOBS})))
    found = entries(tmp_path)
    assert {entry.path for entry in found} == {str(path)}
    assert [entry.kind for entry in found if isinstance(entry, SourceProblem)] == [ProblemKind.ARCHIVE]


def test_the_spool_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    found = entries(_write(tmp_path / "a.tar.gz", gzip.compress(tar_of({**_MARK, **_BLOBS}))))
    assert contents(found) == {**_MARK, **_BLOBS}
    assert not list((tmp_path / "temporary").iterdir())


def test_a_large_stored_zip_is_read_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_spool() -> None:
        raise AssertionError("nothing may be unpacked")

    monkeypatch.setattr("importer.sources.decompression.Spool", no_spool)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("small", b"1")
    _append_sparse_member(path, "large", 5 << 30)
    found = entries(path)
    assert {entry.path: entry.size for entry in found} == {str(path / "small"): 1, str(path / "large"): 5 << 30}
    assert path.stat().st_blocks * 512 < _MIB
    assert stat.S_ISREG(path.stat().st_mode)


def _append_sparse_member(path: Path, name: str, size: int) -> None:
    """Write the zip anew with one more stored member, whose content is a hole in the file."""
    with zipfile.ZipFile(path) as archive:
        (first,) = archive.infolist()
    raw = name.encode()
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    fields = (45, 0, 0, 0, 0x21, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(raw), len(extra))
    with path.open("r+b") as stream:
        content = stream.read()
        central = content[content.index(b"PK\x01\x02") : content.index(b"PK\x05\x06")]
        start = first.header_offset + 30 + len(first.filename) + first.compress_size
        stream.seek(start)
        stream.truncate()
        stream.write(b"PK\x03\x04" + struct.pack("<5H3I2H", *fields[:5], *fields[5:]) + raw + extra)
        stream.seek(size, 1)
        directory = stream.tell()
        entry = struct.pack(
            "<6H3I5H2I", 45, 45, 0, 0, 0, 0x21, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(raw), 20, 0, 0, 0, 0, start
        )
        stream.write(central + b"PK\x01\x02" + entry + raw + extra)
        length = stream.tell() - directory
        end = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2, 2, length, directory)
        stream.write(b"PK\x06\x06" + end + b"PK\x06\x07" + struct.pack("<IQI", 0, directory + length, 1))
        stream.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 2, 2, length, 0xFFFFFFFF, 0))


def _with_checksum(header: bytes) -> bytes:
    blank = header[:148] + b" " * 8 + header[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


_FOUR: Final = {name: (name * 300).encode() for name in ("aaa", "bbb", "ccc", "ddd")}


def _entry_of(raw: bytes | bytearray, number: int) -> int:
    """Where the directory's entry of a member begins."""
    at = raw.index(b"PK\x01\x02")
    for _ in range(number):
        at = raw.index(b"PK\x01\x02", at + 1)
    return at


@pytest.mark.parametrize(("field", "what"), [(28, "name"), (32, "comment")])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_entries_that_a_damaged_length_swallows_are_not_lost(
    tmp_path: Path, field: int, what: str, number: int
) -> None:
    raw = bytearray(zip_of(_FOUR))
    entry = _entry_of(raw, number)
    behind = raw.index(b"PK\x05\x06") - _entry_of(raw, number + 1)
    # As long as all entries behind it: the directory reads well to its end, and tells of fewer members.
    old = struct.unpack_from("<H", raw, entry + field)[0]
    struct.pack_into("<H", raw, entry + field, old + behind)
    found = entries(_write(tmp_path / "a.zip", bytes(raw)))
    assert contents(found) == _FOUR, what
    assert "directory" in problems(found)[str(tmp_path / "a.zip")]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_damaged_size_in_the_directory_costs_no_other_member(tmp_path: Path, streamed: bool) -> None:
    raw = bytearray(zip_of(_FOUR, streamed=streamed))
    struct.pack_into("<I", raw, _entry_of(raw, 0) + 20, 0x7FFFFFFF)
    found = entries(_write(tmp_path / "a.zip", bytes(raw)))
    others = {name: content for name, content in _FOUR.items() if name != "aaa"}
    assert contents(found) == (others if streamed else _FOUR)


def test_an_archive_of_which_no_copy_can_be_made_is_not_taken_for_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path / "a.tar.gz", gzip.compress(tar_of({**_MARK, **_BLOBS})))

    def refuse(**_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert "Too many open files" in problems(entries(path))[str(path)]
