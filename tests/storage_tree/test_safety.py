"""Kills, two repairs at once, hostile trees: nothing is lost, nothing hangs, nothing is written elsewhere."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests.blobfix import HOME, blobfix, contents, environment, snapshot, start
from tests.in_process import check_tree, run
from tests.storage_tree import operators
from tests.storage_tree.conftest import ServeRegistry
from tests.storage_tree.pushed_tree import IMAGE, INDEX, NAME, TAG, PushedTree, assert_served

# Ends the process, as kill -9 does, before the n-th change of the file system.
_KILLED = """
import os, signal, sys
left = int(sys.argv.pop(1))
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.chmod", "ctypes.dlsym", "shutil.copyfile"}
def watch(event, arguments):
    global left
    is_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if event in CHANGES or is_write:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
from importer.cli.app import run
sys.argv[0] = "blobfix"
sys.addaudithook(watch)
run()
"""


def damage_much(tree: PushedTree) -> None:
    """Nearly one of each kind, as far as they don't get in each other's way."""
    operators.double_layer_prefix(tree)
    operators.rewrite(tree.revision_link(), operators.TEXTS["newline"])
    operators.flat(tree.tag)
    operators.swap_blobs(tree)
    operators.rewrite(tree.blob(tree.manifest), lambda data: data + b"\n")
    operators.forget_child_links(tree)
    operators.is_odd(tree, ".DS_Store")
    child = INDEX.children[0]
    tree.blob(child.layer_digests[0]).unlink()
    operators.link_is_folder(tree.multi / "_layers" / "sha256" / child.layer_digests[1].hex / "link")
    operators.move(
        tree.blob(child.image_id).parent, tree.storage / "blobs" / "sha256" / "zz" / child.image_id.hex.upper()
    )
    operators.root_at("v2")(tree)


def run_until(changes: int, tree: PushedTree, downloads: Path) -> int:
    """Run a repair that is killed before so many changes are made; gives its exit code."""
    command = [sys.executable, "-c", _KILLED, str(changes), "repair-tree", str(tree.root), "--apply", "--blobs"]
    process = subprocess.run(
        [*command, str(downloads), "-q"], env=environment({"PYTHONPATH": str(HOME)}), check=False, capture_output=True
    )
    assert b"Traceback" not in process.stderr, process.stderr
    return process.returncode


def test_a_kill_at_any_moment_leaves_a_tree_that_the_next_run_mends(
    pristine_tree: PushedTree, downloads: Path, tmp_path: Path, serve_registry: ServeRegistry
) -> None:
    moments = 0
    for moments in range(0, 1000, 13):
        tree = pristine_tree.copy_to(tmp_path / str(moments))
        damage_much(tree)
        kept = set(contents(tree.root).values())
        code = run_until(moments, tree, downloads)
        # Whatever was there is still there, under some name; only other spellings of a link may be gone.
        gone = kept - set(contents(tree.root).values())
        assert all(len(content) < 80 for content in gone)
        if code == 0:
            break
        assert code == -9
        mended = check_tree(tree.root, "--apply", "--blobs", downloads)
        assert (mended.code, mended.left) == (0, []), moments
        if moments % 39 == 0:
            assert_served(serve_registry(tree.root))
        assert check_tree(tree.root).codes == []
    assert moments > 50


def test_the_tag_appears_last(tree: PushedTree, downloads: Path) -> None:
    tree.current.unlink()
    tree.blob().unlink()
    for moments in range(0, 200, 3):
        if run_until(moments, tree, downloads) == 0:
            break
        assert not tree.current.exists() or tree.blob().read_bytes() == IMAGE.layers[0]


class TestTwoAtOnce:
    def test_the_second_says_so(self, tree: PushedTree) -> None:
        tree.current.write_text("nonsense")
        with (tree.root / ".blobfix-repair.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            outcome = run("repair-tree", tree.root, "--apply")
        assert outcome.code == 5
        assert "another repair-tree is running here" in outcome.output
        assert check_tree(tree.root, "--apply").code == 0

    def test_a_lock_that_leads_elsewhere_makes_no_file_there(self, tree: PushedTree, tmp_path: Path) -> None:
        tree.current.write_text("nonsense")
        (tree.root / ".blobfix-repair.lock").symlink_to(tmp_path / "elsewhere")
        assert run("repair-tree", tree.root, "--apply").code == 5
        assert not (tmp_path / "elsewhere").exists()

    def test_started_together(self, tree: PushedTree, downloads: Path, serve_registry: ServeRegistry) -> None:
        damage_much(tree)
        both = [start("repair-tree", tree.root, "--apply", "--blobs", downloads) for _ in range(2)]
        errors = [process.communicate(timeout=120)[1] for process in both]
        assert all(b"Traceback" not in error for error in errors), errors
        assert {process.returncode for process in both} <= {0, 5}
        assert check_tree(tree.root, "--apply", "--blobs", downloads).code == 0
        assert_served(serve_registry(tree.root))


class TestHostileTrees:
    def test_links_in_a_circle(self, tree: PushedTree, serve_registry: ServeRegistry) -> None:
        (tree.layers / "again").symlink_to(tree.repository)
        (tree.storage / "repositories" / "team" / "loop").symlink_to("..")
        (tree.storage / "blobs" / "sha256" / "self").symlink_to(".")
        (tree.tag / "current" / "nowhere").symlink_to("/nowhere/at/all")
        found = check_tree(tree.root)
        assert (found.code, set(found.codes)) == (1, {"BF507"})
        assert check_tree(tree.root, "--apply").left == []
        assert_served(serve_registry(tree.root))

    def test_two_links_that_lead_to_each_other(self, tree: PushedTree) -> None:
        (tree.layers / "one").mkdir()
        (tree.layers / "two").mkdir()
        (tree.layers / "one" / "x").symlink_to("../two")
        (tree.layers / "two" / "y").symlink_to("../one")
        assert set(check_tree(tree.root).codes) == {"BF507"}

    def test_a_pipe_instead_of_a_link(self, tree: PushedTree, serve_registry: ServeRegistry) -> None:
        tree.current.unlink()
        os.mkfifo(tree.current)
        assert check_tree(tree.root).codes == ["BF501"]
        assert check_tree(tree.root, "--apply").left == []
        assert_served(serve_registry(tree.root))

    def test_symbolic_links_that_a_registry_follows_are_in_order(
        self, tree: PushedTree, tmp_path: Path, serve_registry: ServeRegistry
    ) -> None:
        elsewhere = tmp_path / "other disk"
        elsewhere.mkdir()
        tree.blob().rename(elsewhere / "layer")
        tree.blob().symlink_to(elsewhere / "layer")
        (tree.storage / "blobs").rename(elsewhere / "blobs")
        (tree.storage / "blobs").symlink_to(elsewhere / "blobs")
        assert check_tree(tree.root).codes == []
        assert_served(serve_registry(tree.root))

    def test_nothing_is_written_through_a_link_that_leads_out(self, tree: PushedTree, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        (tree.repository / "_manifests").rename(outside)
        (tree.repository / "_manifests").symlink_to(outside)
        (outside / "tags" / TAG / "current" / "link").write_text("nonsense")
        before = snapshot(outside)
        operators.rewrite(tree.layer_link(), lambda text: text + b"\n")
        mended = check_tree(tree.root, "--apply")
        assert mended.code == 4
        assert all("leads out of" in finding["fix"]["summary"] for finding in mended.report["left"])
        assert snapshot(outside) == before
        # One such link doesn't keep all else from being mended.
        assert tree.layer_link().read_text() == str(tree.layer)

    def test_a_moved_blob_that_is_a_link_leaves_the_file_outside_as_it_was(
        self, tree: PushedTree, tmp_path: Path
    ) -> None:
        (tmp_path / "outside").mkdir()
        tree.blob().rename(tmp_path / "outside" / "layer")
        (tmp_path / "outside" / "layer").chmod(0o600)
        wrong = tree.storage / "blobs" / "sha256" / "zz" / tree.layer.hex / "data"
        wrong.parent.mkdir(parents=True)
        wrong.symlink_to(tmp_path / "outside" / "layer")
        before = snapshot(tmp_path / "outside", times=True)
        assert check_tree(tree.root, "--apply").left == []
        assert snapshot(tmp_path / "outside", times=True) == before

    @pytest.mark.parametrize("more", [b"  manifest.json\n", b"\nwritten by hand\n", b"\n" * 5000 + b"note"])
    def test_what_else_a_link_says_is_set_aside(self, tree: PushedTree, more: bytes) -> None:
        operators.rewrite(tree.layer_link(), lambda text: text + more)
        text = tree.layer_link().read_bytes()
        assert check_tree(tree.root, "--apply").left == []
        aside = tree.root / ".blobfix-set-aside" / tree.layer_link().relative_to(tree.root)
        assert aside.read_bytes() == text

    @pytest.mark.parametrize("folders", [(), ("current",), ("current", "index"), ("index/sha256",)])
    def test_a_tag_that_names_nothing_yet(
        self, tree: PushedTree, folders: tuple[str, ...], serve_registry: ServeRegistry
    ) -> None:
        for folder in ("", *folders):
            (tree.tag.parent / "2" / folder).mkdir(parents=True, exist_ok=True)
        assert (check_tree(tree.root).code, check_tree(tree.root).codes) == (1, ["BF507"])
        assert check_tree(tree.root, "--apply").left == []
        assert_served(serve_registry(tree.root))

    def test_names_that_no_terminal_should_see(self, tree: PushedTree) -> None:
        bad = os.fsdecode(b"\xff\x1b[31m\n<b>")
        (tree.current.parents[2] / bad).mkdir()
        (tree.current.parents[2] / bad / "file").write_text("x")
        (tree.layers / f"{bad}link").write_text("x")
        (tree.storage / "repositories" / bad).write_text("x")
        result = blobfix("repair-tree", tree.root)
        assert result.code == 1
        assert "\x1b" not in result.text
        assert "\\x1b[31m" in result.text
        assert check_tree(tree.root, "--apply").left == []

    def test_huge_links_and_deep_folders(self, tree: PushedTree) -> None:
        tree.current.write_bytes(b"\0" * (1 << 20))
        deep = tree.layers
        for _ in range(60):
            deep = deep / "a"
        deep.mkdir(parents=True)
        (deep / "link").write_text("x")
        assert set(check_tree(tree.root).codes) == {"BF501", "BF507"}
        assert check_tree(tree.root, "--apply").left == []

    def test_an_index_that_names_itself_or_nobody(self, tree: PushedTree) -> None:
        tree.blob(INDEX.manifest_digest).write_bytes(b"[" * 100_000)
        assert set(check_tree(tree.root).codes) == {"BF506"}


class TestUnreadable:
    def test_what_may_not_be_read_is_said(self, tree: PushedTree, powerless: list[str]) -> None:
        for path in (tree.blob(), tree.current, tree.multi / "_layers"):
            path.chmod(0)
        result = blobfix("repair-tree", tree.root, "--format", "json", prefix=powerless)
        assert result.code == 4
        unreadable = [finding["path"] for finding in result.json["findings"] if finding["code"] == "BF108"]
        assert len(unreadable) == 3
        assert all("ermission denied" in f["message"] for f in result.json["findings"] if f["code"] == "BF108")

    def test_what_is_set_aside_stays_below_the_root(self, tree: PushedTree, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tree.root / ".blobfix-set-aside").symlink_to(tmp_path / "elsewhere")
        stray = tree.tag.parent / ".DS_Store"
        stray.write_bytes(b"x")
        refused = run("repair-tree", tree.root, "--apply")
        assert refused.code == 5
        assert "leads out" in refused.output
        assert stray.exists()
        assert not list((tmp_path / "elsewhere").iterdir())

    def test_a_tag_that_may_not_be_looked_into_is_not_set_aside(self, tree: PushedTree, powerless: list[str]) -> None:
        for folder in (tree.tag / "current", tree.tag / "index"):
            folder.chmod(0)
        result = blobfix("repair-tree", tree.root, "--apply", "--format", "json", prefix=powerless)
        assert result.code == 4
        assert not any(finding["code"] == "BF507" for finding in result.json["findings"])
        assert tree.tag.is_dir()


class TestWrongUse:
    def test_no_tree(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        assert run("repair-tree", tmp_path).code == 3
        assert run("repair-tree", tmp_path / "file").code == 2
        assert run("repair-tree", tmp_path / "nothing").code == 2

    def test_a_place_for_blobs_that_is_not_there(self, tree: PushedTree, tmp_path: Path) -> None:
        assert run("repair-tree", tree.root, "--blobs", tmp_path / "nothing").code == 2

    @pytest.mark.parametrize("depth", ["docker/registry/v2", "docker/registry", "docker"])
    def test_a_deeper_root_is_understood(self, depth: str, tree: PushedTree) -> None:
        tree.current.write_text("nonsense")
        assert check_tree(tree.root / depth, "--apply").left == []
        assert tree.current.read_text() == str(tree.manifest)


class TestBeyondRepair:
    def test_the_shopping_list_names_what_is_nowhere(self, tree: PushedTree) -> None:
        tree.blob().unlink()
        tree.blob(INDEX.children[0].manifest_digest).unlink()
        tree.blob(INDEX.children[0].image_id).unlink()
        checked = check_tree(tree.root, "--apply")
        assert (checked.code, checked.left) == (4, ["BF504", "BF504"])
        by_digest = {download["digest"]: download for download in checked.report["downloads"]}
        layer = by_digest[str(tree.layer)]
        assert (layer["size"], layer["reason"]) == (len(IMAGE.layers[0]), "link-dangling")
        assert f"{NAME}/{TAG}/{tree.layer.file_name}" in layer["paths"]
        assert f"/v2/{NAME}/blobs/{tree.layer}" in layer["paths"]
        assert by_digest[str(INDEX.children[0].manifest_digest)]["file_name"] == "manifest.json"
        assert checked.report["summary"]["tags_served"] == 0

    def test_a_damaged_blob_stays_where_it_is_until_a_right_one_comes(self, tree: PushedTree, downloads: Path) -> None:
        tree.blob().write_bytes(b"half")
        assert check_tree(tree.root, "--apply").code == 4
        assert tree.blob().read_bytes() == b"half"
        mended = check_tree(tree.root, "--apply", "--blobs", downloads)
        assert (mended.code, mended.report["restart"]) == (0, True)
        aside = tree.root / ".blobfix-set-aside" / tree.blob().relative_to(tree.root)
        assert aside.read_bytes() == b"half"

    def forget_links(self, tree: PushedTree, *folders: Digest) -> None:
        """Leave of a tag's links nothing but the folders of these."""
        tree.current.unlink()
        tree.index_link().unlink()
        for digest in folders:
            (tree.tag / "index" / "sha256" / digest.hex).mkdir(exist_ok=True)

    def test_a_tag_of_which_only_the_folder_of_its_manifest_is_left(
        self, tree: PushedTree, serve_registry: ServeRegistry
    ) -> None:
        self.forget_links(tree)
        found = check_tree(tree.root)
        assert (found.code, found.codes, found.severities) == (1, ["BF503"], {"warning"})
        assert check_tree(tree.root, "--apply").left == []
        assert_served(serve_registry(tree.root))

    def test_a_tag_of_which_the_folders_of_two_manifests_are_left(self, tree: PushedTree) -> None:
        other = INDEX.manifest_digest
        self.forget_links(tree, other)
        before = snapshot(tree.root)
        checked = check_tree(tree.root, "--apply")
        assert (checked.code, checked.left, checked.severities) == (4, ["BF503"], {"error"})
        (finding,) = checked.report["left"]
        assert str(other) in finding["fix"]["summary"]
        assert str(tree.manifest) in finding["fix"]["summary"]
        assert snapshot(tree.root) == before

    def test_a_tag_of_which_only_the_folder_of_a_lost_manifest_is_left(
        self, tree: PushedTree, downloads: Path, serve_registry: ServeRegistry
    ) -> None:
        self.forget_links(tree)
        tree.blob(tree.manifest).unlink()
        tree.blob(tree.config).unlink()
        checked = check_tree(tree.root, "--apply")
        assert (checked.code, checked.left) == (4, ["BF503", "BF504"])
        assert [download["digest"] for download in checked.report["downloads"]] == [str(tree.manifest)]
        assert check_tree(tree.root, "--apply", "--blobs", downloads).left == []
        assert_served(serve_registry(tree.root))

    def test_a_damaged_layer_that_no_manifest_names_is_set_aside_though_it_is_linked(
        self, tree: PushedTree, serve_registry: ServeRegistry
    ) -> None:
        forgotten = Digest.of(b"pushed once")
        operators.move_new(tree.blob(forgotten))
        operators.move_new(tree.layer_link(forgotten))
        tree.layer_link(forgotten).write_text(str(forgotten))
        found = check_tree(tree.root)
        assert (found.code, found.codes, found.severities) == (1, ["BF506"], {"warning"})
        assert check_tree(tree.root, "--apply").left == []
        assert serve_registry(tree.root).head(f"/v2/{NAME}/blobs/{forgotten}").status == 404

    def test_a_damaged_layer_stays_while_a_manifest_is_lost_that_may_name_it(self, tree: PushedTree) -> None:
        tree.blob().write_bytes(b"half")
        tree.blob(tree.manifest).unlink()
        assert check_tree(tree.root, "--apply").code == 4
        assert tree.blob().read_bytes() == b"half"

    def test_a_damaged_blob_that_nobody_wants_is_set_aside(self, tree: PushedTree) -> None:
        path = tree.storage / "blobs" / "sha256" / "55" / ("5" * 64) / "data"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"whatever")
        assert check_tree(tree.root).codes == ["BF506"]
        assert check_tree(tree.root, "--apply").left == []
        assert not path.exists()

    @pytest.mark.parametrize("contents", [(b"two", b"one"), (b"two", b"three", b"one"), (b"two", b"garbage")])
    def test_blobs_in_each_others_places_that_nobody_wants(self, tree: PushedTree, contents: tuple[bytes, ...]) -> None:
        names = [b"one", b"two", b"three"][: len(contents)]
        for name, content in zip(names, contents, strict=True):
            path = tree.blob(Digest.of(name))
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        assert set(check_tree(tree.root).codes) <= {"BF505", "BF506"}
        assert check_tree(tree.root).code == 1
        assert check_tree(tree.root, "--apply").left == []
        held = [tree.blob(Digest.of(name)).read_bytes() for name in names if tree.blob(Digest.of(name)).exists()]
        assert held == [name for name in names if name in contents]

    def test_a_repository_that_says_something_else_under_its_right_name(self, tree: PushedTree) -> None:
        upper = tree.repository.with_name("APP")
        operators.move_new(upper / "_layers" / "x")
        (upper / "_layers" / "x").unlink()
        operators.move_new(upper / "_manifests" / "tags" / TAG / "current" / "link")
        (upper / "_manifests" / "tags" / TAG / "current" / "link").write_text(str(IMAGE.image_id))
        before = snapshot(upper)
        assert check_tree(tree.root, "--apply").code == 4
        assert snapshot(upper) == before


class TestWhatOtherRegistriesKeep:
    """Folders in a tree that are no registry:2's, that it passes by, and that another one needs."""

    def test_signatures_of_the_first_schema(self, tree: PushedTree, serve_registry: ServeRegistry) -> None:
        signature = Digest.of(b'{"protected":"eyJ9"}')
        folder = tree.revision_link().parent / "signatures" / "sha256" / signature.hex
        operators.move_new(folder / "link")
        (folder / "link").write_text(str(signature))
        before = snapshot(tree.root)
        assert check_tree(tree.root, "--apply").codes == []
        assert snapshot(tree.root) == before
        assert_served(serve_registry(tree.root))

    def test_referrers_of_the_oras_distribution(self, tree: PushedTree, serve_registry: ServeRegistry) -> None:
        folder = tree.repository / "_refs" / "subjects" / "sha256" / tree.manifest.hex / "sbom"
        operators.move_new(folder / "link")
        before = snapshot(tree.root)
        assert check_tree(tree.root, "--apply").codes == []
        assert snapshot(tree.root) == before
        assert_served(serve_registry(tree.root))


def test_states_that_a_living_registry_leaves_are_in_order(tree: PushedTree, serve_registry: ServeRegistry) -> None:
    registry = serve_registry(tree.root)
    assert registry.request(f"/v2/{NAME}/manifests/{tree.manifest}", "DELETE").status == 202
    assert check_tree(tree.root).codes == []
    registry.garbage_collect()
    assert check_tree(tree.root).codes == []
