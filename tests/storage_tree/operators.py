"""Ways in which storage trees get damaged: every row of what has been seen, each as a small function."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.storage_tree.pushed_tree import IMAGE, INDEX, TAG, PushedTree

Operator = Callable[[PushedTree], object]
LinkOf = Callable[[PushedTree], Path]

LINKS: dict[str, LinkOf] = {
    "layer": lambda tree: tree.layer_link(),
    "config": lambda tree: tree.layer_link(tree.config),
    "revision": lambda tree: tree.revision_link(),
    "current": lambda tree: tree.current,
    "index": lambda tree: tree.index_link(),
}
TEXTS: dict[str, Callable[[bytes], bytes]] = {
    "newline": lambda text: text + b"\n",
    "crlf": lambda text: text + b"\r\n",
    "space": lambda text: text + b" ",
    "sha256sum": lambda text: text + b"  manifest.json\n",
    "bom": lambda text: b"\xef\xbb\xbf" + text,
    "utf16": lambda text: b"\xff\xfe" + text.decode().encode("utf-16-le"),
    "bare-hex": lambda text: text.removeprefix(b"sha256:"),
    "empty": lambda _: b"",
    "upper": lambda text: b"sha256:" + text.removeprefix(b"sha256:").upper(),
}


@dataclass(frozen=True)
class Row:
    """One defect.

    Attributes:
        name: of the row.
        damage: makes it.
        code: of the rule that finds it; no other may.
        answers: what the registry answers before the repair: path below ``/v2/<name>/`` to status.
        needs_blobs: whether the repair needs a place with the right bytes.
        is_quick: whether --quick sees it, too.
    """

    name: str
    damage: Operator
    code: str
    answers: tuple[tuple[str, int], ...] = ()
    needs_blobs: bool = False
    is_quick: bool = True


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def text_row(link: str, text: str) -> Row:
    by_link = {
        "layer": (f"blobs/{IMAGE.layer_digests[0]}", 500),
        "config": (f"blobs/{IMAGE.image_id}", 500),
        "revision": (f"manifests/{IMAGE.manifest_digest}", 500),
        "current": (f"manifests/{TAG}", 500),
        "index": (f"manifests/{TAG}", 200),
    }
    # Some builds of 2.8 take upper-case digits for a digest, and then don't find the blob.
    answers = () if text == "upper" else (by_link[link],)
    return Row(f"{link}-{text}", lambda tree: rewrite(LINKS[link](tree), TEXTS[text]), "BF501", answers)


def move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)


def double_layer_prefix(tree: PushedTree) -> None:
    for digest in (tree.layer, tree.config):
        move(tree.layers / digest.hex, tree.layers / "sha256" / digest.hex)


def link_only_as_layer(tree: PushedTree) -> None:
    move(tree.revisions / tree.manifest.hex, tree.layers / tree.manifest.hex)


def link_is_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("else")


def data_is_folder(tree: PushedTree) -> None:
    content = tree.blob().read_bytes()
    tree.blob().unlink()
    tree.blob().mkdir()
    (tree.blob() / "data").write_bytes(content)


def blob_is_file(tree: PushedTree) -> None:
    folder = tree.blob().parent
    content = tree.blob().read_bytes()
    shutil.rmtree(folder)
    folder.write_bytes(content)


def swap_blobs(tree: PushedTree) -> None:
    one, other = tree.blob(IMAGE.layer_digests[0]), tree.blob(IMAGE.layer_digests[1])
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def flat(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text(str(IMAGE.manifest_digest))


def upper_blob_folder(tree: PushedTree) -> None:
    folder = tree.blob().parent
    move(folder, folder.with_name(folder.name.upper()))


def root_at(place: str) -> Operator:
    def apply(tree: PushedTree) -> None:
        beside = tree.root / ".moving"
        tree.storage.rename(beside)
        shutil.rmtree(tree.root / "docker")
        if place:
            move(beside, tree.root / place)
        else:
            for half in list(beside.iterdir()):
                half.rename(tree.root / half.name)
            beside.rmdir()

    return apply


def forget_child_links(tree: PushedTree) -> None:
    for child in INDEX.children:
        shutil.rmtree(tree.multi / "_manifests" / "revisions" / "sha256" / child.manifest_digest.hex)


def misname_repository(tree: PushedTree) -> None:
    team = tree.storage / "repositories" / "team"
    (team.parent / "Team").mkdir()
    move(team / "app", team.parent / "Team" / "App")


MANIFEST_TAG = f"manifests/{TAG}"
MANIFEST_DIGEST = f"manifests/{IMAGE.manifest_digest}"
LAYER = f"blobs/{IMAGE.layer_digests[0]}"
CONFIG = f"blobs/{IMAGE.image_id}"
DOCKER_SAVE = json.dumps([{"Config": "c.json", "RepoTags": ["team/app:1.4"], "Layers": ["l.tar"]}]).encode()


def damaged_blob(name: str, change: Callable[[bytes], bytes], which: str = "layer", **more: object) -> Row:
    def apply(tree: PushedTree) -> None:
        rewrite(tree.blob(getattr(tree, which)), change)

    options = {"needs_blobs": True, **more}
    return Row(f"{which}-{name}", apply, "BF506", **options)  # type: ignore[arg-type]


def is_odd(tree: PushedTree, name: str) -> None:
    (tree.current.parent.parent.parent / name).write_bytes(b"\0\0\0\1Bud1")


ROWS: tuple[Row, ...] = (
    *(text_row(link, text) for link in LINKS for text in TEXTS),
    Row("layers-sha256-twice", double_layer_prefix, "BF502", ((LAYER, 404), (CONFIG, 404), (MANIFEST_TAG, 200))),
    Row(
        "revision-sha256-twice",
        lambda tree: move(tree.revisions / tree.manifest.hex, tree.revisions / "sha256" / tree.manifest.hex),
        "BF502",
        ((MANIFEST_TAG, 404),),
    ),
    Row("revision-link-missing", lambda t: shutil.rmtree(t.revision_link().parent), "BF503", ((MANIFEST_TAG, 404),)),
    Row("revision-link-missing-folder-there", lambda t: t.revision_link().unlink(), "BF503", ((MANIFEST_DIGEST, 404),)),
    Row("revision-only-as-layer", link_only_as_layer, "BF502", ((MANIFEST_TAG, 200),)),
    Row(
        "config-among-revisions",
        lambda tree: move(tree.layers / tree.config.hex, tree.revisions / tree.config.hex),
        "BF502",
        ((CONFIG, 404),),
    ),
    Row("layer-link-missing", lambda tree: tree.layer_link().unlink(), "BF503", ((LAYER, 404), (MANIFEST_TAG, 200))),
    Row(
        "config-link-missing",
        lambda tree: shutil.rmtree(tree.layer_link(tree.config).parent),
        "BF503",
        ((CONFIG, 404),),
    ),
    Row(
        "layer-link-misnamed",
        lambda t: t.layer_link().rename(t.layer_link().with_name("Link")),
        "BF502",
        ((LAYER, 404),),
    ),
    Row("layer-link-without-folder", lambda t: move(t.layer_link(), t.layers / "link"), "BF502", ((LAYER, 404),)),
    Row("layer-link-is-folder", lambda tree: link_is_folder(tree.layer_link()), "BF501", ((LAYER, 500),)),
    Row("revision-link-is-folder", lambda t: link_is_folder(t.revision_link()), "BF501", ((MANIFEST_DIGEST, 500),)),
    Row("current-link-is-folder", lambda tree: link_is_folder(tree.current), "BF501", ((MANIFEST_TAG, 500),)),
    Row("blob-missing", lambda tree: tree.blob().unlink(), "BF504", ((LAYER, 404),), needs_blobs=True),
    Row("config-missing", lambda t: t.blob(t.config).unlink(), "BF504", ((CONFIG, 404),), needs_blobs=True),
    Row("manifest-missing", lambda t: t.blob(t.manifest).unlink(), "BF504", ((MANIFEST_TAG, 404),), is_quick=False),
    Row(
        "blob-wrong-prefix",
        lambda t: move(t.blob().parent, t.storage / "blobs" / "sha256" / "zz" / t.layer.hex),
        "BF505",
        ((LAYER, 404),),
    ),
    Row(
        "blob-no-prefix",
        lambda t: move(t.blob().parent, t.storage / "blobs" / "sha256" / t.layer.hex),
        "BF505",
        ((LAYER, 404),),
    ),
    Row(
        "manifest-folder-with-file-name",
        lambda t: move(
            t.blob(t.manifest).parent, t.blob(t.manifest).parent.with_name(f"{t.manifest.hex}  manifest.json")
        ),
        "BF505",
        ((MANIFEST_TAG, 404),),
    ),
    Row("blob-upper-folder", upper_blob_folder, "BF505", ((LAYER, 404),)),
    Row("blob-data-is-folder", data_is_folder, "BF505", ((LAYER, 404),)),
    Row("blob-is-file", blob_is_file, "BF505", ((LAYER, 500),)),
    Row("blobs-swapped", swap_blobs, "BF505", ((LAYER, 200),), is_quick=False),
    damaged_blob("truncated", lambda data: data[:1000], answers=((LAYER, 200),)),
    damaged_blob("corrupt", lambda data: data[:700] + bytes([data[700] ^ 1]) + data[701:], is_quick=False),
    damaged_blob("gunzipped", gzip.decompress, answers=((LAYER, 200),), needs_blobs=False),
    damaged_blob("zeros", lambda data: data[:600] + bytes(len(data) - 600), is_quick=False),
    damaged_blob("more", lambda data: data + b"more", needs_blobs=False),
    damaged_blob("trailer-cut", lambda data: data[:-3], needs_blobs=False),
    damaged_blob("truncated", lambda data: data[:200], "config"),
    damaged_blob("newline", lambda d: d + b"\n", "manifest", needs_blobs=False, answers=((MANIFEST_TAG, 200),)),
    damaged_blob("compacted", lambda d: json.dumps(json.loads(d)).encode(), "manifest", needs_blobs=False),
    damaged_blob("bom", lambda d: b"\xef\xbb\xbf" + d, "manifest", needs_blobs=False, answers=((MANIFEST_TAG, 500),)),
    damaged_blob("truncated", lambda d: d[:300], "manifest", needs_blobs=False, answers=((MANIFEST_TAG, 500),)),
    damaged_blob("empty", lambda _: b"", "manifest", needs_blobs=False, answers=((MANIFEST_TAG, 500),)),
    damaged_blob(
        "html",
        lambda _: b"<html><body>Sign in</body></html>",
        "manifest",
        needs_blobs=False,
        answers=((MANIFEST_TAG, 500),),
    ),
    damaged_blob("docker-save", lambda _: DOCKER_SAVE, "manifest", needs_blobs=False, answers=((MANIFEST_TAG, 500),)),
    Row("current-missing", lambda tree: shutil.rmtree(tree.current.parent), "BF503", ((MANIFEST_TAG, 404),)),
    Row("index-missing", lambda tree: shutil.rmtree(tree.tag / "index"), "BF503", ((MANIFEST_TAG, 200),)),
    Row("tag-is-file", lambda tree: flat(tree.tag), "BF502", ((MANIFEST_TAG, 500),)),
    Row("current-is-file", lambda tree: flat(tree.current.parent), "BF502", ((MANIFEST_TAG, 500),)),
    Row(
        "layer-folder-with-colon",
        lambda t: move(t.layers / t.layer.hex, t.layers.parent / str(t.layer)),
        "BF502",
        ((LAYER, 404),),
    ),
    Row(
        "link-to-another-blob",
        lambda tree: tree.layer_link().write_text(str(tree.config)),
        "BF501",
        ((LAYER, 200),),
    ),
    Row("root-v2", root_at("v2"), "BF508", ((MANIFEST_TAG, 404),)),
    Row("root-registry-v2", root_at("registry/v2"), "BF508", ((MANIFEST_TAG, 404),)),
    Row("root-bare", root_at(""), "BF508", ((MANIFEST_TAG, 404),)),
    Row("repository-upper-case", misname_repository, "BF502", ((MANIFEST_TAG, 404),)),
    Row("children-without-links", forget_child_links, "BF503"),
    Row("stray-in-tags", lambda tree: is_odd(tree, ".DS_Store"), "BF507"),
    Row("unfinished-in-tags", lambda tree: is_odd(tree, "x.tmp"), "BF507"),
    Row("empty-folder-in-tags", lambda t: (t.tag.parent / "Thumbs db").mkdir(), "BF507"),
    Row("empty-folders-in-tags", lambda t: (t.tag.parent / "-new" / "folder").mkdir(parents=True), "BF507"),
    Row("stray-among-blobs", lambda t: (t.storage / "blobs" / "sha256" / "Thumbs.db").write_bytes(b"\0"), "BF507"),
    Row("stray-data", lambda t: move_new(t.storage / "blobs" / "sha256" / "ab" / "abc" / "data"), "BF507"),
    Row("stray-in-repositories", lambda t: (t.storage / "repositories" / "note.txt").write_text("x"), "BF507"),
    Row("stray-in-layers", lambda t: (t.layers / t.layer.hex / "link.bak").write_text(str(t.layer)), "BF507"),
    Row("index-layers-folder-missing", lambda t: shutil.rmtree(t.multi / "_layers"), "BF503"),
)


def move_new(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"unknown")
