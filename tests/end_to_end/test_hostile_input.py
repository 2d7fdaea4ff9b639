"""Hostile, broken and absurd input: a clear word, the right exit code, inputs untouched, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.domain.digest import Digest
from tests import damage, in_process, pace
from tests.blobfix import blobfix, leftovers, scan, snapshot, start
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run

IMAGE = make_image(sample_layers("bad input", 9000))
WRITERS = ("to-registry-tree", "to-docker-tar")
DEEP = 10_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clean download at ``<tmp_path>/in/team/app/1.4``."""
    return write_artifactory_folder(IMAGE, tmp_path / "in" / "team" / "app" / "1.4")


@pytest.fixture
def place(folder: Path) -> Path:
    """The folder to scan."""
    return folder.parents[2]


@pytest.fixture
def untouched(place: Path) -> Iterator[None]:
    """Whatever the test does with ``place``, the command under test must not change it."""
    before = snapshot(place, times=True)
    yield
    assert snapshot(place, times=True) == before


def codes(report: dict[str, Any], *severities: str) -> set[str]:
    return {one["code"] for one in report["findings"] if not severities or one["severity"] in severities}


def report_of(place: Path, code: int | None = None) -> dict[str, Any]:
    """The report, made in this process: these tests are many."""
    seen = in_process.scan(place)
    assert code in (None, seen.code)
    return seen.report


def finding(report: dict[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in report["findings"] if one["code"] == code)
    return found


def assert_plain(*texts: str) -> None:
    """Only printable characters and line ends reach a terminal."""
    for text in texts:
        assert [character for character in text if not character.isprintable() and character != "\n"] == []


class TestPaths:
    @pytest.mark.parametrize("command", ["scan", *WRITERS])
    def test_a_missing_folder_is_wrong_usage(self, command: str, tmp_path: Path) -> None:
        output = [] if command == "scan" else ["-o", str(tmp_path / "out")]
        result = run(command, tmp_path / "nowhere", *output)
        assert result.code == 2
        assert f"{tmp_path / 'nowhere'}: no such file or folder" in result.stderr
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("command", ["scan", *WRITERS])
    def test_an_empty_folder_holds_no_image(self, command: str, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        output = [] if command == "scan" else ["-o", str(tmp_path / "out")]
        result = run(command, tmp_path / "empty", *output)
        assert result.code == 3
        assert "manifest.json" in result.text + result.stderr
        assert not (tmp_path / "out").exists()

    def test_a_file_in_place_of_a_folder_is_looked_at(self, folder: Path, untouched: None) -> None:
        report = scan(folder / "manifest.json", code=4)
        assert report["images"][0]["manifest_digest"] == str(IMAGE.manifest_digest)
        assert codes(report, "error") == {"BF401", "BF410"}

    def test_a_layer_alone_is_no_image(self, folder: Path, untouched: None) -> None:
        assert scan(folder / IMAGE.layer_digests[0].file_name, code=3)["images"] == []

    def test_a_loop_as_path_is_unreadable(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to("loop")
        assert run("scan", tmp_path / "loop").code == 5

    def test_an_endless_path_is_a_clear_error(self, tmp_path: Path) -> None:
        assert run("scan", "x" * 5000).code in (2, 5)

    @pytest.mark.parametrize("option", [["--name", "Team/App:1"], ["--digest", "sha256:12"], ["--jobs", "0"]])
    def test_wrong_options_are_wrong_usage(self, place: Path, option: list[str], tmp_path: Path) -> None:
        result = run("to-docker-tar", place, "-o", tmp_path / "out.tar", *option)
        assert result.code == 2
        assert option[0] in result.stderr
        assert not (tmp_path / "out.tar").exists()


class TestPermissions:
    def test_a_folder_that_cant_be_listed_is_unreadable(self, place: Path, powerless: list[str]) -> None:
        place.chmod(0)
        result = blobfix("scan", place, prefix=powerless)
        place.chmod(0o755)
        assert result.code == 5
        assert "check its permissions" in result.stderr

    def test_a_subfolder_that_cant_be_listed_is_told(self, folder: Path, place: Path, powerless: list[str]) -> None:
        write_artifactory_folder(make_image([{"a": b"b"}]), place / "other" / "1")
        folder.chmod(0)
        result = blobfix("scan", "--format", "json", place, prefix=powerless)
        folder.chmod(0o755)
        assert finding(result.json, "BF108")["path"] == os.fspath(folder)

    @pytest.mark.parametrize("command", WRITERS)
    def test_a_layer_that_cant_be_read_is_named(
        self, folder: Path, place: Path, powerless: list[str], command: str, tmp_path: Path
    ) -> None:
        layer = folder / IMAGE.layer_digests[1].file_name
        layer.chmod(0)
        report = blobfix("scan", "--format", "json", place, prefix=powerless)
        assert report.code == 4
        assert codes(report.json, "error") == {"BF108"}
        assert finding(report.json, "BF108")["path"] == os.fspath(layer)
        result = blobfix(command, place, "-o", tmp_path / "out", prefix=powerless)
        assert result.code == 4
        assert not (tmp_path / "out").exists()


class TestLinksAndSpecialFiles:
    def test_a_link_out_of_the_folder_is_not_followed(self, folder: Path, place: Path, tmp_path: Path) -> None:
        layer = folder / IMAGE.layer_digests[0].file_name
        layer.rename(tmp_path / "secret")
        layer.symlink_to(tmp_path / "secret")
        report = scan(place, code=4)
        assert codes(report, "error") == {"BF108"}
        assert "outside the folder" in finding(report, "BF108")["message"]
        assert os.fspath(tmp_path / "secret") not in {one["path"] for one in report["files"]}

    def test_a_linked_folder_outside_is_not_entered(self, place: Path, tmp_path: Path) -> None:
        write_artifactory_folder(make_image([{"x": b"y"}]), tmp_path / "outside")
        (place / "link").symlink_to(tmp_path / "outside")
        report = scan(place, code=0)
        assert len(report["images"]) == 1
        assert codes(report, "error") == set()
        assert codes(report, "warning") == {"BF108"}
        assert [one["path"] for one in report["unread"]] == [str(place / "link")]

    def test_a_link_inside_the_folder_is_as_good_as_a_file(self, folder: Path, place: Path, tmp_path: Path) -> None:
        layer = folder / IMAGE.layer_digests[0].file_name
        layer.rename(place / "elsewhere")
        layer.symlink_to(place / "elsewhere")
        assert scan(place, code=0)["images"][0]["status"] == "intact"
        assert blobfix("to-registry-tree", place, "-o", tmp_path / "out").code == 0
        assert not [path for path in (tmp_path / "out").rglob("*") if path.is_symlink()]

    def test_loops_end(self, place: Path, folder: Path) -> None:
        (folder / "self").symlink_to("self")
        (folder / "up").symlink_to("..")
        (folder / "a").symlink_to("b")
        (folder / "b").symlink_to("a")
        (folder / "gone").symlink_to("nothing")
        report = scan(place, code=0)
        assert report["summary"]["files"] == 5

    @pytest.mark.parametrize("kind", ["fifo", "socket", "device"])
    def test_special_files_are_never_opened(
        self, folder: Path, place: Path, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        layer = folder / IMAGE.layer_digests[2].file_name
        layer.unlink()
        _make_special(layer, kind, monkeypatch)
        report = scan(place, code=4)
        assert codes(report, "error") == {"BF108"}
        assert finding(report, "BF108")["digest"] == str(IMAGE.layer_digests[2])
        assert blobfix("to-docker-tar", place, "-o", tmp_path / "out.tar").code == 4

    def test_a_pipe_as_path_doesnt_hang(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert blobfix("scan", tmp_path / "pipe").code in (3, 5)


def _make_special(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        monkeypatch.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    else:
        try:
            os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
        except PermissionError:
            pytest.skip("only root can make a device; run the tests as root")


class TestNames:
    NAMES = (
        b"new\nline",
        b"\x1b[31mred\x1b[0m \x1b]0;title\x07",
        b"carriage\rreturn",
        b"not utf-8 \xff\xfe",
        "right\u202eto left".encode(),
        b"[bold]markup[bold]",
        b"-rf",
        b" ",
        b"\xc3\xa4",
    )

    @pytest.fixture
    def odd(self, folder: Path) -> Path:
        """The download with its layers, and strangers, under names that terminals would obey."""
        names = iter(self.NAMES)
        for digest in IMAGE.layer_digests:
            (folder / digest.file_name).rename(folder / os.fsdecode(next(names)))
        for name in names:
            (folder / os.fsdecode(name)).write_bytes(b"stranger " + name)
        return folder.parents[2]

    def test_json_is_utf8_and_says_which_file(self, odd: Path, untouched: None) -> None:
        report = scan(odd, code=0)
        layers = [blob for blob in report["images"][0]["blobs"] if blob["role"] == "layer"]
        assert layers[0]["path"].endswith("new\nline")
        assert any("\\xff\\xfe" in one["path"] for one in report["files"])

    @pytest.mark.parametrize("options", [[], ["-v"]])
    def test_text_has_no_raw_control_character(self, odd: Path, options: list[str]) -> None:
        result = blobfix("scan", odd, *options)
        assert result.code == 0
        assert_plain(result.text, result.stderr)
        assert "[bold]" in result.text or not options

    def test_a_missing_blob_beside_them_is_told_plainly(self, odd: Path, folder: Path) -> None:
        damage.empty(folder / IMAGE.image_id.file_name)
        result = blobfix("scan", "-v", odd)
        assert result.code == 4
        assert_plain(result.text, result.stderr)

    @pytest.mark.parametrize("command", WRITERS)
    def test_outputs_are_written_all_the_same(self, odd: Path, command: str, tmp_path: Path) -> None:
        result = blobfix(command, odd, "-o", tmp_path / "out")
        assert result.code == 0
        assert_plain(result.text, result.stderr)

    @pytest.mark.parametrize("name", [b"in\x1b[31m", b"in\nput", b"in\xff"])
    def test_paths_of_the_command_line_are_shown_plainly(self, place: Path, name: bytes, tmp_path: Path) -> None:
        odd = os.fsencode(tmp_path / os.fsdecode(name))
        for arguments in ([b"scan", odd + b"-missing"], [b"to-docker-tar", odd + b"-missing", b"-o", b"x"]):
            result = blobfix(*arguments)
            assert_plain(result.text, result.stderr)
        place.rename(os.fsdecode(odd))
        for arguments in (
            [b"scan", b"-v", odd],
            [b"to-docker-tar", odd, b"-o", odd + b".tar"],
            [b"to-registry-tree", odd, b"-o", odd + b"-tree"],
        ):
            result = blobfix(*arguments)
            assert result.code == 0, result.stderr
            assert_plain(result.text, result.stderr)
        assert blobfix("scan", "--format", "json", odd).json["images"][0]["status"] == "intact"

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
    def test_a_narrow_encoding_of_the_output_is_no_trouble(self, odd: Path, encoding: str) -> None:
        variables = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        for options in ([], ["-v"]):
            assert blobfix("scan", odd, *options, variables=variables).code == 0
        report = blobfix("scan", "--format", "json", odd, variables=variables)
        assert report.json["images"][0]["status"] == "intact"

    def test_an_endless_tag_or_name_is_no_name(self, tmp_path: Path) -> None:
        write_artifactory_folder(IMAGE, tmp_path / "in" / ("n" * 250) / ("t" * 200))
        assert scan(tmp_path / "in", code=0)["images"][0]["name"] is None


@pytest.mark.slow
class TestManyFiles:
    def test_20000_small_files_beside_a_damaged_image(self, folder: Path, place: Path) -> None:
        damage.cut_at(folder / IMAGE.layer_digests[0].file_name, 1000)
        (folder / IMAGE.layer_digests[1].file_name).unlink()
        for number in range(20):
            strangers = place / f"strangers{number}"
            strangers.mkdir()
            for other in range(1000):
                (strangers / f"file{other}.txt").write_bytes(b"%d %d" % (number, other))
        # It takes 9 to 15; what looked at all files again for each other would take thousands.
        with pace.within(25):
            report = scan(place, code=4)
        assert report["summary"]["files"] == 20_004
        assert codes(report, "error") == {"BF201", "BF401"}

    def test_folders_nested_1000_deep(self, folder: Path, place: Path) -> None:
        current = os.open(place, os.O_RDONLY)
        for _ in range(1000):
            os.mkdir("deeper", dir_fd=current)
            below = os.open("deeper", os.O_RDONLY, dir_fd=current)
            os.close(current)
            current = below
        os.close(current)
        report = scan(place)
        assert report["images"][0]["status"] == "intact"
        subprocess.run(["rm", "-rf", place / "deeper"], check=True)


def manifest_with(image: GeneratedImage, **changes: Any) -> bytes:
    return json.dumps(json.loads(image.manifest) | changes).encode()


class TestDocuments:
    @pytest.mark.slow
    def test_a_manifest_of_1_gb(self, folder: Path, place: Path) -> None:
        with (folder / "manifest.json").open("r+b") as stream:
            stream.truncate(1 << 30)
        limited = ["sh", "-c", 'ulimit -v 2000000; exec "$@"', "sh"]
        result = blobfix("scan", "--format", "json", place, prefix=limited)
        assert result.code == 1
        assert "BF302" in codes(result.json, "error")

    @pytest.mark.parametrize("opening", [b"[", b'{"a":'])
    @pytest.mark.parametrize("name", ["manifest.json", IMAGE.image_id.file_name])
    def test_10000_levels(self, folder: Path, place: Path, opening: bytes, name: str) -> None:
        (folder / name).write_bytes(opening * DEEP)
        report = scan(place)
        assert codes(report, "error") & {"BF302", "BF209", "BF201", "BF208"}

    @pytest.mark.parametrize(("opening", "depth"), [("[]", 100), ("[]", 450), ("{}", 600), ("[]", 990), ("{}", DEEP)])
    def test_a_sound_manifest_with_something_deep_in_it(
        self, folder: Path, place: Path, opening: str, depth: int, tmp_path: Path
    ) -> None:
        """Whatever parser gives up at which depth: each command ends with a word, and by the rules."""
        deep = "[" * depth + "]" * depth if opening == "[]" else '{"a":' * depth + "1" + "}" * depth
        text = IMAGE.manifest.decode().replace("{", '{"extra": ' + deep + ",", 1)
        (folder / "manifest.json").write_text(text)
        known = ["--digest", str(IMAGE.manifest_digest)]
        assert blobfix("scan", place).code in (0, 1, 4)
        assert blobfix("scan", place, *known).code in (0, 1, 4)
        assert blobfix("to-docker-tar", place, "-o", tmp_path / "out.tar").code in (0, 4)
        damage.gunzip_in_place(folder / IMAGE.layer_digests[0].file_name)
        assert blobfix("to-registry-tree", place, "-o", tmp_path / "tree", "--allow-new-digest").code in (0, 4)

    @pytest.mark.parametrize("depth", [200, 450, 900])
    def test_a_config_with_something_deep_in_it(self, folder: Path, place: Path, depth: int) -> None:
        config = folder / IMAGE.image_id.file_name
        config.write_bytes(b'{"extra": ' + b"[" * depth + b"]" * depth + b"," + IMAGE.config[1:])
        report = scan(place, code=4)
        assert len(codes(report, "error")) == 1

    def test_a_name_twice_says_which(self, folder: Path, place: Path, tmp_path: Path) -> None:
        text = (folder / "manifest.json").read_text()
        (folder / "manifest.json").write_text(text.replace("{", '{"mediaType": "x",', 1))
        report = report_of(place, code=1)
        assert codes(report, "error") == {"BF302"}
        assert "mediaType" in finding(report, "BF302")["message"]
        assert run("to-registry-tree", place, "-o", tmp_path / "out").code == 4
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("size", [-1, 0, 1, 10**6, 2**63 - 1, 2**63, 2**64, 1e300, 1.5, True, "12", None])
    @pytest.mark.parametrize("entry", ["config", "layers"])
    def test_a_wrong_size_is_found(self, folder: Path, place: Path, entry: str, size: Any, tmp_path: Path) -> None:
        manifest = json.loads(IMAGE.manifest)
        target = manifest["config"] if entry == "config" else manifest["layers"][1]
        target["size"] = size
        (folder / "manifest.json").write_text(json.dumps(manifest))
        report = report_of(place)
        assert codes(report, "error") <= {"BF212", "BF302"}
        assert codes(report, "error")
        assert_not_taken_at_its_word(place, tmp_path)

    @pytest.mark.parametrize(
        "digest",
        [
            "sha256:../../../../etc/passwd",
            "sha256:" + "A" * 64,
            "../../etc:" + "0" * 64,
            "sha256:" + "0" * 63,
            "",
            "\x1b[31m:00",
        ],
    )
    def test_a_digest_that_is_a_path_is_no_digest(self, folder: Path, place: Path, digest: str, tmp_path: Path) -> None:
        manifest = json.loads(IMAGE.manifest)
        manifest["layers"][0]["digest"] = digest
        (folder / "manifest.json").write_text(json.dumps(manifest))
        result = run("scan", place)
        assert result.code in (1, 4)
        assert_plain(result.output)
        assert_not_taken_at_its_word(place, tmp_path)

    @pytest.mark.parametrize("text", ["\ud800", "\x1b[31m\x07", "\u202e", "a" * 100_000, "\n\nok: all is well"])
    @pytest.mark.parametrize(
        "where", ["media type", "platform", "url", "layer type", "artifact", "annotation", "name", "error page"]
    )
    def test_texts_in_documents_are_not_obeyed(self, folder: Path, place: Path, text: str, where: str) -> None:
        _put_text(folder, where, text)
        for options in ([], ["-v"]):
            result = run("scan", place, *options)
            assert result.code in (0, 1, 3, 4)
            assert_plain(result.output)
        assert report_of(place)["schema_version"] == 1

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"null",
            b"0",
            b'""',
            b"[]",
            b"{}",
            b"[{}]",
            b'{"schemaVersion": 2}',
            b"\xff\xfe",
            b"\xef\xbb\xbf{",
            b"{" + bytes(600),
        ],
    )
    def test_what_is_no_manifest_makes_no_image_intact(
        self, folder: Path, place: Path, content: bytes, tmp_path: Path
    ) -> None:
        (folder / "manifest.json").write_bytes(content)
        report = report_of(place)
        assert all(image["status"] != "intact" for image in report["images"])
        assert_not_taken_at_its_word(place, tmp_path)

    def test_an_index_that_holds_itself_ends(self, tmp_path: Path) -> None:
        # No bytes can hold their own digest, but two indexes with many children come near enough.
        child = {"mediaType": "application/vnd.oci.image.index.v1+json", "size": 2, "digest": "sha256:" + "1" * 64}
        for number in range(30):
            content = json.dumps({"schemaVersion": 2, "manifests": [child] * 100, "annotations": {"n": str(number)}})
            place = tmp_path / "in" / f"sha256__{'1' * 64}" if number == 29 else tmp_path / "in" / str(number)
            place.mkdir(parents=True)
            (place / "list.manifest.json").write_text(content)
        assert run("scan", tmp_path / "in").code in (1, 4)


def assert_not_taken_at_its_word(place: Path, tmp_path: Path) -> None:
    """The manifest can't be true: no tree of it is written, and a tar only of what the config proves."""
    assert run("to-registry-tree", place, "-o", tmp_path / "tree", "-n", "a/b:1").code == 4
    assert not (tmp_path / "tree").exists()
    code = run("to-docker-tar", place, "-o", tmp_path / "image.tar").code
    assert code in (0, 4)
    assert (tmp_path / "image.tar").exists() == (code == 0)
    if code == 0:
        in_process.assert_tar_is_sound(tmp_path / "image.tar", IMAGE.image_id)


def _put_text(folder: Path, where: str, text: str) -> None:
    manifest, config = json.loads(IMAGE.manifest), json.loads(IMAGE.config)
    match where:
        case "media type":
            manifest["mediaType"] = text
        case "layer type":
            manifest["layers"][0]["mediaType"] = text
        case "artifact":
            manifest["config"]["mediaType"] = text
        case "annotation":
            manifest["annotations"] = {text: text, "org.opencontainers.image.ref.name": text}
        case "name":
            manifest[text] = {text: [text]}
        case "url":
            manifest["layers"][0] |= {"urls": [text, f"https://example.invalid/{text}"], "digest": "sha256:" + "0" * 64}
        case "platform":
            config |= {"os": text, "architecture": text, "variant": text}
            content = json.dumps(config).encode()
            made = GeneratedImage(b"", "", content, (), (), "", "")
            (folder / made.image_id.file_name).write_bytes(content)
            manifest["config"] |= {"size": len(content), "digest": str(made.image_id)}
        case "error page":
            error = {"errors": [{"status": 404, "message": text}]}
            (folder / IMAGE.layer_digests[0].file_name).write_text(json.dumps(error))
    (folder / "manifest.json").write_text(json.dumps(manifest))


class TestRepositoryNames:
    @pytest.mark.parametrize(
        "name", ["../../etc:1", "/etc/passwd:1", "Team/App:1", "a//b:1", "a/../b:1", "a/b:..", "a/b:../../x", ".:1", ""]
    )
    def test_no_name_leads_out_of_the_tree(self, place: Path, name: str, tmp_path: Path, untouched: None) -> None:
        result = run("to-registry-tree", place, "-o", tmp_path / "out", "--name", name)
        assert result.code == 2
        assert "--name" in result.stderr
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("path", ["Team/APP/1.4", "team/app/..1.4 x", "%2e%2e/%2e%2e/etc"])
    def test_a_folder_that_cant_be_a_name_gives_none(self, path: str, tmp_path: Path) -> None:
        write_artifactory_folder(IMAGE, tmp_path / "in" / path)
        result = run("to-registry-tree", tmp_path / "in", "-o", tmp_path / "out")
        assert result.code == 2
        assert "--name" in result.stderr
        assert not (tmp_path / "out").exists()
        assert run("to-docker-tar", tmp_path / "in", "-o", tmp_path / "out.tar").code == 0

    def test_a_host_is_dropped_for_a_tree(self, place: Path, tmp_path: Path) -> None:
        name = "registry.example:5000/team/app:1"
        assert run("to-registry-tree", place, "-o", tmp_path / "out", "-n", name).code == 0
        assert (tmp_path / "out/docker/registry/v2/repositories/team/app/_manifests/tags/1/current/link").is_file()


class TestOutputPlaces:
    def test_a_folder_with_something_else_in_it_is_refused(self, place: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "letter.txt").write_text("dear")
        result = run("to-registry-tree", place, "-o", tmp_path / "out")
        assert result.code == 2
        assert "letter.txt" in result.stderr
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["letter.txt"]

    def test_an_empty_folder_is_taken(self, place: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        assert run("to-registry-tree", place, "-o", tmp_path / "out").code == 0

    def test_a_file_is_no_place_for_a_tree(self, place: Path, tmp_path: Path) -> None:
        (tmp_path / "out").write_text("x")
        assert run("to-registry-tree", place, "-o", tmp_path / "out").code == 2
        assert run("to-registry-tree", place, "-o", tmp_path / "out" / "below").code in (2, 5)
        assert (tmp_path / "out").read_text() == "x"

    def test_a_folder_is_no_place_for_a_tar(self, place: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        assert run("to-docker-tar", place, "-o", tmp_path / "out").code == 2
        assert run("to-docker-tar", place, "-o", tmp_path / "no" / "such" / "x.tar").code == 2
        assert run("to-docker-tar", place, "-o", "/dev/null").code == 2

    @pytest.mark.parametrize("command", WRITERS)
    @pytest.mark.parametrize("below", ["out", "team/out", "."])
    def test_the_output_may_not_lie_in_the_input(self, place: Path, command: str, below: str, untouched: None) -> None:
        result = run(command, place, "-o", place / below)
        assert result.code == 2
        assert "never changed" in result.stderr

    @pytest.mark.parametrize("command", WRITERS)
    def test_not_even_through_a_link(self, place: Path, command: str, tmp_path: Path, untouched: None) -> None:
        (tmp_path / "link").symlink_to(place)
        assert run(command, place, "-o", tmp_path / "link" / "out").code == 2
        assert run(command, tmp_path / "link", "-o", place / "out").code == 2

    @pytest.mark.parametrize("command", WRITERS)
    def test_nor_in_what_is_borrowed(self, place: Path, command: str, tmp_path: Path) -> None:
        (tmp_path / "lender").mkdir()
        result = run(command, place, "--borrow", tmp_path / "lender", "-o", tmp_path / "lender" / "out")
        assert result.code == 2

    @pytest.mark.parametrize("command", WRITERS)
    def test_an_unwritable_folder_is_a_clear_error(
        self, place: Path, command: str, powerless: list[str], tmp_path: Path, untouched: None
    ) -> None:
        (tmp_path / "out").mkdir(mode=0o555)
        result = blobfix(command, place, "-o", tmp_path / "out" / "image", prefix=powerless)
        assert result.code == 5
        assert "can't be written" in result.stderr
        assert list((tmp_path / "out").iterdir()) == []

    @pytest.mark.parametrize("command", WRITERS)
    def test_a_full_disk_leaves_nothing_half_written(self, small_disk: Path, command: str, tmp_path: Path) -> None:
        image = make_image([{"random": os.urandom(700_000)}, {"more": os.urandom(700_000)}])
        write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1")
        result = run(command, tmp_path / "in", "-o", small_disk / "out")
        assert result.code == 5
        assert "bytes are free; free some space there" in result.stderr
        assert leftovers(small_disk) == []
        assert not list(small_disk.rglob("tags"))
        for blob in small_disk.rglob("data"):
            assert blob.read_bytes() in (image.manifest, *image.blobs.values())
        if command == "to-docker-tar":
            assert list(small_disk.iterdir()) == []

    def test_a_full_disk_keeps_the_older_tar(self, small_disk: Path, place: Path, tmp_path: Path) -> None:
        assert run("to-docker-tar", place, "-o", small_disk / "image.tar").code == 0
        before = snapshot(small_disk, times=True)
        image = make_image([{"random": os.urandom(2_000_000)}])
        write_artifactory_folder(image, tmp_path / "large")
        assert run("to-docker-tar", tmp_path / "large", "-o", small_disk / "image.tar").code == 5
        assert snapshot(small_disk, times=True) == before

    @pytest.mark.parametrize("options", [[], ["--format", "json"]])
    def test_a_full_disk_behind_the_report(self, place: Path, options: list[str]) -> None:
        with Path("/dev/full").open("wb") as full:
            assert blobfix("scan", place, *options, stdout=full).code == 5
            assert blobfix("to-docker-tar", place, "-o", "-", stdout=full).code == 5

    @pytest.mark.parametrize(
        "arguments", [["scan"], ["scan", "-v"], ["scan", "--format", "json"], ["to-docker-tar", "-o", "-"]]
    )
    def test_a_reader_that_has_seen_enough(self, place: Path, arguments: list[str]) -> None:
        running = start(*arguments, place)
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        said = running.stderr.read().decode()
        running.stderr.close()
        assert running.wait(60) in (0, 5)
        assert said == ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that holds 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("a small file system can't be mounted here; run the tests as root")
    yield disk
    subprocess.run(["umount", disk], check=True)


class TestValuesOfTheWrongKind:
    """One document among good ones, or the manifest itself, with a value where another kind is due."""

    @pytest.mark.parametrize("odd", [{}, [], 5, True, None, "\ud800"])
    @pytest.mark.parametrize("command", [*WRITERS, "to-oci-layout", "to-build-context"])
    def test_a_media_type_of_any_kind_stops_no_command(
        self, folder: Path, place: Path, odd: object, command: str, tmp_path: Path, untouched: None
    ) -> None:
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "other.json").write_text(json.dumps({"mediaType": odd}))
        outcome = run(command, place, tmp_path / "more", "-o", tmp_path / "out", "--no-progress")
        assert outcome.code == 0, outcome.output

    @pytest.mark.parametrize(
        "change",
        [{"config": 5}, {"config": []}, {"layers": [5]}, {"layers": {}}, {"annotations": {"a": "\ud800"}}],
        ids=str,
    )
    @pytest.mark.parametrize("command", ["to-registry-tree", "to-oci-layout", "to-docker-tar"])
    def test_a_damaged_manifest_is_written_anew_or_refused(
        self, folder: Path, place: Path, change: dict[str, object], command: str, tmp_path: Path
    ) -> None:
        damage.gunzip_in_place(folder / IMAGE.layer_digests[0].file_name)
        (folder / "manifest.json").write_text(json.dumps(json.loads(IMAGE.manifest) | change))
        options = [] if command == "to-docker-tar" else ["--allow-new-digest"]
        outcome = run(command, place, "-o", tmp_path / "out", "--no-recompress", "--no-progress", *options)
        assert outcome.code in (0, 4), outcome.output
        assert (outcome.code == 0) == (tmp_path / "out").exists()

    @pytest.mark.parametrize("name", ["architecture", "os", "variant", "created", "author"])
    def test_half_a_surrogate_pair_in_a_config(self, tmp_path: Path, name: str) -> None:
        value = json.loads(IMAGE.config) | {name: "a\ud800"}
        image = replaced_config(IMAGE, json.dumps(value).encode())
        place = tmp_path / "in"
        place.mkdir()
        for path, content in image.items():
            (place / path).write_bytes(content)
        report_of(place)
        for form in ("text", "html", "sarif", "concise"):
            assert run("scan", place, "--format", form, "--no-progress").code in (0, 1, 4)
        for command in (*WRITERS, "to-oci-layout", "to-build-context"):
            outcome = run(command, place, "-o", tmp_path / command, "-n", "a:b", "--no-progress")
            assert outcome.code in (0, 4), outcome.output

    def test_layers_that_live_in_files_of_this_machine_are_not_foreign(self, folder: Path, place: Path) -> None:
        value = json.loads(IMAGE.manifest)
        value["layers"][0]["urls"] = ["file:///etc/passwd", "https://jane:s3cret@h.example/a"]
        (folder / "manifest.json").write_text(json.dumps(value))
        (folder / IMAGE.layer_digests[0].file_name).unlink()
        report = report_of(place, 4)
        assert "BF405" not in codes(report)
        assert "passwd" not in json.dumps(report["downloads"])


def replaced_config(image: GeneratedImage, config: bytes) -> dict[str, bytes]:
    """The image's files with another config, which the manifest names."""
    value = json.loads(image.manifest)
    value["config"] |= {"digest": str(Digest.of(config)), "size": len(config)}
    blobs = {digest.file_name: content for digest, content in image.blobs.items() if digest != image.image_id}
    return blobs | {"manifest.json": json.dumps(value).encode(), Digest.of(config).file_name: config}
