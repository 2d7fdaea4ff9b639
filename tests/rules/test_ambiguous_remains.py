"""BF112: a damaged file that may be several blobs belongs to none, and no command goes on from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests.images.content import sample_layers, text
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import Scan, run, scan
from tests.transport.faulty_server import FaultyServer
from tests.transport.remote_images import offer

APP = make_image([{"file": text(f"remains{number}", 20_000 + 9000 * number)} for number in range(4)])
ORIGIN = ("--from", "https://host.invalid/artifactory/docker-local/team/app/1.4/")


def cut(content: bytes, share: float = 0.3) -> bytes:
    return content[: int(len(content) * share)]


def lacking(folder: Path, *positions: int, image: GeneratedImage = APP) -> Path:
    """The image without some of its layers."""
    place = write_artifactory_folder(image, folder / "team" / "app" / "1.4")
    for position in positions:
        (place / image.layer_digests[position].file_name).unlink()
    return place


def ambiguous(seen: Scan) -> list[str]:
    return [Path(one["path"]).name for one in seen.report["findings"] if one["code"] == "BF112"]


def owners(seen: Scan) -> dict[str, str]:
    """The damaged blobs, by the files that are taken for their remains."""
    blobs = (blob for image in seen.report["images"] for blob in image["blobs"])
    return {Path(blob["path"]).name: blob["digest"] for blob in blobs if blob["status"] == "damaged"}


def resumed(folder: Path) -> list[str]:
    """The files onto which any of the commands of any report resumes."""
    commands = [entry["command"] for entry in scan(folder, *ORIGIN).report["downloads"]]
    return [command.split(" -o ")[1].split(" https:")[0].strip("'") for command in commands if " -C - " in command]


@pytest.mark.parametrize("positions", [(0, 1), (0, 1, 3), (0, 1, 2, 3)])
def test_it_names_every_layer_that_the_file_may_be(positions: tuple[int, ...], tmp_path: Path) -> None:
    place = lacking(tmp_path, *positions)
    (place / "download (7).bin").write_bytes(cut(min(APP.layers, key=len)))
    seen = scan(tmp_path)
    finding = next(one for one in seen.report["findings"] if one["code"] == "BF112")
    assert (finding["severity"], finding["fix"]["safety"]) == ("warning", "none")
    assert all(str(APP.layer_digests[position]) in finding["message"] for position in positions)
    assert owners(seen) == {}
    assert {entry["have"] for entry in seen.report["downloads"]} == {0}
    assert seen.code == 4


@pytest.mark.parametrize("form", ["text", "concise", "json", "html", "sarif"])
def test_no_report_resumes_onto_the_file(form: str, tmp_path: Path) -> None:
    place = lacking(tmp_path, 0, 1)
    (place / "download.bin").write_bytes(cut(min(APP.layers, key=len)))
    output = run("scan", tmp_path, *ORIGIN, "--format", form).output
    assert "ambiguous-remains" in output
    assert not [line for line in output.splitlines() if "curl" in line and "download.bin" in line]


def test_no_command_goes_on_from_it(tmp_path: Path) -> None:
    place = lacking(tmp_path, 0, 1)
    (place / "download.bin").write_bytes(cut(min(APP.layers, key=len)))
    assert not any("download.bin" in path for path in resumed(tmp_path))


def test_two_files_that_may_be_the_same_two_layers(tmp_path: Path) -> None:
    place = lacking(tmp_path, 0, 1)
    for position in (0, 1):
        (place / f"download{position}").write_bytes(cut(APP.layers[position]))
    seen = scan(tmp_path)
    assert ambiguous(seen) == ["download0", "download1"]
    assert owners(seen) == {}


def test_a_browsers_unfinished_file_is_not_called_superfluous(tmp_path: Path) -> None:
    place = lacking(tmp_path, 0, 1)
    (place / "Unconfirmed 12345.crdownload").write_bytes(cut(min(APP.layers, key=len)))
    seen = scan(tmp_path)
    assert ambiguous(seen) == ["Unconfirmed 12345.crdownload"]
    assert "BF104" not in seen.codes("error", "warning", "info")


def test_layers_of_two_images_that_one_file_may_be(tmp_path: Path) -> None:
    other = make_image(sample_layers("other", 60_000))
    place = lacking(tmp_path, 0)
    there = write_artifactory_folder(other, tmp_path / "team" / "other" / "2")
    (there / other.layer_digests[0].file_name).unlink()
    (place / "x").write_bytes(cut(min(APP.layers, key=len), 0.1))
    assert ambiguous(scan(tmp_path)) == ["x"]


class TestDecided:
    """What does tell which blob the file was."""

    def test_its_name(self, tmp_path: Path) -> None:
        place = lacking(tmp_path, 0, 1)
        (place / APP.layer_digests[0].file_name).write_bytes(cut(APP.layers[0]))
        seen = scan(tmp_path)
        assert ambiguous(seen) == []
        assert owners(seen) == {APP.layer_digests[0].file_name: str(APP.layer_digests[0])}

    @pytest.mark.parametrize("header", ["Docker-Content-Digest: sha256:{}", "X-Checksum-Sha256: {}"])
    def test_headers_that_were_saved_with_it(self, header: str, tmp_path: Path) -> None:
        place = lacking(tmp_path, 0, 1)
        digest = Digest.of(APP.layers[1])
        head = f"HTTP/1.1 200 OK\r\n{header.format(digest.hex)}\r\n\r\n".encode()
        (place / "download").write_bytes(head + cut(APP.layers[1]))
        seen = scan(tmp_path)
        assert ambiguous(seen) == []
        assert owners(seen) == {"download": str(digest)}
        assert "BF201" in seen.codes("error")

    def test_its_size_when_it_is_only_filled_up_with_zeros(self, tmp_path: Path) -> None:
        place = lacking(tmp_path, 0, 1)
        content = APP.layers[1]
        (place / "download").write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))
        seen = scan(tmp_path)
        assert owners(seen) == {"download": str(APP.layer_digests[1])}
        assert "BF203" in seen.codes("error")

    def test_its_compression(self, tmp_path: Path) -> None:
        packed = make_image(sample_layers("zstd", 40_000), "zstd", docker=False)
        place = lacking(tmp_path, 0, 1)
        there = write_artifactory_folder(packed, tmp_path / "team" / "packed" / "2")
        (there / packed.layer_digests[0].file_name).unlink()
        (place / "download").write_bytes(cut(packed.layers[0]))
        assert owners(scan(tmp_path)) == {"download": str(packed.layer_digests[0])}

    def test_a_config_that_is_missing_too_is_no_candidate(self, tmp_path: Path) -> None:
        place = lacking(tmp_path, 1)
        (place / APP.image_id.file_name).unlink()
        (place / "download").write_bytes(cut(APP.layers[1]))
        seen = scan(tmp_path)
        assert ambiguous(seen) == []
        assert owners(seen) == {"download": str(APP.layer_digests[1])}

    def test_a_file_that_was_mended_for_one_layer_is_not_what_is_left_of_another(self, tmp_path: Path) -> None:
        place = lacking(tmp_path, 0, 1)
        (place / "download").write_bytes(APP.layers[0][:-3])
        seen = scan(tmp_path)
        assert [one["code"] for one in seen.report["findings"] if one["severity"] != "info"] == ["BF401", "BF202"]
        assert owners(seen) == {}


def test_completing_finds_out_which_it_is_and_leaves_the_file_alone(tmp_path: Path) -> None:
    place, content = lacking(tmp_path, 0, 1), cut(APP.layers[1], 0.9)[: len(APP.layers[0]) - 1]
    (place / "download.bin").write_bytes(content)
    with FaultyServer() as server:
        offer(server, APP)
        outcome = run("complete", tmp_path, "--from", f"{server.host}/team/app:1.4")
        assert outcome.code == 0, outcome.output
        wanted = sum(map(len, APP.layers[:2])) - len(content)
        assert server.sent < wanted + 2 * 65536 + len(APP.manifest)
    assert (place / "download.bin").read_bytes() == content
    assert scan(tmp_path).code == 0


class TestTheBeginningOfAnotherLayer:
    """Names may be swapped: a cut file with one layer's name that begins another one, which is here."""

    @pytest.mark.parametrize("share", [0.1, 0.4, 0.65])
    def test_is_not_the_beginning_of_the_layer_it_is_named_after(self, share: float, tmp_path: Path) -> None:
        place = lacking(tmp_path, 0)
        named = place / APP.layer_digests[0].file_name
        named.write_bytes(cut(APP.layers[1], share))
        seen = scan(tmp_path)
        (finding,) = (one for one in seen.report["findings"] if one["path"] == str(named))
        assert finding["code"] == "BF209"
        assert f"the beginning of another blob here, {APP.layer_digests[1]}" in finding["message"]
        assert resumed(tmp_path) == []
        assert seen.code == 4

    def test_nor_of_one_that_only_its_size_would_fit(self, tmp_path: Path) -> None:
        place = lacking(tmp_path, 3)
        (place / "download.bin").write_bytes(cut(APP.layers[2]))
        assert owners(scan(tmp_path)) == {}

    def test_its_own_beginning_is_continued(self, tmp_path: Path) -> None:
        place = lacking(tmp_path, 0)
        named = place / APP.layer_digests[0].file_name
        named.write_bytes(cut(APP.layers[0]))
        assert [Path(path).name for path in resumed(tmp_path)] == [named.name]
