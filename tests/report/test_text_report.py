"""The report for people, in pipes and on terminals."""

import io
import json
import shutil
from pathlib import Path

from rich.console import Console

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.recovery.examination import Depth
from importer.report.colour_page import ColourPage
from importer.report.formats import Format
from tests.images.content import sample_layers, tar_of
from tests.images.generated import (
    index_of,
    make_image,
    make_image_of_tars,
    make_index,
    small_image,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.report.scans import damaged_download, hostile_download, rendered, scan, whole_download


def text_of(root: Path, *, verbose: bool = False) -> str:
    return rendered(scan(root), Format.TEXT, verbose=verbose)


def on_terminal(root: Path, width: int, *, verbose: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    rendered(scan(root), Format.TEXT, verbose=verbose, page=lambda: ColourPage(console))
    return stream.getvalue()


def several(root: Path) -> Path:
    """An intact image, a damaged one, and one that can be mended."""
    image = make_image_of_tars([tar_of({"x": b"x" * 8192})])
    write_artifactory_folder(image, root / "team" / "whole" / "1")
    damaged_download(root)
    mended = make_image_of_tars([tar_of({"y": b"y" * 8192})])
    mended.layer_path(write_artifactory_folder(mended, root / "team" / "mended" / "1")).write_bytes(
        mended.layers[0] + b"more"
    )
    return root


def before_next(text: str) -> str:
    """The report without the commands at its end, which name the user's own paths."""
    report, heading, _ = text.partition("\n\nNext\n")
    assert heading
    return report


def test_the_verdict_is_the_first_line_and_the_summary_the_last(tmp_path: Path) -> None:
    lines = before_next(text_of(damaged_download(tmp_path))).splitlines()
    assert lines[0] == "The image can't be recovered from these files alone; 1 file must be downloaded again."
    assert lines[-1].startswith("1 image: 0 intact, 0 repairable, 1 incomplete; 5 files, ")
    assert lines[-1].endswith("2 remarks with -v")


def test_verdicts_of_several_images(tmp_path: Path) -> None:
    assert text_of(several(tmp_path)).startswith("1 of 3 images can't be recovered")
    assert text_of(tmp_path / "team" / "whole").startswith("The image is intact: every byte is here.")
    assert text_of(tmp_path / "team" / "mended").startswith("The image is damaged, but nothing is lost: ")


def test_what_only_docker_can_have_is_not_called_whole_for_a_registry(tmp_path: Path) -> None:
    write_artifactory_folder(make_image_of_tars([tar_of({"x": b"x" * 8192})]), tmp_path / "team" / "app" / "1")
    (manifest,) = tmp_path.rglob("manifest.json")
    manifest.unlink()
    first = text_of(tmp_path).splitlines()[0]
    assert first.startswith(
        "The image is damaged: it can be written for docker load, but not every original manifest that a registry needs"
    )
    assert "nothing is lost" not in first


def test_a_given_digest_that_no_manifest_has_is_said_first(tmp_path: Path) -> None:
    write_artifactory_folder(make_image_of_tars([tar_of({"x": b"x" * 8192})]), tmp_path / "team" / "app" / "1")
    given = Digest.of(b"another")
    first = rendered(scan(tmp_path, digests=(given,)), Format.TEXT).splitlines()[0]
    assert first.startswith(f"No manifest here has the digest that was given, {given}. ")


def test_every_name_of_an_image_is_told(tmp_path: Path) -> None:
    image = make_image_of_tars([tar_of({"x": b"x" * 8192})])
    for tag in range(13):
        write_artifactory_folder(image, tmp_path / "team" / "app" / f"{tag:02}")
    lines = text_of(tmp_path).splitlines()
    (names,) = [line for line in lines if "also named" in line]
    assert names.strip() == "also named " + ", ".join(f"team/app:{tag:02}" for tag in range(1, 11)) + " and 2 more"
    assert "team/app:12" in text_of(tmp_path, verbose=True)
    (found,) = json.loads(rendered(scan(tmp_path), Format.JSON))["images"]
    assert found["names"] == [f"team/app:{tag:02}" for tag in range(13)]


def test_the_worst_image_comes_first_and_an_intact_one_is_one_line(tmp_path: Path) -> None:
    lines = text_of(several(tmp_path)).splitlines()
    titles = [line for line in lines if line.startswith("team/")]
    assert titles == [
        "team/app:1.4   linux/amd64   INCOMPLETE",
        "team/mended:1   linux/amd64   REPAIRABLE",
        "team/whole:1   linux/amd64   INTACT",
    ]
    assert lines[lines.index(titles[-1]) + 1] == ""


def test_a_child_is_told_by_the_index_that_lists_it(tmp_path: Path) -> None:
    image = small_image()
    child = write_artifactory_folder(image, tmp_path / "team" / "multi" / image.manifest_digest.file_name)
    index = tmp_path / "team" / "multi" / "2" / "list.manifest.json"
    index.parent.mkdir()
    index.write_bytes(index_of((image.manifest, "linux/amd64")))
    title = f"image {str(image.manifest_digest)[:19]} of team/multi:2"
    assert f"\n{title}   linux/amd64   INTACT\n" in text_of(tmp_path)
    assert title in rendered(scan(tmp_path), Format.HTML)
    assert "of team/multi" not in text_of(child)


def test_only_what_isnt_in_order_is_listed(tmp_path: Path) -> None:
    damaged_download(tmp_path)
    short, long = text_of(tmp_path), text_of(tmp_path, verbose=True)
    assert "✔ ok" not in short
    assert "  ✔ the other 2 parts are valid\n" in short
    assert long.count("✔ ok") == 2
    assert "BF103" not in short
    assert "info BF103 unrelated-file  notes.txt" in long


def test_the_common_folder_is_said_once(tmp_path: Path) -> None:
    text = text_of(damaged_download(tmp_path))
    assert f"\nin {tmp_path}/team/app/1.4/:\n" in text
    assert before_next(text).count(str(tmp_path)) == 1


def test_where_nothing_is_named_no_folder_is(tmp_path: Path) -> None:
    assert str(tmp_path) not in before_next(text_of(whole_download(tmp_path)))


def test_a_finding_names_its_file_once(tmp_path: Path) -> None:
    digest = small_image().manifest_value()["layers"][1]["digest"].replace(":", "__")
    lines = text_of(damaged_download(tmp_path)).splitlines()
    number = lines.index(f"  warning BF206 gunzipped  {digest}")
    assert lines[number + 1].startswith("    this file is layer 2 of 2 · linux/amd64 · team/app:1.4, without")
    assert lines[number + 2].startswith("    next: a docker tar is exact with it")


def test_a_renamed_file_is_named_once_too(tmp_path: Path) -> None:
    image = small_image()
    folder = write_artifactory_folder(image, tmp_path / "team" / "app" / "1.4")
    image.layer_path(folder).rename(folder / "download (1)")
    lines = text_of(tmp_path, verbose=True).splitlines()
    number = lines.index("  info BF101 renamed  download (1)")
    assert lines[number + 1].startswith("    this file is layer 1 of 2 · linux/amd64 · team/app:1.4, despite its name")


def test_downloads_are_whole_lines(tmp_path: Path) -> None:
    digest = small_image().manifest_value()["layers"][0]["digest"]
    name = digest.replace(":", "__")
    expected = [
        "Download again (1)",
        f"  {name}  {len(small_image().layers[0]):,} bytes, 4,000 of them are here",
        f"    team/app/1.4/{name}",
        f"    /v2/team/app/blobs/{digest}",
        "",
    ]
    damaged_download(tmp_path)
    for text in (text_of(tmp_path), on_terminal(tmp_path, 60)):
        lines = text.splitlines()
        start = lines.index(expected[0])
        assert lines[start : start + 5] == expected


def test_commands_are_offered_until_they_are_there(tmp_path: Path) -> None:
    damaged_download(tmp_path)
    hint = "--from URL gives the commands that download"
    assert hint in before_next(text_of(tmp_path)).splitlines()[-1]
    assert hint not in rendered(scan(tmp_path, origin="https://h.example/artifactory/local/team/app/1.4/"), Format.TEXT)
    assert hint not in text_of(whole_download(tmp_path / "whole"))


def test_many_findings_of_a_kind_are_cut_short(tmp_path: Path) -> None:
    folder = damaged_download(tmp_path)
    for number in range(8):
        (folder / f"{number}.part").write_text("x" * number)
    assert "  … and 3 more partial-download; -v lists them all\n" in text_of(folder)
    assert text_of(folder, verbose=True).count("warning BF104") == 8


def test_a_terminal_gets_wrapped_lines_with_a_hanging_indent(tmp_path: Path) -> None:
    lines = on_terminal(damaged_download(tmp_path), 80).splitlines()
    assert all(len(line) <= 80 or " " not in line.strip() for line in lines[: lines.index("Download again (1)")])
    number = next(n for n, line in enumerate(lines) if line.startswith("    next: a docker tar"))
    assert lines[number + 1].startswith("      ")
    whole = next(line for line in text_of(tmp_path).splitlines() if line.startswith("    next: a docker tar"))
    assert " ".join(" ".join(lines[number:]).split()).startswith(whole.strip())


def test_a_very_narrow_terminal_shows_it_all(tmp_path: Path) -> None:
    wide = "".join(text_of(damaged_download(tmp_path)).split())
    assert "".join(on_terminal(tmp_path, 22).split()) == wide


def test_hostile_names_are_shown_not_obeyed(tmp_path: Path) -> None:
    hostile_download(tmp_path)
    for text in (text_of(tmp_path, verbose=True), on_terminal(tmp_path, 400, verbose=True)):
        assert "\\x1b]0;owned\\x07" in text
        assert "\\u202egnp.exe [link](javascript:alert(1))" in text
        assert "\x07" not in text


def test_files_of_a_damaged_layer_are_listed_on_demand(tmp_path: Path) -> None:
    damaged_download(tmp_path)
    investigation = scan(tmp_path, depth=Depth(entries=True))
    text = rendered(investigation, Format.TEXT)
    assert "  files of layer 1 of 2: 0 whole, 1 cut, 0 lost; there may have been more after the damage\n" in text
    assert "    cut              9,000  tool\n" in text
    assert "files of layer" not in text_of(tmp_path)


def test_commands_are_whole_lines(tmp_path: Path) -> None:
    origin = "https://registry.example/artifactory/docker-local/team/app/1.4"
    text = rendered(scan(damaged_download(tmp_path), origin=origin), Format.TEXT)
    assert [line for line in text.splitlines() if line.startswith("    curl -fL --retry 5 -C - -o ")]


def test_of_an_index_with_gaps_the_verdict_names_what_is_whole(tmp_path: Path) -> None:
    images = [make_image(sample_layers(arch, 2000), architecture=arch) for arch in ("amd64", "arm64")]
    folder = write_artifactory_index(make_index(images), tmp_path / "team" / "app" / "1.4")
    shutil.rmtree(next(path.parent for path in folder.parent.rglob(images[1].image_id.file_name)))
    first = text_of(tmp_path).splitlines()[0]
    assert first == (
        "Of the image's platforms, only linux/amd64 can be recovered from these files alone; "
        "1 file must be downloaded again."
    )


def test_a_layer_that_registries_do_not_keep_is_not_said_to_be_here(tmp_path: Path) -> None:
    generated = make_image([{"file": b"content"}])
    value = json.loads(generated.manifest)
    value["layers"][0] |= {"mediaType": media_types.DOCKER_FOREIGN_LAYER, "urls": ["https://layers.invalid/a"]}
    (tmp_path / "manifest.json").write_text(json.dumps(value))
    (tmp_path / "config.json").write_bytes(generated.config)
    assert text_of(tmp_path).startswith("The image is intact: every byte that registries store is here.\n")
