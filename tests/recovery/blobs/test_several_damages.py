"""Two damages of one file, or three: what lies under the first is found and proven all the same."""

from __future__ import annotations

import gzip
import shutil
from itertools import permutations
from pathlib import Path

import pytest

from tests import damage
from tests.damage import Damage
from tests.images.content import sample_layers, strange
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import Scan, assert_tree_is_sound, run, scan

# No known compressor makes these layers again, so that a mended one was mended of its own bytes.
IMAGE = make_image(sample_layers("together", 600_000), pack=strange, settings={"Env": ["GREETING=<hello> & welcome"]})
LAYER, CONFIG = IMAGE.layer_digests[0].file_name, IMAGE.image_id.file_name
SERVER = "http://localhost:9/artifactory/docker/app/1.4"

HEADERS_OF_A_PART = damage.HTTP_HEADERS.replace(b"200 OK", b"206 Partial Content")


def add_newline(path: Path) -> None:
    damage.append(path, b"\r\n")


def lose_trailer(path: Path) -> None:
    damage.drop_gzip_trailer(path, 5)


def resume_too_early(path: Path) -> None:
    damage.resume_too_early(path, 50_000, 4096)


def overwrite_trailer(path: Path) -> None:
    damage.zero_range(path, path.stat().st_size - 8)


def insert_page(path: Path) -> None:
    damage.message_within(path, 50_000, b"<html><h1>504 Gateway Time-out</h1></html>\n")


def split(path: Path) -> None:
    damage.split(path, 3)


def split_by_ranges(path: Path) -> None:
    for piece in damage.split(path, 3):
        damage.prepend(piece, HEADERS_OF_A_PART)


ONE_AFTER_THE_OTHER = [
    damages
    for damages in permutations((damage.gzip_again, damage.prepend, add_newline, lose_trailer), 2)
    # A newline where the checksum should go on can't be told from it.
    if damages != (lose_trailer, add_newline)
]
THEN_SPLIT = [
    (first, last) for first in (damage.gzip_again, damage.prepend, lose_trailer) for last in (split, split_by_ranges)
]
CODES: dict[Damage, str] = {
    damage.gzip_again: "BF207",
    damage.prepend: "BF205",
    add_newline: "BF204",
    lose_trailer: "BF202",
    split: "BF213",
    split_by_ranges: "BF213",
    damage.reindent: "BF211",
    damage.in_base64: "BF214",
    damage.in_hex: "BF214",
    damage.in_chunks: "BF214",
    damage.percent_encoded: "BF214",
    damage.lf_to_crlf: "BF215",
    resume_too_early: "BF216",
    insert_page: "BF216",
    overwrite_trailer: "BF202",
    damage.bytes_to_utf8: "BF215",
}


def after(tmp_path: Path, name: str, *damages: Damage) -> tuple[Path, Scan]:
    folder = write_artifactory_folder(IMAGE, tmp_path / "team" / "app" / "1.4")
    for each in damages:
        each(folder / name)
    return folder, scan(folder, "--from", SERVER)


def names(damages: tuple[Damage, ...]) -> str:
    return "-then-".join(each.__name__ for each in damages)


@pytest.mark.parametrize(
    "damages",
    [
        *ONE_AFTER_THE_OTHER,
        *THEN_SPLIT,
        (damage.gzip_again, damage.gzip_again),
        (damage.gzip_again, damage.gzip_again, damage.prepend),
        (damage.prepend, damage.gzip_again, damage.prepend),
        *((first, damage.in_base64) for first in (damage.gzip_again, damage.prepend, lose_trailer, add_newline)),
        *((first, damage.lf_to_crlf) for first in (damage.gzip_again, add_newline)),
        (damage.in_base64, add_newline),
        (damage.in_chunks, damage.prepend),
        (damage.in_chunks, damage.lf_to_crlf),
        (damage.in_base64, split),
        (resume_too_early, damage.in_base64),
        (resume_too_early, damage.gzip_again),
        (damage.prepend, resume_too_early),
        (insert_page, damage.in_chunks),
        (overwrite_trailer, damage.in_base64),
        (overwrite_trailer, add_newline),
        (damage.in_hex, damage.gzip_again),
        (damage.bytes_to_utf8, damage.percent_encoded),
        (damage.in_base64, damage.gzip_again, damage.prepend),
    ],
    ids=names,
)
def test_a_layer_is_mended(tmp_path: Path, damages: tuple[Damage, ...]) -> None:
    folder, seen = after(tmp_path, LAYER, *damages)
    assert set(seen.report["images"][0]["outputs"].values()) == {"exact"}
    told = {CODES[each] for each in damages}
    # What follows an outer gzip is ignored, as gzip itself does; headers are told of also when the pieces had some.
    assert told - {"BF204"} <= set(seen.codes("warning")) <= told | {"BF205"}
    assert run("to-registry-tree", folder, "--name", "team/app:1.4", "-o", tmp_path / "tree", "-q").code == 0
    assert_tree_is_sound(tmp_path / "tree", IMAGE.manifest_digest)


@pytest.mark.parametrize("last", [add_newline, damage.prepend, split, damage.gzip_again, damage.in_base64])
def test_the_content_of_a_gunzipped_layer_is_found(tmp_path: Path, last: Damage) -> None:
    _, seen = after(tmp_path, LAYER, damage.gunzip_in_place, last)
    image = seen.report["images"][0]
    assert image["outputs"] == {"docker-tar": "exact", "registry-tree": "same-image", "oci-layout": "same-image"}
    assert [blob["status"] for blob in image["blobs"] if blob["status"] != "ok"] == ["content-ok"]


def test_a_renamed_gunzipped_layer_with_a_newline_more(tmp_path: Path) -> None:
    def rename(path: Path) -> None:
        damage.rename(path, "layer one.tar")

    _, seen = after(tmp_path, LAYER, damage.gunzip_in_place, add_newline, rename)
    assert seen.report["images"][0]["outputs"]["docker-tar"] == "exact"


@pytest.mark.parametrize(
    "damages",
    [
        (damage.reindent, damage.crlf, damage.bom),
        (damage.reindent, damage.gzip_again),
        (damage.gzip_again, damage.prepend),
        (damage.reindent, damage.gzip_again, damage.prepend),
    ],
    ids=names,
)
def test_a_config_is_mended(tmp_path: Path, damages: tuple[Damage, ...]) -> None:
    _, seen = after(tmp_path, CONFIG, *damages)
    assert seen.report["images"][0]["outputs"]["registry-tree"] == "exact"
    assert {CODES[each] for each in damages if each in CODES} == set(seen.codes("warning"))


def test_pieces_of_a_truncated_layer_are_counted_together(tmp_path: Path) -> None:
    size = len(IMAGE.layers[0])
    folder, seen = after(tmp_path, LAYER, lambda path: damage.cut_at(path, size - 900), split)
    (download,) = seen.report["downloads"]
    assert (download["have"], download["size"]) == (size - 900, size)
    assert download["command"].startswith(f"cat {folder / LAYER}.001 {folder / LAYER}.002 {folder / LAYER}.003 > ")
    assert "&& curl -fL --retry 5 -C - " in download["command"]
    assert [found["fix"]["safety"] for found in seen.report["findings"] if found["code"] == "BF213"] == ["none"]


def test_pieces_after_a_lost_one_do_not_count(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "1.4")
    pieces = damage.split(folder / LAYER, 4)
    pieces[2].unlink()
    (download,) = scan(folder).report["downloads"]
    assert download["have"] == pieces[0].stat().st_size + pieces[1].stat().st_size


def test_two_beginnings_are_no_pieces(tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "1.4")
    first = damage.rename(folder / LAYER, f"{LAYER} (1)")
    second = Path(shutil.copy(first, folder / f"{LAYER} (2)"))
    damage.cut_at(first, 2000)
    damage.cut_at(second, 3000)
    (download,) = scan(folder).report["downloads"]
    assert download["have"] == 3000


@pytest.mark.parametrize("last", [damage.prepend, damage.gzip_again])
def test_no_download_goes_on_from_bytes_that_are_no_beginning(tmp_path: Path, last: Damage) -> None:
    _, seen = after(tmp_path, LAYER, last, lambda path: damage.cut_at(path, 3000))
    (download,) = seen.report["downloads"]
    assert download["have"] == 0
    assert "-C -" not in download["command"]


def test_a_beginning_that_was_compressed_again_is_recognised(tmp_path: Path) -> None:
    _, seen = after(tmp_path, LAYER, lambda path: damage.cut_at(path, 3000), damage.gzip_again)
    assert seen.codes("error", "warning") == ["BF201", "BF207"]


def test_what_expands_twice_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(gzip.compress(bytes(64 << 20)))
    _, seen = after(tmp_path, LAYER, lambda path: path.write_bytes(bomb))
    assert seen.report["images"][0]["status"] == "incomplete"
