"""Members of tars come through the merging as they were, and names as layers leave them."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import CannotWriteError
from importer.writers.merged_names import MergedNames
from importer.writers.tar_entries import TarReader


def tar(*members: tuple[str, bytes, str | bytes], format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
    """Members by name, type, and content or what they link to."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as opened:
        for name, kind, value in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if isinstance(value, str):
                info.linkname = value
                opened.addfile(info)
            else:
                info.size = len(value)
                opened.addfile(info, io.BytesIO(value))
    return buffer.getvalue()


def blocks(content: bytes, size: int = 700) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def merged(*layers: bytes) -> dict[str, bytes | str]:
    """The file system that is left: content, or the target of a symbolic link; folders are left out."""
    names = MergedNames()
    for number, layer in enumerate(layers):
        names.apply(number, TarReader(blocks(layer), "a layer"), "a layer")
    survivors, found = names.survivors(), {}
    for number, layer in enumerate(layers):
        reader = TarReader(blocks(layer), "a layer")
        for position, entry in enumerate(reader):
            content = b"".join(reader.content())[: entry.size]
            for path in survivors.get((number, position), ()):
                if entry.kind != tarfile.DIRTYPE:
                    found[path.decode()] = entry.link.decode() if entry.kind == tarfile.SYMTYPE else content
    return found


FILE, LINK, HARD, DIR = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


class TestNames:
    def test_a_later_layer_wins(self) -> None:
        assert merged(tar(("a", FILE, b"1"), ("b", FILE, b"2")), tar(("./a", FILE, b"3"))) == {"a": b"3", "b": b"2"}

    def test_a_whiteout_takes_a_file_or_folder_of_lower_layers_alone(self) -> None:
        lower = tar(("d/a", FILE, b"1"), ("d/b/c", FILE, b"2"), ("e", FILE, b"3"))
        upper = tar(("d/b/new", FILE, b"4"), ("d/.wh.b", FILE, b""), ("e", FILE, b"5"), (".wh.e", FILE, b""))
        assert merged(lower, upper) == {"d/a": b"1", "d/b/new": b"4", "e": b"5"}

    def test_an_opaque_folder_hides_what_lies_below_wherever_it_is_said(self) -> None:
        lower = tar(("d/a", FILE, b"1"), ("d/b/c", FILE, b"2"))
        assert merged(lower, tar(("d/x", FILE, b"3"), ("d/.wh..wh..opq", FILE, b""))) == {"d/x": b"3"}

    def test_a_hard_link_keeps_a_file_whose_first_name_is_gone(self) -> None:
        lower = tar(("a", FILE, b"1"), ("b", HARD, "a"), ("c", HARD, "b"))
        assert merged(lower, tar((".wh.a", FILE, b""))) == {"b": b"1", "c": b"1"}
        assert merged(lower, tar(("a", FILE, b"2"))) == {"a": b"2", "b": b"1", "c": b"1"}

    def test_a_file_and_a_folder_replace_each_other(self) -> None:
        assert merged(tar(("a/b", FILE, b"1")), tar(("a", FILE, b"2"))) == {"a": b"2"}
        assert merged(tar(("a", FILE, b"1")), tar(("a", DIR, b""), ("a/b", FILE, b"2"))) == {"a/b": b"2"}

    def test_parents_are_followed_through_links(self) -> None:
        lower = tar(("usr/lib/x", FILE, b"1"), ("lib", LINK, "usr/lib"), ("l2", LINK, "/usr/../lib/../lib"))
        upper = tar(("lib/x", FILE, b"2"), ("l2/y", FILE, b"3"))
        expected = {"usr/lib/x": b"2", "usr/lib/y": b"3", "lib": "usr/lib", "l2": "/usr/../lib/../lib"}
        assert merged(lower, upper) == expected
        assert merged(lower, upper, tar(("lib/.wh.x", FILE, b"")))["lib"] == "usr/lib"
        assert "usr/lib/x" not in merged(lower, upper, tar(("lib/.wh.x", FILE, b"")))

    @pytest.mark.parametrize(
        "layer",
        [
            tar(("a/../../b", FILE, b"")),
            tar(("x" * 5000, FILE, b"")),
            tar(("a", HARD, "a")),
            tar(("a", DIR, b""), ("b", HARD, "a")),
            tar(("a", LINK, "a"), ("a/b", FILE, b"")),
        ],
    )
    def test_what_no_file_system_can_hold_is_refused(self, layer: bytes) -> None:
        with pytest.raises(CannotWriteError, match="a layer"):
            merged(layer)


class TestEntries:
    LONG = "d/" * 90 + "é" * 40

    @pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
    def test_long_names_in_either_form(self, format: int) -> None:  # noqa: A002
        layer = tar((self.LONG, FILE, b"1"), ("s", LINK, self.LONG), format=format)
        assert merged(layer) == {self.LONG: b"1", "s": self.LONG}

    @pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
    def test_new_names_old_everything_else(self, format: int) -> None:  # noqa: A002
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=format) as opened:
            info = tarfile.TarInfo("p/" * 60 + "old")
            info.size, info.mode, info.uid, info.mtime, info.uname = 3, 0o4711, 12345, 1_600_000_000, "who"
            opened.addfile(info, io.BytesIO(b"abc"))
        reader = TarReader(blocks(buffer.getvalue()), "a layer")
        for entry in reader:
            written = entry.renamed(b"n" * 150) + b"".join(reader.content()) + entry.renamed(b"also", b"n" * 150)
        with tarfile.open(fileobj=io.BytesIO(written + bytes(1024))) as opened:
            new, link = opened.getmembers()
            assert (new.name, link.name, link.linkname, link.type) == ("n" * 150, "also", "n" * 150, HARD)
            for each in (new, link):
                assert (each.mode, each.uid, each.mtime, each.uname) == (0o4711, 12345, 1_600_000_000, "who")

    def test_global_records_go_with_no_member_as_docker_ignores_them(self) -> None:
        buffer = io.BytesIO()
        headers = {"comment": "a commit", "uname": "everyone"}
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers) as opened:
            opened.addfile(tarfile.TarInfo("a"))
        (written,) = [entry.renamed(entry.path) for entry in TarReader(blocks(buffer.getvalue()), "a layer")]
        with tarfile.open(fileobj=io.BytesIO(written + bytes(1024))) as opened:
            (member,) = opened.getmembers()
            assert (member.uname, member.pax_headers) == ("", {})

    @pytest.mark.skipif(not shutil.which("tar"), reason="GNU tar isn't here")
    @pytest.mark.parametrize(
        "form", ["--format=gnu", *(f"--format=pax --sparse-version={version}" for version in ("0.0", "0.1", "1.0"))]
    )
    def test_sparse_files_of_all_kinds(self, form: str, tmp_path: Path) -> None:
        with (tmp_path / "sparse").open("wb") as stream:
            for number in range(60):
                stream.seek(number * 100_000)
                stream.write(b"data")
            stream.truncate(9_000_000)
        command = ["tar", "-S", *form.split(), "-cf", "s.tar", "sparse"]
        subprocess.run(command, cwd=tmp_path, check=True)
        reader, written = TarReader(blocks((tmp_path / "s.tar").read_bytes()), "a layer"), b""
        for entry in reader:
            written += entry.renamed(b"new" * 50) + b"".join(reader.content()) + entry.renamed(b"link", b"new" * 50)
        assert len(written) < 400_000
        with tarfile.open(fileobj=io.BytesIO(written + bytes(1024))) as opened:
            assert opened.extractfile("new" * 50).read() == (tmp_path / "sparse").read_bytes()  # type: ignore[union-attr]
            assert opened.getmember("link").linkname == "new" * 50

    @pytest.mark.parametrize("cut", [100, 600, 1030])
    def test_a_cut_tar_is_refused_or_its_end_is_taken(self, cut: int) -> None:
        layer = tar(("a", FILE, b"x" * 600))[:cut]
        with pytest.raises(CannotWriteError):
            merged(layer)

    def test_a_giant_header_is_refused(self) -> None:
        info = tarfile.TarInfo("x")
        info.type, info.size = tarfile.XHDTYPE, 1 << 40
        with pytest.raises(CannotWriteError, match="1 MiB"):
            merged(info.tobuf(format=tarfile.GNU_FORMAT) + bytes(5000))
