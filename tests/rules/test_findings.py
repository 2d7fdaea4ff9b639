"""Each kind of damage gets its own finding, and no other."""

import gzip
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.plan.images import ImagePlan
from importer.rules.catalogue import rule_explaining, rule_named
from importer.rules.rule import Certainty, Finding, Safety, Severity
from tests import damage
from tests.damage import Damage, in_turn, to_config, to_manifest
from tests.images.content import noise, tar_of
from tests.images.generated import (
    GeneratedImage,
    as_json,
    descriptor_of,
    index_of,
    make_image_of_tars,
    small_image,
    write_artifactory_folder,
)
from tests.in_process import scan
from tests.rules.workshop import advised_by, case_of, findings_of, remarks, said_of, troubles

HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
HOSTILE = "evil\x1b[31m\nname"
IMAGE = small_image()


@pytest.fixture
def image() -> GeneratedImage:
    return IMAGE


@pytest.fixture
def folder(image: GeneratedImage, tmp_path: Path) -> Path:
    return write_artifactory_folder(image, tmp_path / "team" / "app" / "1.4")


def the(code: str, findings: tuple[Finding, ...]) -> Finding:
    found = [finding for finding in findings if finding.rule.code == code]
    assert len(found) == 1, [said_of(finding) for finding in findings]
    return found[0]


def to_layer(change: Callable[..., object], *arguments: object) -> Damage:
    return damage.to_layer(IMAGE, 0, change, *arguments)


def without_size(content: bytes) -> bytes:
    value = json.loads(content)
    del value["layers"][0]["size"]
    return as_json(value)


def headers_with_digest(path: Path) -> None:
    line = f"Docker-Content-Digest: {IMAGE.manifest_digest}"
    damage.prepend(path, f"HTTP/1.1 200 OK\r\n{line}\r\n\r\n".encode())


ERROR_BODY = b'{\n  "errors" : [ {\n    "status" : 404,\n    "message" : "File not found."\n  } ]\n}'
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32 + b"\nsize 1234\n"
LOGIN = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
NAME, DIGITS = IMAGE.layer_digests[0].file_name, IMAGE.layer_digests[0].hex

DAMAGES: dict[str, tuple[Damage, list[str], list[str]]] = {
    "nothing": (damage.nothing, [], []),
    "browser's copy": (to_layer(damage.rename_by_browser), [], ["BF101"]),
    "gz ending": (to_layer(damage.add_suffix), [], ["BF101"]),
    "dash": (to_layer(damage.hyphen_prefix), [], ["BF101"]),
    "colon": (to_layer(damage.rename, f"sha256:{DIGITS}"), [], ["BF101"]),
    "no prefix": (to_layer(damage.no_prefix), [], ["BF101"]),
    "upper case": (to_layer(damage.rename, f"sha256__{DIGITS.upper()}"), [], ["BF101"]),
    "any name": (to_layer(damage.rename, "holiday.jpg"), [], ["BF101"]),
    "hostile name": (to_layer(damage.rename, HOSTILE), [], ["BF101"]),
    "complete despite .part": (to_layer(damage.partial_suffix), [], ["BF101"]),
    "part": (
        in_turn(
            to_layer(damage.copy, f"{NAME}.part"),
            to_layer(damage.empty),
            lambda folder: damage.cut_at(folder / f"{NAME}.part", 4000),
        ),
        ["BF104"],
        ["BF103"],
    ),
    "crdownload": (
        in_turn(to_layer(damage.put, noise(500)), to_layer(damage.partial_suffix, ".crdownload")),
        ["BF104"],
        [],
    ),
    "marker": (to_layer(damage.marker), ["BF105"], []),
    "empty": (to_layer(damage.empty), ["BF106"], []),
    "error body": (to_layer(damage.replace_by_artifactory_json_error), ["BF107"], []),
    "web page": (to_layer(damage.replace_by_html_login_page), ["BF107"], []),
    "pipe": (to_layer(damage.make_pipe), ["BF108"], []),
    "sidecar differs": (to_layer(damage.add_sidecar, "0" * 64), ["BF109"], []),
    "sidecar agrees": (to_layer(damage.add_sidecar, DIGITS), [], []),
    "cut": (to_layer(damage.cut_at, 5000), ["BF201"], []),
    "trailer cut": (to_layer(damage.drop_gzip_trailer, 5), ["BF202"], []),
    "trailer wrong": (to_layer(damage.flip_byte, -5), ["BF202"], []),
    "zeros": (to_layer(damage.zero_range, 4000), ["BF203"], []),
    "more after it": (to_layer(damage.append, bytes(100)), ["BF204"], []),
    "headers before the manifest": (to_manifest(headers_with_digest), ["BF205"], []),
    "headers before it": (to_layer(damage.prepend), ["BF205"], []),
    "gunzipped": (to_layer(damage.gunzip_in_place), ["BF206"], []),
    "gzipped twice": (to_layer(damage.gzip_again), ["BF207"], []),
    "flipped": (to_layer(damage.flip_byte, 3000), ["BF208"], []),
    "something else": (to_layer(damage.put, noise(50_000, "else")), ["BF209"], []),
    "config CRLF": (to_config(IMAGE, damage.append, b"\r\n"), ["BF210"], []),
    "config with BOM": (to_config(IMAGE, damage.bom), ["BF210"], []),
    "config indented": (to_config(IMAGE, damage.reindent, 4), ["BF211"], []),
    "manifest with BOM": (to_manifest(damage.bom), ["BF210"], []),
    "manifest in UTF-16": (to_manifest(damage.utf16), ["BF210"], []),
    "pieces": (to_layer(damage.split, 3), ["BF213"], []),
    "base64": (to_layer(damage.in_base64), ["BF214"], []),
    "hexadecimal digits": (to_layer(damage.in_hex), ["BF214"], []),
    "quoted-printable": (to_layer(damage.in_quoted_printable), ["BF214"], []),
    "percent encoding": (to_layer(damage.percent_encoded), ["BF214"], []),
    "chunks": (to_layer(damage.in_chunks), ["BF214"], []),
    "signed chunks": (to_layer(damage.in_signed_chunks), ["BF214"], []),
    "base64 of the config": (to_config(IMAGE, damage.in_base64), ["BF214"], []),
    "LF became CRLF": (to_layer(damage.lf_to_crlf), ["BF215"], []),
    "Latin-1 became UTF-8": (to_layer(damage.bytes_to_utf8), ["BF215"], []),
    "cp1252 became UTF-8": (to_layer(damage.bytes_to_utf8, "cp1252"), ["BF215"], []),
    "no UTF-8 became UTF-8": (to_layer(damage.utf8_with_replacements), ["BF215"], []),
    "a range twice": (to_layer(damage.resume_too_early, 9000, 2048), ["BF216"], []),
    "a page in the middle": (to_layer(damage.message_within, 9000, LOGIN), ["BF216"], []),
    "manifest without a size": (to_manifest(damage.change, without_size), ["BF302"], []),
    "manifest cut": (to_manifest(damage.cut_at, 300), ["BF302"], []),
    "manifest cut early": (to_manifest(damage.cut_at, 3), ["BF302"], []),
    "manifest empty": (to_manifest(damage.empty), ["BF106"], []),
    "manifest is an error": (to_manifest(damage.replace_by_artifactory_json_error), ["BF107"], []),
    "manifest is a page": (to_manifest(damage.replace_by_html_login_page), ["BF107"], []),
    "layer missing": (to_layer(damage.remove), ["BF401"], []),
}


@pytest.mark.parametrize(("happens", "trouble", "remark"), DAMAGES.values(), ids=DAMAGES)
def test_damage_has_its_own_finding_and_no_other(
    folder: Path, happens: Damage, trouble: list[str], remark: list[str]
) -> None:
    happens(folder)
    findings = findings_of(folder)
    assert troubles(findings) == trouble, [said_of(finding) for finding in findings]
    assert remarks(findings) == remark, [said_of(finding) for finding in findings]


REPLACEMENTS = 'var unknown = "\ufffd";\n'.encode() * 3000
PLAIN = make_image_of_tars([tar_of({"lib/a.js": REPLACEMENTS, "lib/b.js": REPLACEMENTS})], "none", docker=False)
HEADER_OF_B = PLAIN.layers[0].index(b"lib/b.js")


@pytest.mark.parametrize(
    ("happens", "arguments", "code"),
    [
        (damage.cut_at, (70_000,), "BF201"),
        (damage.zero_range, (70_000,), "BF203"),
        (damage.zero_range, (HEADER_OF_B + 40,), "BF203"),
        (damage.flip_byte, (30_000, 1), "BF208"),
        (damage.flip_byte, (HEADER_OF_B, 1), "BF208"),
        (damage.flip_byte, (30, 1), "BF208"),
    ],
)
def test_a_tar_with_replacement_characters_of_its_own_was_not_rewritten(
    happens: Callable[..., object], arguments: tuple[object, ...], code: str, tmp_path: Path
) -> None:
    folder = write_artifactory_folder(PLAIN, tmp_path / "team" / "app" / "1.4")
    happens(PLAIN.layer_path(folder), *arguments)
    assert troubles(findings_of(folder)) == [code]


def test_nor_was_one_whose_first_header_is_broken(tmp_path: Path) -> None:
    folder = write_artifactory_folder(PLAIN, tmp_path / "team" / "app" / "1.4")
    damage.flip_byte(PLAIN.layer_path(folder), 3, 1)
    assert "BF215" not in troubles(findings_of(folder))


def test_a_tar_whose_headers_moved_was_rewritten(tmp_path: Path) -> None:
    packed = gzip.compress(noise(20_000), mtime=0)
    image = make_image_of_tars([tar_of({"a.gz": packed, "b.js": REPLACEMENTS})], "none", docker=False)
    folder = write_artifactory_folder(image, tmp_path / "team" / "app" / "1.4")
    damage.utf8_with_replacements(image.layer_path(folder))
    assert troubles(findings_of(folder)) == ["BF215"]


@pytest.mark.parametrize("happens", [happens for happens, *_ in DAMAGES.values()], ids=DAMAGES)
def test_messages_are_single_printable_lines(folder: Path, happens: Damage) -> None:
    happens(folder)
    for finding in findings_of(folder):
        assert said_of(finding).isprintable()
        assert advised_by(finding).isprintable()


class TestNames:
    def test_the_right_name_is_told(self, image: GeneratedImage, folder: Path) -> None:
        damage.rename_by_browser(image.layer_path(folder))
        assert image.layer_path(folder).name in advised_by(the("BF101", findings_of(folder)))

    def test_swapped_files_are_two_renamed_ones(self, image: GeneratedImage, folder: Path) -> None:
        damage.swap(image.layer_path(folder, 0), image.layer_path(folder, 1))
        assert remarks(findings_of(folder)) == ["BF101", "BF101"]

    def test_an_oci_layout_names_its_blobs_rightly(self, image: GeneratedImage, tmp_path: Path) -> None:
        blobs = write_artifactory_folder(image, tmp_path / "blobs" / "sha256")
        for path in blobs.iterdir():
            path.rename(blobs / Digest.of(path.read_bytes()).hex)
        (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        assert not findings_of(tmp_path)

    def test_a_skopeo_directory_names_its_blobs_rightly(self, image: GeneratedImage, folder: Path) -> None:
        for path in folder.glob("sha256__*"):
            path.rename(folder / path.name[8:])
        (folder / "version").write_text("Directory Transport Version: 1.1\n")
        assert not remarks(findings_of(folder))

    def test_a_registry_tree_names_its_blobs_rightly(self, image: GeneratedImage, tmp_path: Path) -> None:
        for blob in (image.manifest, image.config, *image.layers):
            digits = Digest.of(blob).hex
            data = tmp_path / "blobs" / "sha256" / digits[:2] / digits / "data"
            data.parent.mkdir(parents=True)
            data.write_bytes(blob)
        assert not findings_of(tmp_path)

    def test_a_manifest_under_another_name_is_renamed(self, folder: Path) -> None:
        (folder / "manifest.json").rename(folder / "manifest (1).json")
        assert "manifest.json" in advised_by(the("BF101", findings_of(folder)))

    def test_a_copy_is_a_duplicate_and_not_renamed(self, image: GeneratedImage, folder: Path) -> None:
        path = image.layer_path(folder)
        path.with_name("copy").write_bytes(path.read_bytes())
        (folder / "manifest (1).json").write_bytes(image.manifest)
        findings = findings_of(folder)
        assert remarks(findings) == ["BF102", "BF102"]
        assert {Path(f.observation.path or "").name for f in findings if f.rule.code == "BF102"} == {
            "copy",
            "manifest (1).json",
        }

    def test_two_tags_of_one_image_keep_their_manifests(
        self, image: GeneratedImage, folder: Path, tmp_path: Path
    ) -> None:
        write_artifactory_folder(image, tmp_path / "team" / "app" / "1.5")
        found = [f.observation.path for f in findings_of(tmp_path) if f.rule.code == "BF102"]
        assert len(found) == 3
        assert not any((path or "").endswith("manifest.json") for path in found)

    def test_borrowed_files_are_nobodys_business(self, image: GeneratedImage, folder: Path, tmp_path: Path) -> None:
        lent = write_artifactory_folder(small_image(architecture="arm64"), tmp_path / "lent")
        (lent / "holiday.jpg").write_bytes(noise(100))
        image.layer_path(folder).unlink()
        assert not troubles(findings_of(folder, borrowed=lent))
        assert not remarks(findings_of(folder, borrowed=lent))


class TestUnrelatedFiles:
    def test_what_it_is_is_told(self, folder: Path) -> None:
        (folder / "notes.txt").write_text("call Anna\tabout the release")
        message = said_of(the("BF103", findings_of(folder)))
        assert "call Anna about the release" in message

    def test_failed_attempt_beside_the_whole_blob(self, image: GeneratedImage, folder: Path) -> None:
        path = image.layer_path(folder)
        path.rename(path.with_name(path.name + " (1)"))
        path.write_bytes(b"")
        findings = findings_of(folder)
        assert not troubles(findings)
        assert remarks(findings) == ["BF101", "BF103"]
        assert "(1)" in said_of(the("BF103", findings))

    def test_marker_beside_the_whole_blob_is_silent(self, image: GeneratedImage, folder: Path) -> None:
        path = image.layer_path(folder)
        path.with_name(path.name + ".marker").write_bytes(b"")
        assert not troubles(findings_of(folder))
        assert not remarks(findings_of(folder))

    def test_what_any_finding_names_is_no_leftover_and_its_copies_are_none(self, folder: Path) -> None:
        """The rule knows no other rule: what these have found is all that it is told."""
        for name in ("a.bin", "b.bin", "c.bin"):
            (folder / name).write_bytes(noise(100, "c" if name == "c.bin" else "a and b"))
        case, rule = case_of(folder), rule_named("unrelated-file")
        assert rule
        assert rule.on_leftovers
        left = {
            len(named): [fact.file.name for fact in rule.on_leftovers.files(case, frozenset(named))]
            for named in ([], [f"{folder}/a.bin"])
        }
        assert left == {0: ["a.bin", "b.bin", "c.bin"], 1: ["c.bin"]}

    @pytest.mark.parametrize("name", ["oci-layout", "VERSION", "repositories", "team/app/_layers/sha256/x/link"])
    def test_what_programs_note_about_images_is_no_leftover(self, folder: Path, name: str) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(noise(100))
        assert not remarks(findings_of(folder))

    def test_content_of_a_whole_layer(self, image: GeneratedImage, folder: Path) -> None:
        (folder / "layer.tar").write_bytes(image.diffs[0])
        assert "it has the same content as a layer" in said_of(the("BF103", findings_of(folder)))

    def test_unneeded_partial_download(self, folder: Path) -> None:
        (folder / "other.crdownload").write_bytes(noise(100))
        assert troubles(findings_of(folder)) == ["BF104"]
        assert not remarks(findings_of(folder))

    def test_layout_files_are_no_strangers(self, image: GeneratedImage, folder: Path) -> None:
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (folder / "repositories").write_text("{}")
        assert not remarks(findings_of(folder))


class TestEvidence:
    def test_truncation_tells_have_and_want(self, image: GeneratedImage, folder: Path) -> None:
        damage.cut_at(image.layer_path(folder), 5000)
        message = said_of(the("BF201", findings_of(folder)))
        assert "5,000 bytes" in message
        assert f"{len(image.layers[0]):,} bytes" in message

    def test_partial_download_tells_have_and_want(self, image: GeneratedImage, folder: Path) -> None:
        DAMAGES["part"][0](folder)
        assert "4,000 bytes" in said_of(the("BF104", findings_of(folder)))

    def test_error_page_is_quoted(self, image: GeneratedImage, folder: Path) -> None:
        damage.replace_by_artifactory_json_error(image.layer_path(folder))
        assert "404 File not found." in said_of(the("BF107", findings_of(folder)))

    def test_gunzipped_is_proven_by_its_diff_id(self, image: GeneratedImage, folder: Path) -> None:
        damage.gunzip_in_place(image.layer_path(folder))
        finding = the("BF206", findings_of(folder))
        assert str(Digest.of(image.diffs[0])) in said_of(finding)
        assert "--allow-new-digest" in advised_by(finding)
        assert finding.safety is Safety.SAFE

    def test_gunzipped_without_a_proof_has_no_fix(self, image: GeneratedImage, folder: Path) -> None:
        damage.put(image.layer_path(folder), tar_of({"another": b"content"}))
        finding = the("BF206", findings_of(folder))
        assert finding.safety is Safety.NONE
        assert troubles(findings_of(folder)) == ["BF206"]

    def test_mangled_manifest_is_mended_once_its_digest_is_known(self, image: GeneratedImage, folder: Path) -> None:
        damage.bom(folder / "manifest.json")
        assert the("BF210", findings_of(folder)).safety is Safety.NONE
        digest = image.manifest_digest
        assert the("BF210", findings_of(folder, given=(digest,))).safety is Safety.SAFE

    def test_file_without_a_name_is_only_inferred(self, image: GeneratedImage, folder: Path) -> None:
        damage.rename(damage.cut_at(image.layer_path(folder), 5000), "download")
        assert the("BF201", findings_of(folder)).observation.certainty is Certainty.INFERRED

    def test_corruption_tells_where(self, image: GeneratedImage, folder: Path) -> None:
        damage.flip_byte(image.layer_path(folder), 3000)
        message = said_of(the("BF208", findings_of(folder)))
        place = int(message.partition("decoding fails at byte ")[2].replace(",", ""))
        assert 3000 <= place < len(image.layers[0])

    def test_unreadable_entry_that_nobody_needs_is_no_error(self, image: GeneratedImage, folder: Path) -> None:
        os.mkfifo(folder / "pipe")
        assert the("BF108", findings_of(folder)).severity is Severity.INFO
        image.layer_path(folder).unlink()
        assert the("BF108", findings_of(folder)).severity is Severity.ERROR

    @pytest.mark.parametrize("content", [b"", LOGIN, b"\x00\x01 no JSON"])
    def test_a_lost_manifest_beside_whole_images_is_another_image_that_is_lost(
        self, content: bytes, folder: Path
    ) -> None:
        other = folder.parent / "1.5"
        other.mkdir()
        (other / "manifest.json").write_bytes(content)
        (finding,) = [each for each in findings_of(folder.parent) if each.severity is not Severity.INFO]
        assert finding.severity is Severity.ERROR

    def test_a_child_that_is_no_manifest_has_a_finding_and_is_not_fetched_again(self, tmp_path: Path) -> None:
        child = as_json({"schemaVersion": 2, "mediaType": media_types.DOCKER_MANIFEST, "layers": []})
        app = tmp_path / "app"
        (app / Digest.of(child).file_name).mkdir(parents=True)
        (app / Digest.of(child).file_name / "manifest.json").write_bytes(child)
        (app / "1").mkdir()
        (app / "1" / "list.manifest.json").write_bytes(index_of((child, "linux/amd64")))
        findings = findings_of(tmp_path)
        assert troubles(findings) == ["BF302"]
        assert "downloading it again gives the same bytes" in advised_by(the("BF302", findings))
        assert scan(tmp_path).report["downloads"] == []

    def test_problem_of_a_blob_names_the_blob(self, image: GeneratedImage, folder: Path) -> None:
        damage.make_pipe(image.layer_path(folder))
        observation = the("BF108", findings_of(folder)).observation
        assert "layer 1 of 2" in str(observation.message)
        assert str(observation.digest) == str(Digest.of(image.layers[0]))

    def test_socket_is_unreadable(self, folder: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.fspath(folder / "s"))
            (found,) = [finding for finding in findings_of(folder) if finding.rule.code == "BF108"]
        assert found.severity is Severity.INFO

    def test_sidecar_beside_a_damaged_file_bears_it_out(self, image: GeneratedImage, folder: Path) -> None:
        damage.add_sidecar(image.layer_path(folder), image.layer_digests[0].hex)
        damage.cut_at(image.layer_path(folder), 5000)
        assert troubles(findings_of(folder)) == ["BF201", "BF109"]
        assert "confirms the finding" in said_of(the("BF109", findings_of(folder)))


class TestWrongKinds:
    @pytest.mark.parametrize(
        ("name", "content", "word"),
        [
            ("export.tar", tar_of({".dockerenv": b""}), "docker import"),
            ("image.tar", "\ufeffsha256\0\0\0ustar\0".encode("utf-16-le"), "-o instead of >"),
            ("image.tar", b"<!DOCTYPE html><title>Sign in</title>", "docker save -o"),
            ("image.tar", b"", "docker save -o"),
            ("disk.bin", b"QFI\xfb\0\0\0\3" + bytes(600), "mount it"),
            ("pointer", LFS_POINTER, "git lfs pull"),
        ],
    )
    def test_each_is_named_with_what_to_do(self, name: str, content: bytes, word: str, tmp_path: Path) -> None:
        (tmp_path / name).write_bytes(content)
        found = the("BF111", findings_of(tmp_path))
        assert found.severity is Severity.ERROR
        assert word in advised_by(found)

    def test_beside_an_image_it_is_a_remark(self, folder: Path) -> None:
        (folder / "pointer").write_bytes(LFS_POINTER)
        assert the("BF111", findings_of(folder)).severity is Severity.INFO

    def test_a_pointer_in_place_of_a_layer_tells_the_true_digest(self, image: GeneratedImage, folder: Path) -> None:
        image.layer_path(folder).write_bytes(LFS_POINTER)
        message = said_of(the("BF111", findings_of(folder)))
        assert "ab" * 32 in message
        assert "1,234" in message

    def test_the_storage_of_an_old_registry_is_named_once(self, tmp_path: Path) -> None:
        for name in ("json", "ancestry", "layer"):
            path = tmp_path / "images" / ("5" * 64) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"{}")
        assert [finding.rule.code for finding in findings_of(tmp_path)] == ["BF111"]

    @pytest.mark.parametrize("text", [b"null", b"QUJD" * 40, b"hello there, this is a note\n"])
    def test_any_text_in_place_of_a_layer_is_no_message_of_a_server(
        self, text: bytes, image: GeneratedImage, folder: Path
    ) -> None:
        image.layer_path(folder).write_bytes(text)
        assert "BF107" not in [finding.rule.code for finding in findings_of(folder)]


class TestUnreadInput:
    def test_a_locked_archive_is_named_with_its_program(self, folder: Path) -> None:
        (folder / "photos.rar").write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(64))
        found = the("BF110", findings_of(folder))
        assert found.severity is Severity.WARNING
        assert "unrar" in advised_by(found)


class TestManifests:
    def test_lone_manifest_is_unproven(self, image: GeneratedImage, folder: Path) -> None:
        assert str(image.manifest_digest) in said_of(the("BF307", findings_of(folder)))

    def test_given_digest_proves_it(self, image: GeneratedImage, folder: Path) -> None:
        assert not findings_of(folder, given=(image.manifest_digest,))

    def test_reformatted_manifest_is_restored(self, image: GeneratedImage, folder: Path) -> None:
        damage.reindent(folder / "manifest.json", 4)
        assert troubles(findings_of(folder, given=(image.manifest_digest,))) == ["BF211"]

    def test_manifest_in_the_wrong_folder(self, image: GeneratedImage, tmp_path: Path) -> None:
        folder = write_artifactory_folder(image, tmp_path / f"sha256__{'0' * 64}")
        finding = the("BF209", findings_of(folder.parent))
        assert "its folder's name" in said_of(finding)
        assert troubles(findings_of(folder.parent)) == ["BF209"]

    def test_signature_folder_names_another_manifest(self, image: GeneratedImage, tmp_path: Path) -> None:
        folder = write_artifactory_folder(image, tmp_path / "app" / f"sha256-{'0' * 64}.sig")
        assert not troubles(findings_of(tmp_path))
        assert folder.name in said_of(the("BF307", findings_of(tmp_path)))

    def test_cut_manifest_matters_only_to_outputs_that_need_it(self, image: GeneratedImage, folder: Path) -> None:
        damage.cut_at(folder / "manifest.json", 300)
        finding = the("BF302", findings_of(folder))
        assert "a docker tar is exact anyway" in advised_by(finding)
        image_plan = finding.observation.image
        assert isinstance(image_plan, ImagePlan)
        assert image_plan.manifest.cause
        assert rule_explaining(image_plan.manifest.cause) is finding.rule
        image.config_path(folder).unlink()
        assert "the image's parts are unknown" in advised_by(the("BF302", findings_of(folder)))

    def test_findings_of_layers_stay_in_the_layers_order(self, tmp_path: Path) -> None:
        image = make_image_of_tars([tar_of({f"{number}": noise(9000, str(number))}) for number in range(5)])
        folder = write_artifactory_folder(image, tmp_path / "team" / "app" / "1.4")
        for position in range(5):
            image.layer_path(folder, position).unlink()
        digests = [finding.observation.digest for finding in findings_of(folder) if finding.rule.code == "BF401"]
        assert digests == [Digest.of(layer) for layer in image.layers]

    def test_marker_gives_the_address_of_the_image_itself(self, image: GeneratedImage, folder: Path) -> None:
        layer = image.layer_path(folder)
        layer.unlink()
        layer.with_name(f"{layer.name}.marker").touch()
        image_of_the_path = f"/v2/{folder.parts[-3]}/{folder.parts[-2]}/blobs/"
        observation = the("BF105", findings_of(folder.parents[2])).observation
        assert image_of_the_path in str(observation.remedy)

    def test_name_that_is_no_text_is_told_in_its_bytes(self, image: GeneratedImage, folder: Path) -> None:
        name = os.fsdecode(b"b\xff\xfe")
        image.layer_path(folder).rename(folder / name)
        assert said_of(the("BF101", findings_of(folder))).startswith(f"{folder}/b\\xff\\xfe is layer 1")

    def test_link_that_leads_out_is_told_what_helps(self, image: GeneratedImage, folder: Path, tmp_path: Path) -> None:
        (folder / "link").symlink_to(tmp_path / "elsewhere")
        remedy = advised_by(the("BF108", findings_of(folder)))
        assert "--borrow" in remedy
        assert "permissions" not in remedy

    def test_pointer_with_control_characters_is_escaped(self, image: GeneratedImage, folder: Path) -> None:
        value = image.manifest_value() | {"annotations": {HOSTILE: 7}}
        (folder / "manifest.json").write_bytes(as_json(value))
        message = said_of(the("BF302", findings_of(folder)))
        assert message.isprintable()
        assert "\\x1b" in message

    def test_at_most_five_problems_are_told(self, image: GeneratedImage, folder: Path) -> None:
        value = image.manifest_value()
        value["layers"] = [{}] * 5
        (folder / "manifest.json").write_bytes(as_json(value))
        findings = findings_of(folder)
        assert troubles(findings) == ["BF302"] * 5
        assert "more problems" in "".join(said_of(finding) for finding in findings)

    def test_wrong_size(self, image: GeneratedImage, folder: Path) -> None:
        value = image.manifest_value()
        value["layers"][0]["size"] += 1
        (folder / "manifest.json").write_bytes(as_json(value))
        assert troubles(findings_of(folder)) == ["BF212"]

    def test_a_lost_manifest_is_rebuilt_for_docker(self, image: GeneratedImage, folder: Path) -> None:
        (folder / "manifest.json").unlink()
        finding = the("BF301", findings_of(folder))
        assert "2 of 2 are here" in said_of(finding)
        assert "--allow-new-digest" in advised_by(finding)
        assert finding.safety is Safety.SAFE

    def test_a_lost_manifest_with_a_known_digest_is_written_anew(self, image: GeneratedImage, folder: Path) -> None:
        (folder / "manifest.json").unlink()
        known = image.manifest_digest
        message = said_of(the("BF301", findings_of(folder, given=(known,))))
        assert "rebuilt as docker writes it" in message

    def test_schema_1_is_explained_and_nothing_is_made_of_it(self, tmp_path: Path) -> None:
        value = {"schemaVersion": 1, "name": "team/app", "tag": "1", "fsLayers": [{"blobSum": f"sha256:{'0' * 64}"}]}
        (tmp_path / "manifest.json").write_bytes(as_json(value | {"history": [{"v1Compatibility": "{}"}]}))
        finding = the("BF305", findings_of(tmp_path))
        assert "schema 1" in said_of(finding)
        assert finding.safety is Safety.UNSAFE

    def test_web_manifest_is_no_error(self, folder: Path) -> None:
        (folder / "static").mkdir()
        (folder / "static" / "manifest.json").write_text('{"name": "app", "icons": []}')
        assert not troubles(findings_of(folder))

    def test_docker_save_manifest(self, tmp_path: Path) -> None:
        (tmp_path / "manifest.json").write_bytes(
            as_json([{"Config": "a.json", "RepoTags": ["team/app:\x1b1"], "Layers": []}])
        )
        findings = findings_of(tmp_path)
        assert [finding.rule.code for finding in findings] == ["BF304"]
        assert said_of(findings[0]).isprintable()


class TestConfigs:
    @pytest.mark.parametrize("name", ["config.json", "{name} (1)"])
    def test_a_changed_copy_is_no_image_of_its_own(self, image: GeneratedImage, folder: Path, name: str) -> None:
        path = image.config_path(folder)
        damage.reindent(damage.copy(path, name.format(name=path.name)), 4)
        findings = findings_of(folder)
        assert (troubles(findings), remarks(findings)) == ([], ["BF103"])

    def test_of_two_changed_copies_one_is_restored(self, image: GeneratedImage, folder: Path) -> None:
        path = image.config_path(folder)
        damage.reindent(damage.copy(path, "config.json"), 4)
        damage.bom(path)
        assert troubles(findings_of(folder)) == ["BF210"]

    def test_without_the_config_a_bare_one_can_be_written(self, image: GeneratedImage, folder: Path) -> None:
        image.config_path(folder).unlink()
        finding = the("BF410", findings_of(folder))
        assert "--salvage" in advised_by(finding)
        assert finding.safety is Safety.UNSAFE

    def test_without_the_config_and_a_layer_nothing_can(self, image: GeneratedImage, folder: Path) -> None:
        image.config_path(folder).unlink()
        image.layer_path(folder).unlink()
        finding = the("BF410", findings_of(folder))
        assert "--salvage" not in advised_by(finding)
        assert finding.safety is Safety.NONE

    def test_invalid_config(self, tmp_path: Path) -> None:
        config = as_json({"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": "none"}})
        assert troubles(findings_of(write_artifactory_folder(small_image().with_config(config), tmp_path))) == ["BF306"]

    def test_too_few_diff_ids(self, tmp_path: Path) -> None:
        value = small_image().config_value()
        value["rootfs"]["diff_ids"].pop()
        assert troubles(findings_of(write_artifactory_folder(small_image().with_config(as_json(value)), tmp_path))) == [
            "BF402"
        ]

    def test_layers_in_the_wrong_order(self, tmp_path: Path) -> None:
        value = small_image().config_value()
        value["rootfs"]["diff_ids"].reverse()
        assert troubles(findings_of(write_artifactory_folder(small_image().with_config(as_json(value)), tmp_path))) == [
            "BF403",
            "BF403",
        ]


class TestLayers:
    def test_zstd_around_a_gzip_layer_is_no_zstd_layer(self, image: GeneratedImage, folder: Path) -> None:
        image.layer_path(folder).write_bytes(zstandard.compress(image.layers[0]))
        findings = findings_of(folder)
        assert (troubles(findings), remarks(findings)) == (["BF207"], [])

    def test_media_type_says_otherwise(self, tmp_path: Path) -> None:
        tars = [tar_of({"a": b"a"})]
        layers = [zstandard.compress(tars[0])]
        findings = findings_of(write_artifactory_folder(make_image_of_tars(tars, layers=layers), tmp_path))
        assert troubles(findings) == ["BF308"]
        assert remarks(findings) == ["BF411"]

    @pytest.mark.parametrize(
        ("media_type", "pack"),
        [
            (media_types.OCI_LAYER_ZSTD, zstandard.compress),
            (media_types.OCI_LAYER, bytes),
            (media_types.OCI_LAYER_GZIP, gzip.compress),
        ],
    )
    def test_media_type_is_right(self, tmp_path: Path, media_type: str, pack: Callable[[bytes], bytes]) -> None:
        tars = [tar_of({"a": b"a"})]
        image = make_image_of_tars(tars, layers=[pack(tars[0])], layer_types=[media_type])
        assert not troubles(findings_of(write_artifactory_folder(image, tmp_path)))

    def test_repeated_empty_layer_is_told_once(self, tmp_path: Path) -> None:
        empty = gzip.compress(bytes(1024), mtime=0)
        known = bytes.fromhex("1f8b08000000000000ff621805a360148c5800080000ffff2eafb5ef00040000")
        assert gzip.decompress(empty) == gzip.decompress(known)
        image = make_image_of_tars([bytes(1024)] * 3, layers=[known] * 3)
        image.layer_path(write_artifactory_folder(image, tmp_path)).unlink()
        findings = findings_of(tmp_path)
        assert (troubles(findings), remarks(findings)) == ([], ["BF404"])

    def test_foreign_layer_prints_its_urls(self, image: GeneratedImage, folder: Path) -> None:
        value = image.manifest_value()
        value["layers"][0] |= {"mediaType": media_types.DOCKER_FOREIGN_LAYER, "urls": ["https://layers.invalid/a"]}
        (folder / "manifest.json").write_bytes(as_json(value))
        image.layer_path(folder).unlink()
        findings = findings_of(folder)
        assert troubles(findings) == ["BF405"]
        assert "https://layers.invalid/a" in said_of(findings[0])

    def test_unknown_algorithm(self, image: GeneratedImage, folder: Path) -> None:
        value = image.manifest_value()
        digits = image.layer_path(folder).name[8:]
        value["layers"][0]["digest"] = f"blake3:{digits}"
        (folder / "manifest.json").write_bytes(as_json(value))
        image.layer_path(folder).rename(folder / f"blake3__{digits}")
        findings = findings_of(folder)
        assert troubles(findings) == ["BF409"]

    def test_helm_chart(self, tmp_path: Path) -> None:
        chart, config = gzip.compress(tar_of({"Chart.yaml": b"name: app"})), b'{"name":"app"}'
        manifest = {
            "schemaVersion": 2,
            "config": descriptor_of(HELM_CONFIG, config),
            "layers": [descriptor_of(HELM_CHART, chart)],
        }
        (tmp_path / "manifest.json").write_bytes(as_json(manifest))
        for blob in (chart, config):
            (tmp_path / Digest.of(blob).file_name).write_bytes(blob)
        findings = findings_of(tmp_path)
        assert (troubles(findings), remarks(findings)) == ([], ["BF408"])
        assert "a Helm chart" in said_of(the("BF408", findings))


class TestIndexes:
    @pytest.fixture
    def other(self) -> GeneratedImage:
        return small_image(architecture="arm64")

    @pytest.fixture
    def app(self, image: GeneratedImage, other: GeneratedImage, tmp_path: Path) -> Path:
        app = tmp_path / "team" / "app"
        for each in (image, other):
            write_artifactory_folder(each, app / Digest.of(each.manifest).file_name)
        (app / "1.4").mkdir()
        attestation = (b"attestation", "unknown/unknown")
        index = index_of((image.manifest, "linux/amd64"), (other.manifest, "linux/arm64"), attestation)
        (app / "1.4" / "list.manifest.json").write_bytes(index)
        return app

    def child(self, app: Path, image: GeneratedImage) -> Path:
        return app / image.manifest_digest.file_name

    def test_whole(self, app: Path) -> None:
        findings = findings_of(app.parent.parent)
        assert (troubles(findings), set(remarks(findings))) == ([], {"BF102", "BF407"})

    def test_alone(self, app: Path, image: GeneratedImage, other: GeneratedImage) -> None:
        findings = findings_of(app / "1.4")
        assert troubles(findings) == ["BF303"]
        remedy = advised_by(the("BF303", findings))
        for each in (image, other):
            assert f"{Digest.of(each.manifest)!s}/ or {Digest.of(each.manifest).file_name}/" in remedy
        assert "linux/arm64" in remedy

    def test_one_platform_missing(self, app: Path, other: GeneratedImage) -> None:
        (self.child(app, other) / "manifest.json").unlink()
        findings = findings_of(app)
        assert troubles(findings) == ["BF406"]
        assert "linux/arm64" in said_of(the("BF406", findings))

    def test_child_cut(self, app: Path, image: GeneratedImage) -> None:
        damage.cut_at(self.child(app, image) / "manifest.json", 200)
        assert troubles(findings_of(app)) == ["BF201"]

    def test_child_is_an_error_page(self, app: Path, image: GeneratedImage) -> None:
        damage.replace_by_html_login_page(self.child(app, image) / "manifest.json")
        assert troubles(findings_of(app)) == ["BF107"]

    def test_child_reformatted(self, app: Path, image: GeneratedImage) -> None:
        damage.reindent(self.child(app, image) / "manifest.json", 4)
        assert troubles(findings_of(app)) == ["BF211"]

    def test_child_of_another_size(self, app: Path, image: GeneratedImage, other: GeneratedImage) -> None:
        index = json.loads((app / "1.4" / "list.manifest.json").read_bytes())
        index["manifests"][0]["size"] += 1
        (app / "1.4" / "list.manifest.json").write_bytes(as_json(index))
        assert troubles(findings_of(app)) == ["BF212"]

    def test_layer_of_a_child(self, app: Path, image: GeneratedImage) -> None:
        path = image.layer_path(self.child(app, image))
        path.write_bytes(b"")
        findings = findings_of(self.child(app, image), app / "1.4")
        assert troubles(findings) == ["BF106", "BF406"]

    def test_unreadable_layer_of_a_child(self, app: Path, image: GeneratedImage, other: GeneratedImage) -> None:
        damage.make_pipe(image.layer_path(self.child(app, image)))
        image.layer_path(self.child(app, other)).unlink()
        assert troubles(findings_of(app)) == ["BF108"]

    def test_unreadable_manifest_of_a_child(self, app: Path, image: GeneratedImage) -> None:
        damage.make_pipe(self.child(app, image) / "manifest.json")
        assert troubles(findings_of(app)) == ["BF108"]

    def test_child_flipped_is_one_error(self, app: Path, image: GeneratedImage) -> None:
        path = self.child(app, image) / "manifest.json"
        path.write_bytes(path.read_bytes().replace(b"schemaVersion", b"schemaversion"))
        assert troubles(findings_of(app)) == ["BF208"]

    def test_several_tags_of_one_damaged_layer(self, image: GeneratedImage, tmp_path: Path) -> None:
        for tag in ("1", "2"):
            image.layer_path(write_artifactory_folder(image, tmp_path / "app" / tag)).write_bytes(b"")
        assert troubles(findings_of(tmp_path)) == ["BF106"]
