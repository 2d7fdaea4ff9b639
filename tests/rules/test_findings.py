"""Each kind of damage gets its own finding, and no other."""

import codecs
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
from tests.in_process import scan
from tests.rules.workshop import (
    HELM_CHART,
    HELM_CONFIG,
    Image,
    advised_by,
    as_json,
    blob_name,
    case_of,
    descriptor,
    digest_of,
    findings_of,
    index_of,
    noise,
    remarks,
    said_of,
    tar_of,
    troubles,
)

Damage = Callable[[Image, Path], None]
HOSTILE = "evil\x1b[31m\nname"


@pytest.fixture
def image() -> Image:
    return Image()


@pytest.fixture
def folder(image: Image, tmp_path: Path) -> Path:
    return image.write(tmp_path / "team" / "app" / "1.4")


def the(code: str, findings: tuple[Finding, ...]) -> Finding:
    found = [finding for finding in findings if finding.rule.code == code]
    assert len(found) == 1, [said_of(finding) for finding in findings]
    return found[0]


def change(damage: Callable[[bytes], bytes], position: int = 0) -> Damage:
    def apply(image: Image, folder: Path) -> None:
        path = image.layer_path(folder, position)
        path.write_bytes(damage(path.read_bytes()))

    return apply


def change_config(damage: Callable[[bytes], bytes]) -> Damage:
    def apply(image: Image, folder: Path) -> None:
        path = folder / blob_name(image.config)
        path.write_bytes(damage(path.read_bytes()))

    return apply


def change_manifest(damage: Callable[[bytes], bytes]) -> Damage:
    def apply(image: Image, folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_bytes(damage(path.read_bytes()))

    return apply


def rename(new: str, content: bytes | None = None) -> Damage:
    def apply(image: Image, folder: Path) -> None:
        path = image.layer_path(folder)
        target = folder / new.format(name=path.name, hex=path.name[8:], HEX=path.name[8:].upper())
        path.rename(target)
        if content is not None:
            target.write_bytes(content)

    return apply


def remove(image: Image, folder: Path) -> None:
    image.layer_path(folder).unlink()


def cut_with_part_suffix(image: Image, folder: Path) -> None:
    path = image.layer_path(folder)
    path.with_name(path.name + ".part").write_bytes(path.read_bytes()[:4000])
    path.write_bytes(b"")


def flip(content: bytes) -> bytes:
    return content[:3000] + bytes([content[3000] ^ 0xFF]) + content[3001:]


def split(image: Image, folder: Path) -> None:
    path = image.layer_path(folder)
    content = path.read_bytes()
    for number, start in enumerate(range(0, len(content), 4000), start=1):
        path.with_name(f"{path.name}.{number:03}").write_bytes(content[start : start + 4000])
    path.unlink()


def sidecar(image: Image, folder: Path) -> None:
    path = image.layer_path(folder)
    path.with_name(path.name + ".sha256").write_text("0" * 64)


def good_sidecar(image: Image, folder: Path) -> None:
    path = image.layer_path(folder)
    path.with_name(path.name + ".sha256").write_text(path.name[8:])


def reindent(content: bytes) -> bytes:
    return json.dumps(json.loads(content), indent=4).encode()


def without_size(content: bytes) -> bytes:
    value = json.loads(content)
    del value["layers"][0]["size"]
    return as_json(value)


def pipe(image: Image, folder: Path) -> None:
    image.layer_path(folder).unlink()
    os.mkfifo(image.layer_path(folder))


ERROR_BODY = b'{\n  "errors" : [ {\n    "status" : 404,\n    "message" : "File not found."\n  } ]\n}'
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32 + b"\nsize 1234\n"
LOGIN = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"

DAMAGES: dict[str, tuple[Damage, list[str], list[str]]] = {
    "nothing": (lambda image, folder: None, [], []),
    "browser's copy": (rename("{name} (1)"), [], ["BF101"]),
    "gz ending": (rename("{name}.gz"), [], ["BF101"]),
    "dash": (rename("sha256-{hex}"), [], ["BF101"]),
    "colon": (rename("sha256:{hex}"), [], ["BF101"]),
    "no prefix": (rename("{hex}"), [], ["BF101"]),
    "upper case": (rename("sha256__{HEX}"), [], ["BF101"]),
    "any name": (rename("holiday.jpg"), [], ["BF101"]),
    "hostile name": (rename("evil\x1b[31m\nname"), [], ["BF101"]),
    "whole in spite of .part": (rename("{name}.part"), [], ["BF101"]),
    "part": (cut_with_part_suffix, ["BF104"], ["BF103"]),
    "crdownload": (rename("{name}.crdownload", noise(500)), ["BF104"], []),
    "marker": (rename("{name}.marker", b""), ["BF105"], []),
    "empty": (change(lambda content: b""), ["BF106"], []),
    "error body": (change(lambda content: ERROR_BODY), ["BF107"], []),
    "web page": (change(lambda content: LOGIN), ["BF107"], []),
    "pipe": (pipe, ["BF108"], []),
    "sidecar differs": (sidecar, ["BF109"], []),
    "sidecar agrees": (good_sidecar, [], []),
    "cut": (change(lambda content: content[:5000]), ["BF201"], []),
    "trailer cut": (change(lambda content: content[:-5]), ["BF202"], []),
    "zeros": (change(lambda content: content[:4000] + bytes(len(content) - 4000)), ["BF203"], []),
    "more after it": (change(lambda content: content + bytes(100)), ["BF204"], []),
    "headers before the manifest": (
        change_manifest(
            lambda content: (
                b"HTTP/1.1 200 OK\r\nDocker-Content-Digest: %b\r\n\r\n" % digest_of(content).encode() + content
            )
        ),
        ["BF205"],
        [],
    ),
    "headers before it": (change(lambda content: b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + content), ["BF205"], []),
    "gunzipped": (change(gzip.decompress), ["BF206"], []),
    "gzipped twice": (change(gzip.compress), ["BF207"], []),
    "flipped": (change(flip), ["BF208"], []),
    "something else": (change(lambda content: noise(50_000, "else")), ["BF209"], []),
    "config CRLF": (change_config(lambda content: content + b"\r\n"), ["BF210"], []),
    "config with BOM": (change_config(lambda content: codecs.BOM_UTF8 + content), ["BF210"], []),
    "config indented": (change_config(reindent), ["BF211"], []),
    "manifest with BOM": (change_manifest(lambda content: codecs.BOM_UTF8 + content), ["BF210"], []),
    "manifest in UTF-16": (change_manifest(lambda content: content.decode().encode("utf-16")), ["BF210"], []),
    "pieces": (split, ["BF213"], []),
    "manifest without a size": (change_manifest(without_size), ["BF302"], []),
    "manifest cut": (change_manifest(lambda content: content[:300]), ["BF302"], []),
    "manifest cut early": (change_manifest(lambda content: content[:3]), ["BF302"], []),
    "manifest empty": (change_manifest(lambda content: b""), ["BF106"], []),
    "manifest is an error": (change_manifest(lambda content: ERROR_BODY), ["BF107"], []),
    "manifest is a page": (change_manifest(lambda content: LOGIN), ["BF107"], []),
    "layer missing": (remove, ["BF401"], []),
}


@pytest.mark.parametrize(("damage", "trouble", "remark"), DAMAGES.values(), ids=DAMAGES)
def test_damage_has_its_own_finding_and_no_other(
    image: Image, folder: Path, damage: Damage, trouble: list[str], remark: list[str]
) -> None:
    damage(image, folder)
    findings = findings_of(folder)
    assert troubles(findings) == trouble, [said_of(finding) for finding in findings]
    assert remarks(findings) == remark, [said_of(finding) for finding in findings]


@pytest.mark.parametrize("damage", [damage for damage, *_ in DAMAGES.values()], ids=DAMAGES)
def test_messages_are_single_printable_lines(image: Image, folder: Path, damage: Damage) -> None:
    damage(image, folder)
    for finding in findings_of(folder):
        assert said_of(finding).isprintable()
        assert advised_by(finding).isprintable()


class TestNames:
    def test_the_right_name_is_told(self, image: Image, folder: Path) -> None:
        rename("{name} (1)")(image, folder)
        assert image.layer_path(folder).name in advised_by(the("BF101", findings_of(folder)))

    def test_swapped_files_are_two_renamed_ones(self, image: Image, folder: Path) -> None:
        first, second = image.layer_path(folder, 0), image.layer_path(folder, 1)
        first.rename(folder / "x")
        second.rename(first)
        (folder / "x").rename(second)
        assert remarks(findings_of(folder)) == ["BF101", "BF101"]

    def test_an_oci_layout_names_its_blobs_rightly(self, image: Image, tmp_path: Path) -> None:
        blobs = image.write(tmp_path / "blobs" / "sha256")
        for path in blobs.iterdir():
            path.rename(blobs / digest_of(path.read_bytes())[7:])
        (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        assert not findings_of(tmp_path)

    def test_a_skopeo_directory_names_its_blobs_rightly(self, image: Image, folder: Path) -> None:
        for path in folder.glob("sha256__*"):
            path.rename(folder / path.name[8:])
        (folder / "version").write_text("Directory Transport Version: 1.1\n")
        assert not remarks(findings_of(folder))

    def test_a_registry_tree_names_its_blobs_rightly(self, image: Image, tmp_path: Path) -> None:
        for blob in (image.manifest, image.config, *image.layers):
            digits = digest_of(blob)[7:]
            data = tmp_path / "blobs" / "sha256" / digits[:2] / digits / "data"
            data.parent.mkdir(parents=True)
            data.write_bytes(blob)
        assert not findings_of(tmp_path)

    def test_a_manifest_under_another_name_is_renamed(self, folder: Path) -> None:
        (folder / "manifest.json").rename(folder / "manifest (1).json")
        assert "manifest.json" in advised_by(the("BF101", findings_of(folder)))

    def test_a_copy_is_a_duplicate_and_not_renamed(self, image: Image, folder: Path) -> None:
        path = image.layer_path(folder)
        path.with_name("copy").write_bytes(path.read_bytes())
        (folder / "manifest (1).json").write_bytes(image.manifest)
        findings = findings_of(folder)
        assert remarks(findings) == ["BF102", "BF102"]
        assert {Path(f.observation.path or "").name for f in findings if f.rule.code == "BF102"} == {
            "copy",
            "manifest (1).json",
        }

    def test_two_tags_of_one_image_keep_their_manifests(self, image: Image, folder: Path, tmp_path: Path) -> None:
        image.write(tmp_path / "team" / "app" / "1.5")
        found = [f.observation.path for f in findings_of(tmp_path) if f.rule.code == "BF102"]
        assert len(found) == 3
        assert not any((path or "").endswith("manifest.json") for path in found)

    def test_borrowed_files_are_nobodys_business(self, image: Image, folder: Path, tmp_path: Path) -> None:
        lent = Image(architecture="arm64").write(tmp_path / "lent")
        (lent / "holiday.jpg").write_bytes(noise(100))
        image.layer_path(folder).unlink()
        assert not troubles(findings_of(folder, borrowed=lent))
        assert not remarks(findings_of(folder, borrowed=lent))


class TestUnrelatedFiles:
    def test_what_it_is_is_told(self, folder: Path) -> None:
        (folder / "notes.txt").write_text("call Anna\tabout the release")
        message = said_of(the("BF103", findings_of(folder)))
        assert "call Anna about the release" in message

    def test_failed_attempt_beside_the_whole_blob(self, image: Image, folder: Path) -> None:
        path = image.layer_path(folder)
        path.rename(path.with_name(path.name + " (1)"))
        path.write_bytes(b"")
        findings = findings_of(folder)
        assert not troubles(findings)
        assert remarks(findings) == ["BF101", "BF103"]
        assert "(1)" in said_of(the("BF103", findings))

    def test_marker_beside_the_whole_blob_is_silent(self, image: Image, folder: Path) -> None:
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
        assert rule.find_leftovers
        left = {
            len(named): [Path(seen.path or "").name for seen in rule.find_leftovers(case, frozenset(named))]
            for named in ([], [f"{folder}/a.bin"])
        }
        assert left == {0: ["a.bin", "b.bin", "c.bin"], 1: ["c.bin"]}

    @pytest.mark.parametrize("name", ["oci-layout", "VERSION", "repositories", "team/app/_layers/sha256/x/link"])
    def test_what_programs_note_about_images_is_no_leftover(self, folder: Path, name: str) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(noise(100))
        assert not remarks(findings_of(folder))

    def test_content_of_a_whole_layer(self, image: Image, folder: Path) -> None:
        (folder / "layer.tar").write_bytes(image.tars[0])
        assert "it holds what is in a layer" in said_of(the("BF103", findings_of(folder)))

    def test_unneeded_partial_download(self, folder: Path) -> None:
        (folder / "other.crdownload").write_bytes(noise(100))
        assert troubles(findings_of(folder)) == ["BF104"]
        assert not remarks(findings_of(folder))

    def test_layout_files_are_no_strangers(self, image: Image, folder: Path) -> None:
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (folder / "repositories").write_text("{}")
        assert not remarks(findings_of(folder))


class TestEvidence:
    def test_truncation_tells_have_and_want(self, image: Image, folder: Path) -> None:
        change(lambda content: content[:5000])(image, folder)
        message = said_of(the("BF201", findings_of(folder)))
        assert "5,000 bytes" in message
        assert f"{len(image.layers[0]):,} bytes" in message

    def test_partial_download_tells_have_and_want(self, image: Image, folder: Path) -> None:
        cut_with_part_suffix(image, folder)
        assert "4,000 bytes" in said_of(the("BF104", findings_of(folder)))

    def test_error_page_is_quoted(self, image: Image, folder: Path) -> None:
        change(lambda content: ERROR_BODY)(image, folder)
        assert "404 File not found." in said_of(the("BF107", findings_of(folder)))

    def test_gunzipped_is_proven_by_its_diff_id(self, image: Image, folder: Path) -> None:
        change(gzip.decompress)(image, folder)
        finding = the("BF206", findings_of(folder))
        assert digest_of(image.tars[0]) in said_of(finding)
        assert "--allow-new-digest" in advised_by(finding)
        assert finding.safety is Safety.SAFE

    def test_gunzipped_without_a_proof_has_no_fix(self, image: Image, folder: Path) -> None:
        change(lambda content: tar_of("another", b"content"))(image, folder)
        finding = the("BF206", findings_of(folder))
        assert finding.safety is Safety.NONE
        assert troubles(findings_of(folder)) == ["BF206"]

    def test_mangled_manifest_is_mended_once_its_digest_is_known(self, image: Image, folder: Path) -> None:
        change_manifest(lambda content: codecs.BOM_UTF8 + content)(image, folder)
        assert the("BF210", findings_of(folder)).safety is Safety.NONE
        digest = Digest.parse(digest_of(image.manifest))
        assert the("BF210", findings_of(folder, given=(digest,))).safety is Safety.SAFE

    def test_file_without_a_name_is_only_inferred(self, image: Image, folder: Path) -> None:
        rename("download", image.layers[0][:5000])(image, folder)
        assert the("BF201", findings_of(folder)).observation.certainty is Certainty.INFERRED

    def test_corruption_tells_where(self, image: Image, folder: Path) -> None:
        change(flip)(image, folder)
        message = said_of(the("BF208", findings_of(folder)))
        place = int(message.partition("decoding fails at byte ")[2].replace(",", ""))
        assert 3000 <= place < len(image.layers[0])

    def test_unreadable_entry_that_nobody_needs_is_no_error(self, image: Image, folder: Path) -> None:
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
        (app / blob_name(child)).mkdir(parents=True)
        (app / blob_name(child) / "manifest.json").write_bytes(child)
        (app / "1").mkdir()
        (app / "1" / "list.manifest.json").write_bytes(index_of((child, "linux/amd64")))
        findings = findings_of(tmp_path)
        assert troubles(findings) == ["BF302"]
        assert "another download gives the same bytes" in advised_by(the("BF302", findings))
        assert scan(tmp_path).report["downloads"] == []

    def test_problem_of_a_blob_names_the_blob(self, image: Image, folder: Path) -> None:
        pipe(image, folder)
        observation = the("BF108", findings_of(folder)).observation
        assert "layer 1 of 2" in str(observation.message)
        assert str(observation.digest) == digest_of(image.layers[0])

    def test_socket_is_unreadable(self, folder: Path) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.fspath(folder / "s"))
            (found,) = [finding for finding in findings_of(folder) if finding.rule.code == "BF108"]
        assert found.severity is Severity.INFO

    def test_sidecar_beside_a_damaged_file_bears_it_out(self, image: Image, folder: Path) -> None:
        good_sidecar(image, folder)
        change(lambda content: content[:5000])(image, folder)
        assert troubles(findings_of(folder)) == ["BF201", "BF109"]
        assert "bears out" in said_of(the("BF109", findings_of(folder)))


class TestWrongKinds:
    @pytest.mark.parametrize(
        ("name", "content", "word"),
        [
            ("export.tar", tar_of(".dockerenv", b""), "docker import"),
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

    def test_a_pointer_in_place_of_a_layer_tells_the_true_digest(self, image: Image, folder: Path) -> None:
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
        self, text: bytes, image: Image, folder: Path
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
    def test_lone_manifest_is_unproven(self, image: Image, folder: Path) -> None:
        assert digest_of(image.manifest) in said_of(the("BF307", findings_of(folder)))

    def test_given_digest_proves_it(self, image: Image, folder: Path) -> None:
        assert not findings_of(folder, given=(Digest.parse(digest_of(image.manifest)),))

    def test_reformatted_manifest_is_restored(self, image: Image, folder: Path) -> None:
        change_manifest(reindent)(image, folder)
        assert troubles(findings_of(folder, given=(Digest.parse(digest_of(image.manifest)),))) == ["BF211"]

    def test_manifest_in_the_wrong_folder(self, image: Image, tmp_path: Path) -> None:
        folder = image.write(tmp_path / f"sha256__{'0' * 64}")
        finding = the("BF209", findings_of(folder.parent))
        assert "its folder's name" in said_of(finding)
        assert troubles(findings_of(folder.parent)) == ["BF209"]

    def test_signature_folder_names_another_manifest(self, image: Image, tmp_path: Path) -> None:
        folder = image.write(tmp_path / "app" / f"sha256-{'0' * 64}.sig")
        assert not troubles(findings_of(tmp_path))
        assert folder.name in said_of(the("BF307", findings_of(tmp_path)))

    def test_cut_manifest_matters_only_to_outputs_that_need_it(self, image: Image, folder: Path) -> None:
        change_manifest(lambda content: content[:300])(image, folder)
        finding = the("BF302", findings_of(folder))
        assert "a docker tar is exact even so" in advised_by(finding)
        image_plan = finding.observation.image
        assert isinstance(image_plan, ImagePlan)
        assert image_plan.manifest.cause
        assert rule_explaining(image_plan.manifest.cause) is finding.rule
        (folder / blob_name(image.config)).unlink()
        assert "nothing else tells" in advised_by(the("BF302", findings_of(folder)))

    def test_findings_of_layers_stay_in_the_layers_order(self, tmp_path: Path) -> None:
        image = Image(tars=[tar_of(f"{number}", noise(9000, str(number))) for number in range(5)])
        folder = image.write(tmp_path / "team" / "app" / "1.4")
        for position in range(5):
            image.layer_path(folder, position).unlink()
        digests = [finding.observation.digest for finding in findings_of(folder) if finding.rule.code == "BF401"]
        assert digests == [Digest.parse(digest_of(layer)) for layer in image.layers]

    def test_marker_gives_the_address_of_the_image_itself(self, image: Image, folder: Path) -> None:
        layer = image.layer_path(folder)
        layer.unlink()
        layer.with_name(f"{layer.name}.marker").touch()
        image_of_the_path = f"/v2/{folder.parts[-3]}/{folder.parts[-2]}/blobs/"
        observation = the("BF105", findings_of(folder.parents[2])).observation
        assert image_of_the_path in str(observation.remedy)

    def test_name_that_is_no_text_is_told_in_its_bytes(self, image: Image, folder: Path) -> None:
        name = os.fsdecode(b"b\xff\xfe")
        image.layer_path(folder).rename(folder / name)
        assert said_of(the("BF101", findings_of(folder))).startswith(f"{folder}/b\\xff\\xfe is layer 1")

    def test_link_that_leads_out_is_told_what_helps(self, image: Image, folder: Path, tmp_path: Path) -> None:
        (folder / "link").symlink_to(tmp_path / "elsewhere")
        remedy = advised_by(the("BF108", findings_of(folder)))
        assert "--borrow" in remedy
        assert "permissions" not in remedy

    def test_pointer_with_control_characters_is_escaped(self, image: Image, folder: Path) -> None:
        value = image.manifest_value() | {"annotations": {HOSTILE: 7}}
        (folder / "manifest.json").write_bytes(as_json(value))
        message = said_of(the("BF302", findings_of(folder)))
        assert message.isprintable()
        assert "\\x1b" in message

    def test_at_most_five_problems_are_told(self, image: Image, folder: Path) -> None:
        value = image.manifest_value()
        value["layers"] = [{}] * 5
        (folder / "manifest.json").write_bytes(as_json(value))
        findings = findings_of(folder)
        assert troubles(findings) == ["BF302"] * 5
        assert "more problems" in "".join(said_of(finding) for finding in findings)

    def test_wrong_size(self, image: Image, folder: Path) -> None:
        value = image.manifest_value()
        value["layers"][0]["size"] += 1
        (folder / "manifest.json").write_bytes(as_json(value))
        assert troubles(findings_of(folder)) == ["BF212"]

    def test_a_lost_manifest_is_rebuilt_for_docker(self, image: Image, folder: Path) -> None:
        (folder / "manifest.json").unlink()
        finding = the("BF301", findings_of(folder))
        assert "2 of 2 are here" in said_of(finding)
        assert "--allow-new-digest" in advised_by(finding)
        assert finding.safety is Safety.SAFE

    def test_a_lost_manifest_with_a_known_digest_is_written_anew(self, image: Image, folder: Path) -> None:
        (folder / "manifest.json").unlink()
        known = Digest.parse(digest_of(image.manifest))
        message = said_of(the("BF301", findings_of(folder, given=(known,))))
        assert "docker's form" in message

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
    def test_a_changed_copy_is_no_image_of_its_own(self, image: Image, folder: Path, name: str) -> None:
        path = folder / blob_name(image.config)
        path.with_name(name.format(name=path.name)).write_bytes(reindent(image.config))
        findings = findings_of(folder)
        assert (troubles(findings), remarks(findings)) == ([], ["BF103"])

    def test_of_two_changed_copies_one_is_restored(self, image: Image, folder: Path) -> None:
        path = folder / blob_name(image.config)
        path.with_name("config.json").write_bytes(reindent(image.config))
        path.write_bytes(codecs.BOM_UTF8 + image.config)
        assert troubles(findings_of(folder)) == ["BF210"]

    def test_without_the_config_a_bare_one_can_be_written(self, image: Image, folder: Path) -> None:
        (folder / blob_name(image.config)).unlink()
        finding = the("BF410", findings_of(folder))
        assert "--salvage" in advised_by(finding)
        assert finding.safety is Safety.UNSAFE

    def test_without_the_config_and_a_layer_nothing_can(self, image: Image, folder: Path) -> None:
        (folder / blob_name(image.config)).unlink()
        image.layer_path(folder).unlink()
        finding = the("BF410", findings_of(folder))
        assert "--salvage" not in advised_by(finding)
        assert finding.safety is Safety.NONE

    def test_invalid_config(self, tmp_path: Path) -> None:
        config = as_json({"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": "none"}})
        assert troubles(findings_of(Image(config=config).write(tmp_path))) == ["BF306"]

    def test_too_few_diff_ids(self, tmp_path: Path) -> None:
        image = Image()
        value = image.config_value()
        value["rootfs"]["diff_ids"].pop()
        assert troubles(findings_of(Image(config=as_json(value)).write(tmp_path))) == ["BF402"]

    def test_layers_in_the_wrong_order(self, tmp_path: Path) -> None:
        value = Image().config_value()
        value["rootfs"]["diff_ids"].reverse()
        assert troubles(findings_of(Image(config=as_json(value)).write(tmp_path))) == ["BF403", "BF403"]


class TestLayers:
    def test_zstd_around_a_gzip_layer_is_no_zstd_layer(self, image: Image, folder: Path) -> None:
        image.layer_path(folder).write_bytes(zstandard.compress(image.layers[0]))
        findings = findings_of(folder)
        assert (troubles(findings), remarks(findings)) == (["BF207"], [])

    def test_media_type_says_otherwise(self, tmp_path: Path) -> None:
        tars = [tar_of("a", b"a")]
        layers = [zstandard.compress(tars[0])]
        findings = findings_of(Image(tars=tars, layers=layers).write(tmp_path))
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
        tars = [tar_of("a", b"a")]
        image = Image(tars=tars, layers=[pack(tars[0])], layer_types=[media_type])
        assert not troubles(findings_of(image.write(tmp_path)))

    def test_repeated_empty_layer_is_told_once(self, tmp_path: Path) -> None:
        empty = gzip.compress(bytes(1024), mtime=0)
        known = bytes.fromhex("1f8b08000000000000ff621805a360148c5800080000ffff2eafb5ef00040000")
        assert gzip.decompress(empty) == gzip.decompress(known)
        image = Image(tars=[bytes(1024)] * 3, layers=[known] * 3)
        image.layer_path(image.write(tmp_path)).unlink()
        findings = findings_of(tmp_path)
        assert (troubles(findings), remarks(findings)) == ([], ["BF404"])

    def test_foreign_layer_prints_its_urls(self, image: Image, folder: Path) -> None:
        value = image.manifest_value()
        value["layers"][0] |= {"mediaType": media_types.DOCKER_FOREIGN_LAYER, "urls": ["https://layers.invalid/a"]}
        (folder / "manifest.json").write_bytes(as_json(value))
        image.layer_path(folder).unlink()
        findings = findings_of(folder)
        assert troubles(findings) == ["BF405"]
        assert "https://layers.invalid/a" in said_of(findings[0])

    def test_unknown_algorithm(self, image: Image, folder: Path) -> None:
        value = image.manifest_value()
        digits = image.layer_path(folder).name[8:]
        value["layers"][0]["digest"] = f"blake3:{digits}"
        (folder / "manifest.json").write_bytes(as_json(value))
        image.layer_path(folder).rename(folder / f"blake3__{digits}")
        findings = findings_of(folder)
        assert troubles(findings) == ["BF409"]

    def test_helm_chart(self, tmp_path: Path) -> None:
        chart, config = gzip.compress(tar_of("Chart.yaml", b"name: app")), b'{"name":"app"}'
        manifest = {
            "schemaVersion": 2,
            "config": descriptor(HELM_CONFIG, config),
            "layers": [descriptor(HELM_CHART, chart)],
        }
        (tmp_path / "manifest.json").write_bytes(as_json(manifest))
        for blob in (chart, config):
            (tmp_path / blob_name(blob)).write_bytes(blob)
        findings = findings_of(tmp_path)
        assert (troubles(findings), remarks(findings)) == ([], ["BF408"])
        assert "a Helm chart" in said_of(the("BF408", findings))


class TestIndexes:
    @pytest.fixture
    def other(self) -> Image:
        return Image(architecture="arm64")

    @pytest.fixture
    def app(self, image: Image, other: Image, tmp_path: Path) -> Path:
        app = tmp_path / "team" / "app"
        for each in (image, other):
            each.write(app / blob_name(each.manifest))
        (app / "1.4").mkdir()
        attestation = (b"attestation", "unknown/unknown")
        index = index_of((image.manifest, "linux/amd64"), (other.manifest, "linux/arm64"), attestation)
        (app / "1.4" / "list.manifest.json").write_bytes(index)
        return app

    def child(self, app: Path, image: Image) -> Path:
        return app / blob_name(image.manifest)

    def test_whole(self, app: Path) -> None:
        findings = findings_of(app.parent.parent)
        assert (troubles(findings), set(remarks(findings))) == ([], {"BF102", "BF407"})

    def test_alone(self, app: Path, image: Image, other: Image) -> None:
        findings = findings_of(app / "1.4")
        assert troubles(findings) == ["BF303"]
        remedy = advised_by(the("BF303", findings))
        for each in (image, other):
            assert f"{digest_of(each.manifest)}/ or {blob_name(each.manifest)}/" in remedy
        assert "linux/arm64" in remedy

    def test_one_platform_missing(self, app: Path, other: Image) -> None:
        (self.child(app, other) / "manifest.json").unlink()
        findings = findings_of(app)
        assert troubles(findings) == ["BF406"]
        assert "linux/arm64" in said_of(the("BF406", findings))

    def test_child_cut(self, app: Path, image: Image) -> None:
        path = self.child(app, image) / "manifest.json"
        path.write_bytes(path.read_bytes()[:200])
        assert troubles(findings_of(app)) == ["BF201"]

    def test_child_is_an_error_page(self, app: Path, image: Image) -> None:
        (self.child(app, image) / "manifest.json").write_bytes(LOGIN)
        assert troubles(findings_of(app)) == ["BF107"]

    def test_child_reformatted(self, app: Path, image: Image) -> None:
        path = self.child(app, image) / "manifest.json"
        path.write_bytes(reindent(path.read_bytes()))
        assert troubles(findings_of(app)) == ["BF211"]

    def test_child_of_another_size(self, app: Path, image: Image, other: Image) -> None:
        index = json.loads((app / "1.4" / "list.manifest.json").read_bytes())
        index["manifests"][0]["size"] += 1
        (app / "1.4" / "list.manifest.json").write_bytes(as_json(index))
        assert troubles(findings_of(app)) == ["BF212"]

    def test_layer_of_a_child(self, app: Path, image: Image) -> None:
        path = image.layer_path(self.child(app, image))
        path.write_bytes(b"")
        findings = findings_of(self.child(app, image), app / "1.4")
        assert troubles(findings) == ["BF106", "BF406"]

    def test_unreadable_layer_of_a_child(self, app: Path, image: Image, other: Image) -> None:
        pipe(image, self.child(app, image))
        image.layer_path(self.child(app, other)).unlink()
        assert troubles(findings_of(app)) == ["BF108"]

    def test_unreadable_manifest_of_a_child(self, app: Path, image: Image) -> None:
        path = self.child(app, image) / "manifest.json"
        path.unlink()
        os.mkfifo(path)
        assert troubles(findings_of(app)) == ["BF108"]

    def test_child_flipped_is_one_error(self, app: Path, image: Image) -> None:
        path = self.child(app, image) / "manifest.json"
        path.write_bytes(path.read_bytes().replace(b"schemaVersion", b"schemaversion"))
        assert troubles(findings_of(app)) == ["BF208"]

    def test_several_tags_of_one_damaged_layer(self, image: Image, tmp_path: Path) -> None:
        for tag in ("1", "2"):
            image.layer_path(image.write(tmp_path / "app" / tag)).write_bytes(b"")
        assert troubles(findings_of(tmp_path)) == ["BF106"]
