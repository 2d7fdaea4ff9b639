from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.investigation import Question, investigate
from importer.places.named import place_of
from importer.sources.source_file import SourceFile
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.sources.archiving import (
    OPENER,
    PACKERS,
    contents,
    digest_name,
    entries,
    files_of,
    problems,
    read,
    tar_of,
    zip_of,
)
from tests.work.threads import threads


@pytest.fixture(scope="module")
def image() -> GeneratedImage:
    return make_image(sample_layers("archives", 200_000))


@pytest.fixture
def download(image: GeneratedImage, tmp_path: Path) -> Path:
    write_artifactory_folder(image, tmp_path / "downloads" / "team" / "app" / "1.4")
    return tmp_path / "downloads"


def _summary(*paths: Path) -> object:
    case = investigate(Question(tuple(map(place_of, paths))), threads()).case
    images = [(i.manifest_digest, i.image_id, i.names, [b.status for b in i.blobs]) for i in case.plan.images]
    facts = sorted((fact.file.parts, str(fact.digest), fact.size) for fact in case.inventory.facts)
    return facts, images


@pytest.mark.parametrize("kind", [kind for kind in PACKERS if "layout" not in kind])
@pytest.mark.parametrize("inside", [False, True])
def test_an_archive_gives_what_its_folder_gives(download: Path, tmp_path: Path, kind: str, inside: bool) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / kind).write_bytes(PACKERS[kind](files_of(download)))
    assert _summary(place if inside else place / kind) == _summary(download)


def test_a_nested_archive_in_a_layout_is_opened(download: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(PACKERS["zip-in-tar-with-layout.tar"](files_of(download)))
    assert contents(entries(path)) == {"oci-layout": b"{}", **files_of(download)}


@given(
    st.dictionaries(
        st.from_regex(r"[a-zé]{1,8}(/[a-z ]{1,8}){0,2}\.bin", fullmatch=True), st.binary(max_size=2000), max_size=6
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_files_come_back(tmp_path: Path, files: dict[str, bytes]) -> None:
    for kind, pack in PACKERS.items():
        if kind.count(".") < 3 and "-in-" not in kind and kind != "no-ending":
            path = tmp_path / kind
            path.write_bytes(pack({"x/blobs/sha256/" + "0" * 64: b"", **files}))
            found = contents(entries(path))
            assert {name: content for name, content in found.items() if "blobs/" not in name} == files


@pytest.mark.parametrize(
    ("program", "command", "name"),
    [
        ("zip", "zip -qr {out} .", "a.zip"),
        ("zip", "zip -q0r {out} .", "a.zip"),
        ("zip", "zip -qr -fz - . > {out}", "a.zip"),
        ("bsdtar", "bsdtar cf {out} --format zip .", "a.zip"),
        ("bsdtar", "bsdtar cf {out} --format pax .", "a.tar"),
        ("bsdtar", "bsdtar cf {out} --format v7 team", "a.tar"),
        ("tar", "tar cf {out} --format=gnu .", "a.tar"),
        ("tar", "tar cf {out} --format=ustar .", "a.tar"),
        ("tar", "tar czf {out} .", "a.tgz"),
        ("zstd", "tar cf - . | zstd -q -o {out}", "a.tar.zst"),
    ],
)
def test_what_real_programs_write(download: Path, tmp_path: Path, program: str, command: str, name: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} isn't installed")
    if "v7" in command:
        # The oldest format has room for names of 99 bytes.
        digest = next(path for path in download.rglob("sha256__*"))
        assert len(digest.relative_to(download).as_posix()) < 100
    out = tmp_path / name
    subprocess.run(command.format(out=out), shell=True, check=True, cwd=download)
    assert contents(entries(out)) == files_of(download)
    assert not problems(entries(out))


def test_paths_name_the_archive_and_parts_do_not(download: Path, tmp_path: Path) -> None:
    place = tmp_path / "place" / "sub"
    place.mkdir(parents=True)
    (place / "downloads.zip").write_bytes(zip_of(files_of(download)))
    (manifest,) = [file for file in entries(tmp_path / "place") if file.path.endswith("manifest.json")]
    assert isinstance(manifest, SourceFile)
    assert manifest.path == str(place / "downloads.zip" / "team" / "app" / "1.4" / "manifest.json")
    assert manifest.parts == ("team", "app", "1.4", "manifest.json")


def test_a_layer_stays_a_file(image: GeneratedImage, tmp_path: Path) -> None:
    pages = {"srv/www/manifest.json": b'{"name": "app", "icons": []}', "srv/www/index.json": b"[]"}
    hidden = {"usr/lib/x": b"1", "var/lib/registry/docker/registry/v2/blobs/a": b"1", "sha256__" + "0" * 64: b""}
    names = ["layer1.tar.gz", "layer2.tar", "layer.tar", "layer4"]
    layers = [image.layers[0], image.diffs[1], tar_of(pages), gzip.compress(tar_of(hidden))]
    for name, layer in zip(names, layers, strict=True):
        (tmp_path / name).write_bytes(layer)
    assert contents(entries(tmp_path)) == dict(zip(names, layers, strict=True))


def test_a_tar_named_after_a_digest_stays_a_file_even_when_it_is_named(tmp_path: Path) -> None:
    content = tar_of({"oci-layout": b"{}"})
    path = tmp_path / digest_name(content)
    path.write_bytes(content)
    assert contents(entries(path)) == {path.name: content}


def test_a_named_tar_that_may_be_a_layer_is_given_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "unclear.tar"
    path.write_bytes(tar_of({"blob": b"content"}))
    assert contents(entries(path)) == {"unclear.tar": path.read_bytes(), "blob": b"content"}
    assert contents(entries(tmp_path)) == {"unclear.tar": path.read_bytes()}


def test_archives_in_five_archives_are_opened(tmp_path: Path) -> None:
    whole = {"blob": b"content"}
    for _ in range(5):
        whole = {"a.zip": zip_of(whole)}
    (tmp_path / "a.zip").write_bytes(whole["a.zip"])
    assert contents(entries(tmp_path)) == {"blob": b"content"}
    (tmp_path / "a.zip").write_bytes(zip_of(whole))
    found = entries(tmp_path)
    assert set(contents(found)) == {"a.zip"}
    assert [reason.startswith("it is an archive in five others") for reason in problems(found).values()] == [True]


@pytest.mark.parametrize(
    "packers", [(gzip.compress,), (gzip.compress,) * 2, (lzma.compress, gzip.compress, bz2.compress)]
)
def test_a_tar_that_was_compressed_several_times(tmp_path: Path, packers: Sequence[Callable[[bytes], bytes]]) -> None:
    files = {"oci-layout": b"{}", "a": b"1" * 5000}
    packed = tar_of(files)
    for pack in packers:
        packed = pack(packed)
    (tmp_path / "image.tar.gz.gz").write_bytes(packed)
    assert contents(entries(tmp_path)) == files
    (tmp_path / "image.tar.gz.gz").write_bytes(gzip.compress(packed[:-40]))
    assert "the archive's end is missing; the rest is used" in problems(entries(tmp_path)).values()


def test_a_zip_that_was_compressed(tmp_path: Path) -> None:
    (tmp_path / "image.zip.gz").write_bytes(gzip.compress(zip_of({"a": b"1"})))
    assert contents(entries(tmp_path)) == {"a": b"1"}


def test_plain_members_are_read_in_place(download: Path, tmp_path: Path) -> None:
    for kind in ("stored.zip", "plain.tar"):
        path = tmp_path / kind
        path.write_bytes(PACKERS[kind](files_of(download)))
        for file in entries(path):
            assert isinstance(file, SourceFile)
            assert file.size is not None
            with OPENER.open(file.address) as stream:
                assert stream.seekable()
                stream.seek(1)
                assert stream.read() == read(file)[1:]
                assert stream.seek(-1, 2) == file.size - 1
                stream.seek(file.size + 10)
                assert stream.read(10) == b""


def test_a_zip_behind_saved_response_headers(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + zip_of({"blob": b"content"}))
    assert contents(entries(tmp_path)) == {"blob": b"content"}


def test_links_lead_to_the_members_they_name(tmp_path: Path) -> None:
    links = []
    for name, target, kind in (
        ("b/layer.tar", "../a/layer.tar", tarfile.SYMTYPE),
        ("c/layer.tar", "a/layer.tar", tarfile.LNKTYPE),
        ("d/layer.tar", "../b/layer.tar", tarfile.SYMTYPE),
        ("e", "a", tarfile.SYMTYPE),
    ):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        links.append(entry)
    path = tmp_path / "image.tar"
    path.write_bytes(tar_of({"a/layer.tar": b"layer", "manifest.json": b"[]"}, links))
    found = contents(entries(path))
    assert {name for name, content in found.items() if content == b"layer"} == {f"{f}/layer.tar" for f in "abcd"}
    assert not problems(entries(path))


def test_zip_members_that_are_links(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("blob", b"content")
        for name, target in (("good", "blob"), ("bad", "../../etc/passwd")):
            link = zipfile.ZipInfo(name)
            link.create_system, link.external_attr = 3, 0o120777 << 16
            archive.writestr(link, target)
    found = entries(path)
    assert contents(found) == {"blob": b"content", "good": b"content"}
    assert "outside the archive" in problems(found)[str(path / "bad")]
