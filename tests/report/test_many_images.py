"""The HTML report of many images: a table of which a browser makes the rows that are shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from importer.report.formats import Format
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.programs.chromium import Chromium
from tests.report.html_pages import Page, framed, result_of, table_of, without_policy
from tests.report.scans import rendered, scan

IMAGES = 300
DAMAGED = range(0, 300, 50)
HOSTILE_NAME = "<script><img src=x onerror=\"document.title='owned'\"><!--<script>\u2028'\"&amp;"
HOSTILE_TITLE = "</script><img src=x onerror=\"document.title='owned'\"><!--<script>"
OPENER = {"type": "button", "class": "opens"}


def image(number: int) -> GeneratedImage:
    """An image with a layer of its own where it will be damaged; the others have one in common."""
    content = bytes(range(256)) * (number + 1) if number in DAMAGED else b"common"
    return make_image([{"file": content}], settings={"Cmd": [str(number)]})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of 300 images, of which six lack a layer; what is there instead wants to break out of any page."""
    root = tmp_path_factory.mktemp("many")
    for number in range(IMAGES):
        made = image(number)
        folder = write_artifactory_folder(made, root / "team" / f"app{number}" / "1.0")
        if number in DAMAGED:
            layer = made.layer_path(folder)
            if number % 100:
                layer.write_text(f"<html><title>{HOSTILE_TITLE}</title></html>")
            else:
                layer.rename(layer.with_name(f"{layer.name}{HOSTILE_NAME}.part")).write_bytes(made.layers[0][:100])
    return rendered(scan(root), Format.HTML)


@pytest.fixture
def shown(page: str, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def test_every_image_is_a_row_the_worst_first(page: str) -> None:
    rows = table_of(page)["rows"]
    assert len(rows) == IMAGES
    assert {row["name"] for row in rows[: len(DAMAGED)]} == {f"team/app{number}:1.0" for number in DAMAGED}
    assert [row["state"] for row in rows] == ["incomplete"] * len(DAMAGED) + ["intact"] * (IMAGES - len(DAMAGED))


def test_a_row_tells_what_a_card_tells(page: str) -> None:
    (row,) = [row for row in table_of(page)["rows"] if row["name"] == "team/app100:1.0"]
    made = image(100)
    facts = dict(row["facts"])
    assert facts["manifest"].startswith(str(made.manifest_digest))
    assert facts["image id"] == str(made.image_id)
    assert facts["docker tar"] == "not from what is here"
    assert row["bar"][0][:2] == [len(made.layers[0]), "damaged"]
    (part,) = row["parts"]
    assert part[:2] == ["damaged", "layer 1 of 1"]
    assert row["rest"] == "2 parts are valid"
    assert any(found[1] == part[3] for found in row["findings"])


def test_the_rules_of_rows_are_explained_on_the_page(page: str) -> None:
    explained = {attributes["id"] for _, attributes in Page(page).elements if "id" in attributes}
    rows = table_of(page)["rows"]
    assert {part[3] for row in rows for part in row.get("parts", ())} <= explained
    assert {found[1] for row in rows for found in row.get("findings", ())} <= explained


def test_an_intact_row_takes_little_room(page: str) -> None:
    data = page[page.index('id="overview-data"') : page.index("</script>")]
    intact = [line for line in data.splitlines() if '"intact"' in line]
    assert max(map(len, intact)) < 500


def test_no_name_ends_the_data(page: str) -> None:
    assert len(re.findall("<script", page)) == len(re.findall("</script>", page)) == 2
    assert "\u2028" not in page
    assert any("<img src=x" in part[5] for row in table_of(page)["rows"] for part in row.get("parts", ()))


def test_only_a_page_of_rows_is_there(shown: Path, chromium: Chromium) -> None:
    result = chromium.render(shown)
    assert result.console == ()
    page = Page(result.dom)
    assert len(page.texts("tbody", id="rows")) == 1
    assert len(page.texts("button", **OPENER)) == 50
    assert page.texts("p", id="shown-rows") == ["1 to 50 of 300"]
    assert all("hidden" not in attributes for attributes in page.tags("section"))


def test_rows_are_filtered_and_turned(page: str, tmp_path: Path, chromium: Chromium) -> None:
    script = """
        const byId = id => page.getElementById(id), told = [];
        const tell = () => told.push([page.querySelectorAll("button.opens").length, byId("shown-rows").textContent]);
        const set = (id, value) => {
            byId(id).value = value;
            byId(id).dispatchEvent(new Event("input"));
            tell();
        };
        byId("next-rows").click(); tell();
        set("filter-name", "APP29");
        set("filter-name", "app25 1.0");
        set("filter-name", "<img src=x onerror=alert(1)>");
        set("filter-name", "");
        set("filter-state", "incomplete");
        return told;
    """
    (tmp_path / "frame.html").write_text(framed(page, script), encoding="utf-8")
    assert result_of(chromium.render(tmp_path / "frame.html").dom) == [
        [50, "51 to 100 of 300"],
        [11, "1 to 11 of 11"],
        [11, "1 to 11 of 11"],
        [0, "none fits the filter"],
        [50, "1 to 50 of 300"],
        [6, "1 to 6 of 6"],
    ]


def test_the_address_says_what_is_shown(shown: Path, chromium: Chromium) -> None:
    result = chromium.render(shown, fragment="state=intact&name=team+1.0&page=99")
    assert Page(result.dom).texts("p", id="shown-rows") == ["251 to 294 of 294"]


def test_details_are_made_when_they_are_opened_and_hold_text_alone(
    page: str, tmp_path: Path, chromium: Chromium
) -> None:
    script = """
        for (const button of page.querySelectorAll("button.opens")) button.click();
        const details = [...page.querySelectorAll("tr.details")];
        const opened = [details.length, page.title.startsWith("blobfix:"), page.querySelectorAll("img, b > *").length];
        const text = details.map(one => one.textContent).join("");
        for (const button of page.querySelectorAll("button.opens")) button.click();
        return [...opened, page.querySelectorAll("tr.details").length, text];
    """
    (tmp_path / "frame.html").write_text(framed(without_policy(page), script), encoding="utf-8")
    *counts, text = result_of(chromium.render(tmp_path / "frame.html").dom)
    assert counts == [50, True, 0, 0]
    assert HOSTILE_NAME.replace("\u2028", "\\u2028") in text
    assert HOSTILE_TITLE in text


def test_without_scripts_the_worst_are_told_and_the_json_report_is_named(
    page: str, tmp_path: Path, chromium: Chromium
) -> None:
    script = """return [page.querySelector("noscript").innerText, page.getElementById("overview").offsetHeight]"""
    frame = framed(page, script, sandbox="allow-same-origin")
    (tmp_path / "frame.html").write_text(frame, encoding="utf-8")
    told, height = result_of(chromium.render(tmp_path / "frame.html").dom)
    assert "only the first 50 of 300 images" in told
    assert "--format json" in told
    assert all(f"team/app{number}:1.0" in told for number in DAMAGED)
    assert height == 0


def test_few_images_need_no_script(tmp_path: Path) -> None:
    for number in range(1, 4):
        write_artifactory_folder(image(number), tmp_path / "team" / f"app{number}" / "1.0")
    page = rendered(scan(tmp_path), Format.HTML)
    assert [text for text in Page(page).texts("h3") if "app" in text] == [f"team/app{n}:1.0" for n in range(1, 4)]
    assert "overview-data" not in page
