"""The HTML report about a registry's storage: a row for each repository, with the numbers of the JSON report."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from importer.domain.storage_paths import blob_path, layer_link, revision_link
from importer.words.text import Size
from tests.in_process import check_tree, run
from tests.programs.chromium import Chromium
from tests.report.html_pages import Page, framed, result_of, table_of, without_policy
from tests.storage_tree.pushed_tree import IMAGE, INDEX, MULTI, NAME, PushedTree
from tests.storage_tree.written_tree import write_tree

COPIES = 24


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> PushedTree:
    return write_tree(tmp_path_factory.mktemp("written"))


@pytest.fixture
def tree(written: PushedTree, tmp_path: Path) -> PushedTree:
    return written.copy_to(tmp_path / "registry")


def page_of(tree: PushedTree, *options: str, code: int = 0) -> str:
    result = run("repair-tree", tree.root, "--format", "html", "--no-progress", *options)
    assert result.code == code, result.output
    return result.stdout.decode("utf-8")


def rows_of(page: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in table_of(page)["rows"]}


def states_of(page: str) -> dict[str, str]:
    return {name: row["state"] for name, row in rows_of(page).items()}


def add_copies(tree: PushedTree) -> None:
    """Give further repositories the image that the first has."""
    for number in range(COPIES):
        shutil.copytree(tree.repository, tree.storage / "repositories" / f"copy{number}")


def lose(tree: PushedTree, *digests: Any) -> None:
    for digest in digests:
        (tree.storage / blob_path(digest)).unlink()


def test_a_sound_tree(tree: PushedTree) -> None:
    page = page_of(tree)
    assert Page(page).texts("h1") == ["The tree is valid."]
    assert states_of(page) == {NAME: "intact", MULTI: "intact"}
    assert rows_of(page)[MULTI]["cells"][:3] == ["1 of 1", "3 of 3", "0"]


def test_space_is_that_of_the_json_report(tree: PushedTree) -> None:
    shutil.copytree(tree.repository, tree.storage / "repositories" / "copy")
    shutil.rmtree(tree.storage / "repositories" / MULTI / "_manifests" / "tags" / "2.0")
    space = check_tree(tree.root, "--space").report["space"]
    page = page_of(tree)
    for each in space["repositories"]:
        row = rows_of(page)[each["name"]]
        assert row["bar"] == [[each[kind], kind] for kind in ("shared", "own", "unneeded")]
        assert [text for _, text in row["facts"]][:3] == [
            str(Size(each[kind])) for kind in ("shared", "own", "unneeded")
        ]
    totals = [space[kind] for kind in ("needed", "untagged", "unreferenced", "misplaced")]
    assert Page(page).texts("td", **{"class": "size"})[:4] == [f"{total:,}" for total in totals]
    assert table_of(page)["scale"] == max(
        each["shared"] + each["own"] + each["unneeded"] for each in space["repositories"]
    )


def test_what_is_lost_stands_before_what_can_be_repaired(tree: PushedTree) -> None:
    (tree.storage / layer_link(NAME, IMAGE.layer_digests[0])).write_text(f"{IMAGE.layer_digests[0]}\n")
    lose(tree, INDEX.children[0].layer_digests[0])
    page = page_of(tree, code=4)
    assert list(states_of(page).items()) == [(MULTI, "incomplete"), (NAME, "repairable")]
    (found,) = rows_of(page)[NAME]["findings"]
    assert found[:3] == ["warning", "BF501", "link-malformed"]
    assert found[5].startswith("it is rewritten")
    assert [found[1] for found in rows_of(page)[MULTI]["findings"]] == ["BF504"]
    assert str(INDEX.children[0].layer_digests[0]).replace(":", "__") in page


def test_a_blob_that_many_repositories_lack_is_a_defect_of_each(tree: PushedTree) -> None:
    """The finding names a few of them only."""
    add_copies(tree)
    lose(tree, IMAGE.layer_digests[0])
    states = states_of(page_of(tree, code=4))
    assert list(states.values()) == ["incomplete"] * (COPIES + 1) + ["intact"]


def test_a_manifest_that_cannot_be_read_makes_no_repository_intact(tree: PushedTree) -> None:
    path = tree.storage / blob_path(IMAGE.layer_digests[0])
    path.unlink()
    path.symlink_to(path.name)
    assert states_of(page_of(tree, code=4))[NAME] == "incomplete"


def test_what_is_left_after_a_repair_comes_first(tree: PushedTree) -> None:
    (tree.storage / revision_link(NAME, IMAGE.manifest_digest)).unlink()
    lose(tree, INDEX.children[0].layer_digests[0])
    page = page_of(tree, "--apply", code=4)
    titles = Page(page).texts("h2")
    assert titles.index("Remaining defects") + 1 == titles.index("What was found")
    assert states_of(page) == {MULTI: "incomplete", NAME: "intact"}


def test_another_kind_of_store_is_named_and_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (tmp_path / "index.json").write_text('{"schemaVersion": 2, "manifests": []}')
    (tmp_path / "blobs" / "sha256").mkdir(parents=True)
    result = run("repair-tree", tmp_path, "--format", "html")
    assert (result.code, "not a registry's storage" in result.stderr) == (2, True)
    page = Page(result.stdout.decode("utf-8"))
    assert "BF509 not-registry-storage" in page.texts("h3")
    assert "Repositories" not in page.texts("h2")


def test_links_lead_somewhere_and_names_are_unique(tree: PushedTree) -> None:
    (tree.storage / layer_link(NAME, IMAGE.layer_digests[0])).write_text("")
    page = Page(page_of(tree, "--apply"))
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))


def test_a_browser_shows_it_and_runs_nothing_of_the_trees_names(
    tree: PushedTree, tmp_path: Path, chromium: Chromium
) -> None:
    hostile = "<img src=x onerror=\"document.title='owned'\"><!--<script>\u2028"
    (tree.repository / "_manifests" / "tags" / hostile).mkdir()
    (tree.storage / "repositories" / hostile).mkdir()
    page = page_of(tree, code=1)
    script = """
        const rows = [...page.querySelectorAll("button.opens")];
        for (const button of rows) button.click();
        const expanded = rows.every(button => button.getAttribute("aria-expanded") === "true");
        const found = [...page.querySelectorAll("tr.details .found")].map(one => one.textContent).join("");
        return [page.title.startsWith("blobfix:"), page.querySelectorAll("img").length, expanded, found];
    """
    (tmp_path / "frame.html").write_text(framed(without_policy(page), script), encoding="utf-8")
    *told, found = result_of(chromium.render(tmp_path / "frame.html").dom)
    assert told == [True, 0, True]
    assert hostile.replace("\u2028", "\\u2028") in found
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    assert chromium.render(tmp_path / "report.html").console == ()


@pytest.mark.parametrize("width", [390, 800])
def test_nothing_sticks_out_at_any_width(width: int, tree: PushedTree, tmp_path: Path, chromium: Chromium) -> None:
    (tree.storage / layer_link(NAME, IMAGE.layer_digests[0])).write_text("")
    long = "a" * 100
    shutil.copytree(tree.repository, tree.storage / "repositories" / long)
    script = "page.querySelector('button.opens').click(); return page.documentElement.scrollWidth;"
    frame = framed(page_of(tree, code=1), script).replace("<iframe", f'<iframe style="width:{width}px"')
    (tmp_path / "frame.html").write_text(frame, encoding="utf-8")
    assert result_of(chromium.render(tmp_path / "frame.html", "--window-size=1400,900").dom) <= width
