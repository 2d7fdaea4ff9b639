from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import random
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.places.address import Literal
from importer.places.opener import Opener
from importer.sources.archive_member import Flaw, Member
from importer.sources.source_file import ProblemKind, SourceProblem
from importer.sources.tar_archive import list_tar
from importer.sources.tar_reader import MemberReader
from tests import pace
from tests.images.content import sample_layers
from tests.images.generated import make_image
from tests.in_process import run
from tests.sources.archiving import contents, entries, problems, tar_of

_OPENER: Final = Opener()
_SETTINGS: Final = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
_BLOCKS: Final = st.integers(1, 20).map(lambda count: 512 * count)


def _noise(seed: int, size: int) -> bytes:
    """Bytes that end with no zero: else nothing tells the last ones from what fills up the block."""
    return random.Random(seed).randbytes(size - 1) + b"!"


@st.composite
def _plain_files(draw: st.DrawFn) -> dict[str, bytes]:
    sizes = draw(st.lists(st.integers(1, 6000), min_size=2, max_size=8))
    seed = draw(st.integers(0, 1 << 30))
    return {f"member-{n}": _noise(seed + n, size) for n, size in enumerate(sizes)}


@st.composite
def _files_and_tars(draw: st.DrawFn) -> dict[str, bytes]:
    files = draw(_plain_files())
    tars = draw(st.sets(st.sampled_from(sorted(files))))
    return {
        name: tar_of({"a": content, "b": content[::-1]}) if name in tars else content for name, content in files.items()
    }


def _read(tar: bytes) -> list[bytes]:
    """The contents of all that is found in a tar."""
    listed = list_tar(_OPENER, Literal(tar), len(tar))
    return [b"".join(_OPENER.blocks(item.content)) for item in listed if isinstance(item, Member)]


def _places(tar: bytes) -> list[tuple[int, int, int]]:
    """Where each member's header and its content begin, and where the content ends."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return [(member.offset, member.offset_data, member.offset_data + member.size) for member in archive]


@given(_files_and_tars(), st.data())
@_SETTINGS
def test_a_flipped_bit_in_a_header_costs_nothing(files: dict[str, bytes], data: st.DataObject) -> None:
    tar = bytearray(tar_of(files))
    header, start, _ = data.draw(st.sampled_from(_places(bytes(tar))))
    tar[data.draw(st.integers(header, start - 1))] ^= 1 << data.draw(st.integers(0, 7))
    found = _read(bytes(tar))
    assert all(content in found for content in files.values())


@given(_plain_files(), st.data())
@_SETTINGS
def test_members_around_lost_blocks_are_found(files: dict[str, bytes], data: st.DataObject) -> None:
    tar = tar_of(files)
    places = _places(tar)
    at, lost = data.draw(st.integers(0, places[-1][2])), data.draw(_BLOCKS)
    found = _read(tar[:at] + tar[at + lost :])
    whole = [tar[start:end] for header, start, end in places if end <= at or header >= at + lost]
    assert all(content in found for content in whole)


@given(_plain_files(), st.data())
@_SETTINGS
def test_members_around_added_bytes_are_found(files: dict[str, bytes], data: st.DataObject) -> None:
    tar = tar_of(files)
    places = _places(tar)
    at, size = data.draw(st.integers(0, places[-1][2])), data.draw(_BLOCKS | st.integers(1, 5000))
    added = bytes(size) if data.draw(st.booleans()) else _noise(size, size)
    found = _read(tar[:at] + added + tar[at:])
    whole = [tar[start:end] for header, start, end in places if end <= at or header >= at]
    assert all(content in found for content in whole)


_DOWNLOAD: Final = {
    f"sha256__{hashlib.sha256(content).hexdigest()}": content
    for content in (_noise(n, 3000 + 700 * n) for n in range(6))
}


def _hurt(path: Path, how: Callable[[bytes], bytes], pack: Callable[[bytes], bytes] = bytes) -> Path:
    path.write_bytes(pack(how(tar_of(_DOWNLOAD))))
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
@pytest.mark.parametrize(
    ("how", "lost"),
    [
        (lambda tar: tar[512:], 1),
        (lambda tar: tar[1536:], 1),
        (lambda tar: _noise(1, 512) + tar, 0),
        (lambda tar: b"garbage" + tar, 0),
        (lambda tar: tar[:30] + b"\x80" + tar[31:], 0),
        (lambda tar: tar[:6000] + tar[6512:], 1),
        (lambda tar: tar[:6000] + b"<html>a proxy's error</html>" + tar[6000:], 1),
    ],
    ids=["no-header", "cut-at-start", "block-before", "bytes-before", "first-header", "block-lost", "text-in-content"],
)
def test_it_is_recognised_whatever_happened_to_its_start(
    tmp_path: Path, how: Callable[[bytes], bytes], lost: int, pack: Callable[[bytes], bytes]
) -> None:
    path = _hurt(tmp_path / "app.tar", how, pack)
    found = entries(tmp_path)
    assert len(set(_DOWNLOAD.values()) - set(contents(found).values())) <= lost
    assert "damaged at byte" in problems(found)[str(path)]


def test_a_bridged_damage_is_told_apart_from_a_loss(tmp_path: Path) -> None:
    flipped = _hurt(tmp_path / "flipped.tar", lambda tar: tar[:3584] + bytes([tar[3584] ^ 4]) + tar[3585:])
    shifted = _hurt(tmp_path / "shifted.tar", lambda tar: tar[:6000] + tar[6512:])
    kinds = {entry.path: entry.kind for entry in entries(tmp_path) if isinstance(entry, SourceProblem)}
    assert kinds == {str(flipped): ProblemKind.DAMAGE, str(shifted): ProblemKind.ARCHIVE}


def test_all_places_are_named(tmp_path: Path) -> None:
    def how(tar: bytes) -> bytes:
        hurt = bytearray(tar)
        for header, _, _ in _places(tar)[1:]:
            hurt[header + 10] ^= 1
        return bytes(hurt)

    path = _hurt(tmp_path / "app.tar", how)
    found = entries(tmp_path)
    assert set(contents(found).values()) == set(_DOWNLOAD.values())
    assert problems(found)[str(path)].startswith("the archive is damaged at bytes 3584, 8192, 13312 and 2 more;")


@pytest.mark.parametrize("lost", [512, 3 * 512, 20 * 512, 1000])
def test_headers_of_a_tar_in_a_damaged_member_arent_the_archives(lost: int) -> None:
    inner = tar_of({f"usr/{n}": _noise(n, 1500) for n in range(40)})
    tar = tar_of(
        {"a/layer.tar": inner, "b/json": b"{}" * 600, "b/layer.tar": inner[::-1], "manifest.json": b"[]" * 400}
    )
    hurt = tar[:9000] + tar[9000 + lost :]
    listed = [item for item in list_tar(_OPENER, Literal(hurt), len(hurt)) if isinstance(item, Member)]
    assert [item.name for item in listed] == ["a/layer.tar", "b/json", "b/layer.tar", "manifest.json"]
    assert [b"".join(_OPENER.blocks(item.content)) for item in listed[1:]] == [b"{}" * 600, inner[::-1], b"[]" * 400]


def test_a_whole_tar_of_tars_is_read_as_it_is() -> None:
    inner = tar_of({"manifest.json": b"[]", "sha256__" + "0" * 64: b"x" * 3000})
    for last in (inner, inner + bytes(10240), tar_of({"deeper.tar": inner}), inner[:-9000]):
        tar = tar_of({"a": inner, "last": last})
        listed = list(list_tar(_OPENER, Literal(tar), len(tar)))
        assert [item.name for item in listed] == ["a", "last"]


@pytest.mark.parametrize("form", ["gnu", "ustar", "pax"])
def test_what_gnu_tar_writes(tmp_path: Path, form: str) -> None:
    source = tmp_path / "source"
    names = dict(_DOWNLOAD)
    if form in ("gnu", "pax"):
        names |= {f"{'long-' * 30}/{name}": content[::-1] for name, content in _DOWNLOAD.items()}
    for name, content in names.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    archive = tmp_path / "app.tar"
    subprocess.run(["tar", f"--format={form}", "--sort=name", "-cf", archive, "-C", source, *sorted(names)], check=True)
    whole = archive.read_bytes()
    rng = random.Random(form)
    for _ in range(40):
        hurt = bytearray(whole)
        header = rng.choice(_places(whole))[0]
        hurt[header + rng.randrange(512)] ^= 1 << rng.randrange(8)
        archive.write_bytes(hurt)
        found = contents(entries(archive))
        assert set(names.values()) <= set(found.values()), (form, header)


class _Counted(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.count += len(block)
        return block


def _bytes_read(tar: bytes) -> int:
    stream = _Counted(tar)
    for _ in MemberReader(stream, len(tar)).members():
        pass
    return stream.count


def _header(name: str, size: int = 0, kind: bytes = b"0") -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT)


class TestBounds:
    def test_a_tar_of_nothing_but_headers(self) -> None:
        header = tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT)
        self._compare(header * 40_000)

    def test_headers_that_lie_about_their_sizes(self) -> None:
        def lies(size: Callable[[int], int]) -> bytes:
            found = []
            for n in range(20_000):
                entry = tarfile.TarInfo("a")
                entry.size = size(n)
                found.append(entry.tobuf(tarfile.GNU_FORMAT))
            return b"".join(found)

        for size in (
            lambda n: 1 << 40,
            lambda n: (20_000 - n) * 512 - 700,
            lambda n: 5_000_000 + n % 7,
            lambda n: n * 512,
        ):
            self._compare(lies(size))

    def test_false_headers(self) -> None:
        block = bytearray(tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT))
        block[0] = ord("b")
        self._compare(bytes(block) * 20_000)
        self._compare(tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT) + b"ustar\x0000" * 1_300_000)

    def test_what_is_behind_damage_is_searched_once(self) -> None:
        """Long names and extended headers without a member, after content, each with damage behind it."""
        for kind in (b"L", b"x"):
            for content in (b"", b"\1" * 8_000_000):
                tar = _header("a") + content + (_header("b", 5, kind) + b"\1" * 1536) * 600 + bytes(1024)
                assert _bytes_read(tar) < 6 * len(tar) + (600 * 16 << 10)

    def test_archives_behind_archives_are_read_once(self) -> None:
        tar = tar_of({"a": b"content"})[:2048] * 1000
        assert _bytes_read(tar) < 20 * len(tar)

    def test_headers_that_lead_to_one_place_are_followed_a_few_times_and_it_is_said(self) -> None:
        headers = [_header("b", (2000 - n) * 512, b"L") for n in range(2000)]
        tar = _header("a") + b"".join(headers) + b"\1" * 4096
        assert _bytes_read(tar) < 40 * len(tar) + 10_000 * 512
        (flaw,) = (item for item in list_tar(_OPENER, Literal(tar), len(tar)) if isinstance(item, Flaw))
        assert "is damaged at byte" in flaw.reason

    def test_members_that_swallow_one_another_are_read_a_few_times(self) -> None:
        """Each member leads behind the one that swallows it, so each seems to be the archive's own."""
        blocks, swallowed = [], 20_000
        for n in range(900):
            blocks += [_header(f"m{n}", swallowed * 512), b"\1" * 512]
        tar = b"".join(blocks) + b"\1" * (512 * swallowed + 900 * 1024)
        listed = list(list_tar(_OPENER, Literal(tar), len(tar)))
        assert sum(item.size for item in listed if isinstance(item, Member)) < 20 * len(tar)

    @staticmethod
    def _compare(tar: bytes) -> None:
        """Reading it takes some twenty times as long as reading as many plain members does, at most."""
        with pace.within(20):
            list(list_tar(_OPENER, Literal(tar), len(tar)))


def test_flaws_have_no_name_of_a_member() -> None:
    tar = tar_of(_DOWNLOAD)
    hurt = tar[:6000] + tar[6512:]
    (flaw,) = [item for item in list_tar(_OPENER, Literal(hurt), len(hurt)) if isinstance(item, Flaw)]
    assert (flaw.name, flaw.is_bridged) == ("", False)


@pytest.mark.parametrize("offset", [3, 40, 63])
def test_a_config_that_lost_its_name_is_known_by_its_content(tmp_path: Path, offset: int) -> None:
    image = make_image(sample_layers("names", 9000))
    config_name, layers = f"{image.image_id.hex}.json", [f"{n}/layer.tar" for n in range(len(image.layers))]
    saved = [{"Config": config_name, "RepoTags": ["team/app:1"], "Layers": layers}]
    contents_of_layers = map(gzip.decompress, image.layers)
    files = {config_name: image.config, **dict(zip(layers, contents_of_layers, strict=True))}
    tar = bytearray(tar_of({**files, "manifest.json": json.dumps(saved).encode()}))
    config = next(header for header, start, end in _places(bytes(tar)) if tar[start:end] == image.config)
    tar[config + offset] ^= 1
    (tmp_path / "app.tar").write_bytes(tar)
    report = json.loads(run("scan", "--format", "json", tmp_path).output)
    (found,) = report["images"]
    assert (found["image_id"], found["name"]) == (str(image.image_id), "team/app:1")
    assert found["outputs"]["docker-tar"] == "exact"
