"""The HTML report: complete, safe against any name, and alone in the world."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.recovery.examination import Depth
from importer.report.formats import Format
from importer.rules.catalogue import rule_named
from tests.images.generated import index_of, small_image, write_artifactory_folder
from tests.programs.chromium import Chromium
from tests.report.html_pages import Page
from tests.report.scans import damaged_download, hostile_download, rendered, scan, whole_download

DOWNLOADS = [whole_download, damaged_download, hostile_download]


def page_of(root: Path) -> Page:
    return Page(rendered(scan(root), Format.HTML))


@pytest.mark.parametrize("make", DOWNLOADS)
def test_it_is_one_document_with_the_verdict_first(make: Callable[[Path], Path], tmp_path: Path) -> None:
    page = page_of(make(tmp_path))
    assert len(page.texts("h1")) == 1
    assert next(tag for tag, _ in page.elements if re.fullmatch(r"h\d", tag)) == "h1"
    assert page.tags("html")[0] == {"lang": "en"}
    assert any("blobfix" in text and "2024-05-02 at 08:11 UTC" in text for text in page.texts("p"))


@pytest.mark.parametrize("make", DOWNLOADS)
def test_it_refers_to_nothing_outside(make: Callable[[Path], Path], tmp_path: Path) -> None:
    text = rendered(scan(make(tmp_path)), Format.HTML)
    page = Page(text)
    for tag, attributes in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "srcset", "action", "background", "ping"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.parametrize("make", DOWNLOADS)
def test_links_lead_somewhere_and_names_are_unique(make: Callable[[Path], Path], tmp_path: Path) -> None:
    page = page_of(make(tmp_path))
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))
    assert {(attributes["href"] or "")[1:] for attributes in page.tags("a")} <= set(names)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    text = rendered(scan(hostile_download(tmp_path)), Format.HTML)
    page = Page(text)
    assert len(page.tags("script")) == 1
    assert not page.tags("b") or all(set(attributes) == set() for attributes in page.tags("b"))
    assert html.escape("<script>alert(1)<_script>", quote=False) in text
    assert "\\u202egnp.exe" in text
    assert "{{ 7*7 }}" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_layers_are_drawn_to_scale_and_told_in_words(tmp_path: Path) -> None:
    page = page_of(damaged_download(tmp_path))
    image = small_image()
    drawn = [attributes for attributes in page.tags("span") if str(attributes.get("class")).startswith("layer ")]
    assert [attributes["style"] for attributes in drawn] == [f"flex-grow: {len(layer)}" for layer in image.layers]
    assert [attributes["class"] for attributes in drawn] == ["layer damaged", "layer content-ok"]
    (picture,) = [attributes for attributes in page.tags("div") if attributes.get("role") == "img"]
    assert (
        picture["aria-label"] == "Layers, lowest first: layer 1 of 2: 9.2 kB, damaged; layer 2 of 2: 3.2 kB, content ok"
    )
    assert page.tags("i") == [{"style": f"width: {100 * 4000 // len(image.layers[0])}%"}]


def test_findings_bring_their_explanation_folded_in(tmp_path: Path) -> None:
    page = page_of(damaged_download(tmp_path))
    (section,) = page.texts("section", id="BF201")
    assert "layer 1 of 2 · linux/amd64 · team/app:1.4 is cut short" in section
    rule = rule_named("BF201")
    assert rule
    text = rule.explanation
    assert all(paragraph in section for paragraph in (text.meaning, text.origin, text.remedy, text.advice))
    assert any(text.advice in folded for folded in page.texts("details"))


def test_what_to_download_can_be_copied(tmp_path: Path) -> None:
    text = rendered(scan(damaged_download(tmp_path)), Format.HTML)
    listed = html.unescape(re.sub("<[^>]+>", "", text[text.index("<pre") : text.index("</pre>")])).strip().splitlines()
    digest = small_image().manifest_value()["layers"][0]["digest"]
    assert listed == [
        f"{digest.replace(':', '__')}  {len(small_image().layers[0]):,} bytes, 4,000 of them are here",
        f"  team/app/1.4/{digest.replace(':', '__')}",
        f"  /v2/team/app/blobs/{digest}",
    ]
    assert {"type": "button", "hidden": None, "data-copies": "shopping-list"} in Page(text).tags("button")


def test_files_of_a_damaged_layer_are_listed_on_demand(tmp_path: Path) -> None:
    page = Page(rendered(scan(damaged_download(tmp_path), depth=Depth(entries=True)), Format.HTML))
    assert any(text.endswith("cut 9,000 tool") for text in page.texts("details"))


def test_an_intact_image_has_nothing_to_download_and_its_parts_are_folded(tmp_path: Path) -> None:
    page = page_of(whole_download(tmp_path))
    assert not page.tags("pre")
    assert all("open" not in attributes for attributes in page.tags("details"))


def test_a_child_to_download_is_called_by_its_platform(tmp_path: Path) -> None:
    other = small_image(architecture="arm64")
    (tmp_path / "list.manifest.json").write_bytes(index_of((other.manifest, "linux/arm64")))
    assert "manifest.json of linux/arm64  " in rendered(scan(tmp_path), Format.TEXT)


def test_an_index_names_its_platforms(tmp_path: Path) -> None:
    image, other = small_image(), small_image(architecture="arm64")
    write_artifactory_folder(image, tmp_path / "team" / "app" / "one")
    folder = tmp_path / "team" / "app" / "1.4"
    folder.mkdir()
    (folder / "list.manifest.json").write_bytes(
        index_of((image.manifest, "linux/amd64"), (other.manifest, "linux/arm64"))
    )
    cells = page_of(tmp_path).texts("td")
    assert "child 2 of 2 · linux/arm64" in cells


def test_no_images_and_no_files(tmp_path: Path) -> None:
    assert page_of(tmp_path).texts("h1")[0].startswith("No image: there are no files.")


def test_a_thousand_findings_of_a_kind_are_counted_not_listed(tmp_path: Path) -> None:
    folder = whole_download(tmp_path)
    for number in range(130):
        (folder / f"note {number}").write_text(str(number))
    page = page_of(folder)
    (section,) = page.texts("section", id="BF103")
    assert section.count("this file is a text") == 100
    assert "… and 30 more of this kind" in section


@pytest.mark.parametrize("make", DOWNLOADS)
def test_a_browser_shows_it_without_complaint(make: Callable[[Path], Path], tmp_path: Path, chromium: Chromium) -> None:
    page = tmp_path / "report.html"
    page.write_text(rendered(scan(make(tmp_path / "in")), Format.HTML), encoding="utf-8")
    shown = chromium.render(page)
    assert shown.console == ()
    assert all("hidden" not in attributes for attributes in Page(shown.dom).tags("button"))


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_at_any_width(width: int, tmp_path: Path, chromium: Chromium) -> None:
    report = rendered(scan(hostile_download(tmp_path / "in")), Format.HTML)
    frame = (
        f'<iframe style="width:{width}px" srcdoc="{html.escape(report)}"></iframe>'
        "<script>document.querySelector('iframe').onload = event =>"
        " document.title = event.target.contentDocument.documentElement.scrollWidth</script>"
    )
    (tmp_path / "frame.html").write_text(frame, encoding="utf-8")
    shown = chromium.render(tmp_path / "frame.html", "--window-size=1400,900")
    (title,) = re.findall("<title>(.*?)</title>", shown.dom)[:1]
    assert int(title) <= width


def test_a_browser_runs_no_other_script(tmp_path: Path, chromium: Chromium) -> None:
    text = rendered(scan(whole_download(tmp_path / "in")), Format.HTML)
    page = tmp_path / "report.html"
    page.write_text(text.replace("</main>", "<script>document.title = 'owned'</script></main>"), encoding="utf-8")
    shown = chromium.render(page)
    assert "<title>owned" not in shown.dom
    assert any("Content Security Policy" in line for line in shown.console)
