"""What is mended is the original to the byte, and mending it again changes nothing; whatever way it was spoiled."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.errors import BlobfixError
from importer.investigation import Question, investigate
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.progress import SilentProgress
from importer.writers.outputs import REGISTRY_TREE
from importer.writers.registry_tree import RegistryTree
from importer.writers.selection import Choice
from importer.writers.verifying_reader import VerifyingReader
from tests import damage, pace
from tests.blobfix import blobfix, leftovers, snapshot
from tests.damage import Damage
from tests.images.content import sample_layers, text
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import SEVERE, assert_tar_is_sound, assert_tree_is_sound, chosen, run, scan
from tests.work.threads import threads


def as_go_writes(image: GeneratedImage) -> GeneratedImage:
    """The image under a config with text that programs like to write in another way."""
    value = image.config_value()
    value["config"]["Env"] = ["GREETING=<hello> & welcome", "AUTHOR=Zoë", "SIZE=1e3"]
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return image.with_config(plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode())


IMAGES = (
    as_go_writes(make_image(sample_layers("repairs", 6000))),
    as_go_writes(make_image(sample_layers("repairs", 6000)[:2], docker=False)),
    make_image(sample_layers("repairs", 6000)[:2], "none", docker=False),
    make_image(sample_layers("repairs", 6000), "zstd", docker=False),
)
IMAGE = IMAGES[0]
FIRST = IMAGE.layer_digests[0].file_name
SETTINGS = settings(
    max_examples=60,
    suppress_health_check=list(HealthCheck),
)


# --- damages that take nothing away ---


def replaced(how: Callable[[bytes], bytes]) -> Damage:
    return lambda path: damage.change(path, how)


def split_into(count: int, style: Callable[[str, int], str]) -> Damage:
    def apply(path: Path) -> None:
        name = path.name
        for number, piece in enumerate(damage.split(path, count, ".piece-{:06d}")):
            piece.rename(path.with_name(style(name, number)))

    return apply


def letters(number: int, width: int = 2) -> str:
    return "".join(chr(ord("a") + number // 26**place % 26) for place in reversed(range(width)))


def prefix_with(head: bytes) -> Damage:
    return lambda path: damage.prepend(path, head)


PIECE_NAMES: dict[str, Callable[[str, int], str]] = {
    ".001": lambda name, number: f"{name}.{number + 1:03d}",
    ".0": lambda name, number: f"{name}.{number}",
    ".part1": lambda name, number: f"{name}.part{number + 1}",
    ".part01of99": lambda name, number: f"{name}.part{number + 1:02d}of99",
    "-aa": lambda name, number: f"{name}-{letters(number)}",
    ".aaa": lambda name, number: f"{name}.{letters(number, 3)}",
    "xaa": lambda _, number: f"x{letters(number)}",
    " (1)": lambda name, number: f"{name} ({number + 1})",
    "_1": lambda name, number: f"{name}_{number + 1}",
    "chunk-1.bin": lambda _, number: f"chunk-{number + 1}.bin",
    "part.1": lambda _, number: f"part.{number + 1}",
}

renamings: st.SearchStrategy[Damage] = st.one_of(
    st.sampled_from(["download", "holiday.jpg", "a b (3).tar.gz", "x.part", "überall", "sha256__0"]).map(
        lambda name: lambda path: damage.rename(path, f"{path.name[-6:]} {name}")
    ),
    st.sampled_from([damage.upper_case, damage.hyphen_prefix, damage.no_prefix, damage.rename_by_browser]),
)
headers = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40), min_size=1, max_size=20
).map(lambda lines: ("HTTP/1.1 200 OK\r\n" + "".join(f"X-A: {line}\r\n" for line in lines) + "\r\n").encode())
damages_of_layers: st.SearchStrategy[Damage] = st.one_of(
    renamings,
    headers.map(prefix_with),
    st.binary(min_size=1, max_size=3000).map(lambda extra: lambda path: damage.append(path, extra)),
    st.sampled_from([damage.gzip_again, replaced(zstandard.compress)]),
    st.builds(split_into, st.integers(2, 20), st.sampled_from(sorted(PIECE_NAMES)).map(PIECE_NAMES.__getitem__)),
)
damages_of_texts: st.SearchStrategy[Damage] = st.one_of(
    st.sampled_from([damage.bom, damage.utf16, damage.add_newline, damage.compact]),
    st.builds(
        lambda order, mark: lambda path: damage.utf16(path, order, mark),
        st.sampled_from("lb").map(lambda letter: f"{letter}e"),
        st.booleans(),
    ),
    st.integers(0, 8).map(lambda indent: lambda path: damage.reindent(path, indent)),
    st.integers(1, 4).map(lambda indent: lambda path: damage.crlf(damage.reindent(path, indent))),
    st.integers(1, 4).map(lambda indent: lambda path: damage.utf16(damage.crlf(damage.reindent(path, indent)))),
    st.just(replaced(lambda content: json.dumps(json.loads(content)).encode())),
)


@contextmanager
def download(image: GeneratedImage) -> Iterator[tuple[Path, Path]]:
    """The image's folder, and a place for outputs."""
    with tempfile.TemporaryDirectory(prefix="bf-repairs-") as home:
        folder = write_artifactory_folder(image, Path(home) / "in" / "team" / "app" / "1.4")
        (Path(home) / "out").mkdir()
        yield folder, Path(home) / "out"


def assert_mended(image: GeneratedImage, folder: Path, out: Path, *options: str) -> None:
    """Both outputs are exact; writing a second time changes nothing; and a scan of the outputs finds nothing."""
    assert_tree(image, folder, out / "tree", *options)
    before = snapshot(out / "tree", times=True)
    assert_tree(image, folder, out / "tree", *options)
    assert snapshot(out / "tree", times=True) == before

    for name in ("first.tar", "second.tar"):
        outcome = run("to-docker-tar", folder.parents[2], "-o", out / name, *options)
        assert outcome.code == 0, outcome.output
        assert_tar_is_sound(out / name, image.image_id)
    assert (out / "first.tar").read_bytes() == (out / "second.tar").read_bytes()

    for output in ("tree", "first.tar"):
        again = scan(out / output, "--deep")
        assert (again.code, again.codes(*SEVERE)) == (0, [])
        assert str(image.image_id) in {one["image_id"] for one in again.report["images"]}

    assert_tree(image, out / "tree", out / "tree of tree")
    assert snapshot(out / "tree of tree").keys() == before.keys()


def assert_tree(image: GeneratedImage, place: Path, root: Path, *options: str) -> None:
    outcome = run("to-registry-tree", place, "-o", root, "-n", "team/app:1.4", *options)
    assert outcome.code == 0, outcome.output
    assert_tree_is_sound(root, image.manifest_digest)


class TestWhatTakesNothingAway:
    @SETTINGS
    @given(
        number=st.integers(0, len(IMAGES) - 1),
        of_layers=st.lists(damages_of_layers, min_size=1, max_size=3),
        of_config=st.one_of(st.none(), damages_of_texts, renamings, headers.map(prefix_with)),
        of_manifest=st.one_of(st.none(), damages_of_texts),
    )
    @pytest.mark.slow
    def test_is_mended_exactly_and_once_for_all(
        self, number: int, of_layers: list[Damage], of_config: Damage | None, of_manifest: Damage | None
    ) -> None:
        image = IMAGES[number]
        options = ["--digest", str(image.manifest_digest)]
        with download(image) as (folder, out):
            # Nameless pieces of several layers in one folder can't be told apart: those get folders of their own.
            for place, (digest, mishap) in enumerate(zip(image.layer_digests, of_layers, strict=False)):
                (folder / f"layer{place}").mkdir()
                mishap((folder / digest.file_name).rename(folder / f"layer{place}" / digest.file_name))
            if of_config:
                of_config(folder / image.image_id.file_name)
            if of_manifest:
                of_manifest(folder / "manifest.json")
            seen = scan(folder, *options)
            assert seen.code in (0, 1), seen.report["findings"]
            assert seen.image["outputs"]["registry-tree"] == seen.image["outputs"]["docker-tar"] == "exact"
            assert_mended(image, folder, out, *options)

    @pytest.mark.parametrize("count", [1, 8])
    def test_a_lost_gzip_trailer_is_computed(self, count: int) -> None:
        with download(IMAGE) as (folder, out):
            for digest in IMAGE.layer_digests:
                damage.drop_gzip_trailer(folder / digest.file_name, count)
            assert_mended(IMAGE, folder, out)

    @pytest.mark.slow
    def test_a_thousand_pieces(self, tmp_path: Path) -> None:
        image = make_image([{"a": text("thousand", 400_000)}, {"b": text("other", 200_000)}])
        folder = write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
        for digest in image.layer_digests:
            damage.split(folder / digest.file_name, 1000, ".{:04d}")
        with pace.within(20):
            seen = scan(folder)
        assert sorted(seen.codes(*SEVERE)) == ["BF213", "BF213"]
        (tmp_path / "out").mkdir()
        assert_mended(image, folder, tmp_path / "out")

    @pytest.mark.slow
    def test_a_thousand_pieces_but_one(self, tmp_path: Path) -> None:
        image = make_image([{"a": text("thousand", 400_000)}])
        folder = write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
        damage.split(folder / image.layer_digests[0].file_name, 1000, ".{:04d}")[500].unlink()
        with pace.within(20):
            seen = scan(folder)
        assert seen.code == 4
        assert [one["digest"] for one in seen.report["downloads"]] == [str(image.layer_digests[0])]


GOOD: dict[str, Damage] = {
    "as it is": lambda path: path,
    "packed again": damage.gzip_again,
    "with headers": damage.prepend,
    "with more after it": lambda path: damage.append(path, b"more"),
    "without its trailer": damage.drop_gzip_trailer,
}
BAD: dict[str, Damage] = {
    "cut": lambda path: damage.cut_at(path, 800),
    "flipped": lambda path: damage.flip_byte(path, 900),
    "zeros": lambda path: damage.zero_range(path, 500),
    "a page": damage.replace_by_html_login_page,
    "empty": damage.empty,
    "noise": lambda path: damage.replace_by_noise(path, 1),
    "cut and packed": lambda path: damage.gzip_again(damage.cut_at(path, 900)),
}


class TestTwoCandidates:
    """Where there are two, the better one is taken, whatever they are called and whichever comes first."""

    @pytest.mark.parametrize("name", [f"{FIRST} (1)", "a copy", "zzz", f"{FIRST}.part"])
    @pytest.mark.parametrize("good", GOOD)
    @pytest.mark.parametrize("bad", BAD)
    def test_the_better_one_is_taken(self, good: str, bad: str, name: str, tmp_path: Path) -> None:
        for number, named_right in enumerate((GOOD[good], BAD[bad])):
            folder = write_artifactory_folder(IMAGE, tmp_path / str(number) / "team" / "app" / "1.4")
            other = shutil.copy(folder / FIRST, folder / name)
            named_right(folder / FIRST)
            (BAD[bad] if number == 0 else GOOD[good])(Path(other))
            seen = scan(folder)
            assert seen.code == (0 if good == "as it is" else 1), seen.report["findings"]
            assert seen.image["outputs"]["registry-tree"] == "exact"
            assert_tree(IMAGE, folder, tmp_path / f"tree{number}")


FORMS: dict[str, Callable[[str, str], str]] = {
    "bare": lambda digits, _: digits,
    "sha256sum": lambda digits, name: f"{digits}  {name}",
    "sha256sum -b": lambda digits, name: f"{digits} *{name}",
    "a path": lambda digits, name: f"{digits}  ./downloads/{name}",
    "bsd": lambda digits, name: f"SHA256 ({name}) = {digits}",
    "openssl": lambda digits, name: f"SHA2-256({name})= {digits}",
    "prefixed": lambda digits, _: f"sha256:{digits}",
    "name first": lambda digits, name: f"{name}: {digits}",
    "another file's line, too": lambda digits, name: f"{'9' * 64}  other.txt\n{digits}  {name}",
    "powershell": lambda digits, name: (
        f"\r\nAlgorithm   Hash       Path\r\n---------   ----\r\nSHA256      {digits}  {name}"
    ),
}
ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda line: line.encode(),
    "with BOM": lambda line: b"\xef\xbb\xbf" + line.encode(),
    "utf-16": lambda line: ("\ufeff" + line).encode("utf-16-le"),
}


class TestSidecars:
    @SETTINGS
    @given(
        form=st.sampled_from(sorted(FORMS)),
        encoding=st.sampled_from(sorted(ENCODINGS)),
        end=st.sampled_from(["", "\n", "\r\n"]),
        upper=st.booleans(),
        right=st.booleans(),
    )
    def test_a_sidecar_in_any_form_is_understood(
        self, form: str, encoding: str, end: str, upper: bool, right: bool
    ) -> None:
        digits = IMAGE.layer_digests[0].hex if right else "5" * 63 + "a"
        line = FORMS[form](digits.upper() if upper else digits, FIRST) + end
        with download(IMAGE) as (folder, _):
            (folder / f"{FIRST}.sha256").write_bytes(ENCODINGS[encoding](line))
            seen = scan(folder)
            assert seen.codes(*SEVERE) == ([] if right else ["BF109"])
            assert seen.code == 0

    @pytest.mark.parametrize("form", FORMS)
    def test_a_sidecar_proves_the_former_manifest(self, form: str) -> None:
        with download(IMAGE) as (folder, out):
            damage.utf16(damage.reindent(folder / "manifest.json", 4))
            line = FORMS[form](IMAGE.manifest_digest.hex.upper(), "manifest.json")
            (folder / "manifest.json.sha256").write_text(line + "\n")
            assert "BF211" in scan(folder).codes("warning")
            assert_mended(IMAGE, folder, out)


class Meddler(SilentProgress):
    """Spoils a file in the middle of the work: when it has been told ``moment`` times of bytes."""

    def __init__(self, moment: int, deed: Callable[[], object]) -> None:
        self._left = moment
        self._deed = deed

    def advance(self, size: int) -> None:
        self._left -= 1
        if self._left == 0:
            with suppress(FileNotFoundError):
                self._deed()


def in_place(change: Callable[[bytes], bytes]) -> Damage:
    """Another content in the same file, as a download that goes on writes it."""

    def apply(path: Path) -> None:
        content = change(path.read_bytes())
        with path.open("r+b") as stream:
            stream.write(content)
            stream.truncate()

    return apply


CHANGES: tuple[Damage, ...] = (
    in_place(lambda content: content[: len(content) // 2]),
    in_place(lambda content: content + b"more"),
    in_place(lambda content: content[:-9] + bytes(9)),
    in_place(lambda content: bytes(len(content))),
    Path.unlink,
    damage.replace_by_html_login_page,
)


class TestFilesThatChangeWhileTheyAreRead:
    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(
        moment=st.integers(1, 14),
        number=st.integers(0, 5),
        change=st.sampled_from(CHANGES),
        spoiled=st.sampled_from([None, damage.gunzip_in_place, damage.gzip_again, damage.prepend]),
    )
    @pytest.mark.slow
    def test_nothing_wrong_is_written(self, moment: int, number: int, change: Damage, spoiled: Damage | None) -> None:
        with download(IMAGE) as (folder, out):
            if spoiled:
                spoiled(folder / FIRST)
            files = sorted(folder.iterdir())
            meddler = Meddler(moment, lambda: change(files[number % len(files)]))
            opener = Opener()
            try:
                with RegistryTree.opened(
                    FolderStore(out / "tree"), VerifyingReader(opener), meddler, Durability()
                ) as tree:
                    question = Question((place_of(folder.parents[2]),))
                    plan = investigate(question, threads(meddler, opener, jobs=1), tree.capture()).case.plan
                    images = chosen(plan, Choice(), REGISTRY_TREE)
                    tree.write(images)
            except BlobfixError:
                tags = list(out.rglob("current/link"))
                assert tags == []
            else:
                assert_tree_is_sound(out / "tree", images[0].plan.manifest.descriptor.digest)
            assert leftovers(out) == []


class TestHopelessFolders:
    def test_every_file_is_damaged(self, tmp_path: Path) -> None:
        folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
        for path in sorted(folder.iterdir()):
            if path.name != "manifest.json":
                damage.cut_at(path, path.stat().st_size // 2)
        seen = scan(folder)
        assert seen.code == 4
        assert seen.codes(*SEVERE) == ["BF201"] * 4
        assert {one["digest"] for one in seen.report["downloads"]} == {str(digest) for digest in IMAGE.blobs}

    def test_every_file_and_the_manifest_are_damaged(self, tmp_path: Path) -> None:
        folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
        for path in sorted(folder.iterdir()):
            damage.cut_at(path, path.stat().st_size // 2)
        seen = scan(folder)
        assert seen.code == 4
        assert "BF302" in seen.codes(*SEVERE)
        assert set(seen.image["outputs"].values()) == {"none"}


BOMB_CHUNKS = 10 * 1024
"""MiB that come out of the file."""


@pytest.fixture(scope="module")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 10 MB of gzip that hold 10 GiB of zeros: one deflate block, again and again."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    chunk = compressor.compress(bytes(1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    path = tmp_path_factory.mktemp("bomb") / "bomb.gz"
    with path.open("wb") as stream:
        stream.write(gzip.compress(b"")[:10])
        for _ in range(BOMB_CHUNKS):
            stream.write(chunk)
        stream.write(b"\x03\0" + bytes(8))
    return path


@pytest.mark.slow
class TestBombs:
    MAX_SECONDS = 20
    LIMITED = ("sh", "-c", 'ulimit -v 600000; exec "$@"', "sh")

    def scan_within_bounds(self, *arguments: str | Path) -> dict[str, Any]:
        """The report; fails when it takes too many seconds of a processor, or more than 600 MB of address space."""
        with pace.within(self.MAX_SECONDS):
            result = blobfix("scan", "--format", "json", "--jobs", "2", *arguments, prefix=self.LIMITED)
        return result.json

    def test_in_place_of_a_layer(self, bomb: Path, tmp_path: Path) -> None:
        folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
        (folder / FIRST).unlink()
        (folder / FIRST).hardlink_to(bomb)
        report = self.scan_within_bounds(folder)
        (found,) = [one for one in report["findings"] if one["severity"] == "error"]
        assert found["code"] == "BF209"
        assert "unpacks to far more than it should" in found["message"]
        assert blobfix("to-docker-tar", folder, "-o", tmp_path / "out.tar").code == 4

    def test_beside_a_layer_that_is_missing(self, bomb: Path, tmp_path: Path) -> None:
        folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
        (folder / FIRST).unlink()
        (folder / "layer").hardlink_to(bomb)
        report = self.scan_within_bounds(folder)
        assert [one["code"] for one in report["findings"] if one["severity"] == "error"] == ["BF401"]

    def test_that_the_manifest_itself_wants(self, bomb: Path, tmp_path: Path) -> None:
        content = bomb.read_bytes()
        manifest = json.loads(IMAGE.manifest)
        image = GeneratedImage(b"", IMAGE.media_type, IMAGE.config, (content,), (), "linux", "amd64")
        manifest["layers"][0] |= {"size": len(content), "digest": str(image.layer_digests[0])}
        folder = write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")
        (folder / "manifest.json").write_text(json.dumps(manifest))
        (folder / FIRST).unlink()
        (folder / image.layer_digests[0].file_name).hardlink_to(bomb)
        report = self.scan_within_bounds(folder, "--deep")
        # Its bytes are the ones that were wanted; what they hold was not seen, so nothing is said against it.
        assert [one["code"] for one in report["findings"] if one["severity"] == "error"] == []
        (warned,) = [one for one in report["findings"] if one["severity"] == "warning"]
        assert warned["code"] == "BF110"
        assert "was not unpacked completely" in warned["message"]
