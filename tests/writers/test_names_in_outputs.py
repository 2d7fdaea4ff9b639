"""No image takes another one's name without a word: not in one run, and not from what is there already."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.blobfix import contents, leftovers
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo

OLD = make_image(sample_layers("old", 900))
NEW = make_image(sample_layers("new", 900))
WRITERS = ("to-registry-tree", "to-docker-tar", "to-oci-layout")


def folder_of(image: GeneratedImage, folder: Path) -> Path:
    """The image as it lies in Artifactory, under the name team/app:1."""
    write_artifactory_folder(image, folder / "team" / "app" / "1")
    return folder


class TestInOneRun:
    @pytest.mark.parametrize("command", WRITERS)
    def test_two_images_of_one_name_are_refused_and_both_are_named(self, command: str, tmp_path: Path) -> None:
        inputs = [folder_of(OLD, tmp_path / "a"), folder_of(NEW, tmp_path / "b")]
        outcome = run(command, *inputs, "-o", tmp_path / "out")
        assert outcome.code == 2
        assert "two images are called team/app:1: " in outcome.output
        assert f"manifest {OLD.manifest_digest} of " in outcome.output
        assert f"manifest {NEW.manifest_digest} of " in outcome.output
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]

    @pytest.mark.parametrize("command", WRITERS)
    def test_select_takes_either(self, command: str, tmp_path: Path) -> None:
        inputs = [folder_of(OLD, tmp_path / "a"), folder_of(NEW, tmp_path / "b")]
        outcome = run(command, *inputs, "-o", tmp_path / "out", "--select", str(NEW.manifest_digest))
        assert outcome.code == 0
        assert str(NEW.manifest_digest) in outcome.output

    @pytest.mark.parametrize("command", WRITERS)
    def test_a_name_counts_even_if_its_image_cant_be_written(self, command: str, tmp_path: Path) -> None:
        inputs = [folder_of(OLD, tmp_path / "a"), folder_of(NEW, tmp_path / "b")]
        next((tmp_path / "a").rglob(OLD.layer_digests[0].file_name)).unlink()
        assert run(command, *inputs, "-o", tmp_path / "out").code == 2

    @pytest.mark.parametrize("command", WRITERS)
    def test_one_image_that_is_here_twice_is_none_of_two(self, command: str, tmp_path: Path) -> None:
        inputs = [folder_of(OLD, tmp_path / "a"), folder_of(OLD, tmp_path / "b")]
        assert run(command, *inputs, "-o", tmp_path / "out").code == 0

    def test_a_host_makes_two_names_for_docker_and_one_in_a_registrys_storage(self, tmp_path: Path) -> None:
        for image, host in ((OLD, "one.example"), (NEW, "two.example")):
            layout = tmp_path / "in" / host
            source = folder_of(image, tmp_path / host)
            assert run("to-oci-layout", source, "-o", layout, "-n", f"{host}/team/app:1").code == 0
        assert run("to-docker-tar", tmp_path / "in", "-o", tmp_path / "image.tar").code == 0
        outcome = run("to-registry-tree", tmp_path / "in", "-o", tmp_path / "tree")
        assert outcome.code == 2
        assert "two images are called" in outcome.output

    def test_the_same_tag_of_two_repositories_has_two_names_in_a_layout(
        self, skopeo: Skopeo, serve_registry: Callable[..., DockerRegistry], tmp_path: Path
    ) -> None:
        write_artifactory_folder(OLD, tmp_path / "in" / "team" / "app" / "1")
        write_artifactory_folder(NEW, tmp_path / "in" / "team" / "db" / "1")
        layout = tmp_path / "layout"
        outcome = run("to-oci-layout", tmp_path / "in", "-o", layout, "--oci-media-types")
        assert outcome.code == 0
        assert f"skopeo copy --all oci:{layout}:team/app:1 docker://REGISTRY/team/app:1" in outcome.output
        registry = serve_registry(tmp_path / "registry")
        for name, image in (("team/app:1", OLD), ("team/db:1", NEW)):
            skopeo.copy(f"oci:{layout}:{name}", f"docker://{registry.host}/{name}", "--all")
            config = json.loads(registry.manifest(*name.split(":")))["config"]["digest"]
            assert config == str(image.image_id)
        before = contents(layout)
        assert run("to-oci-layout", tmp_path / "in", "-o", layout, "--oci-media-types").code == 0
        assert contents(layout) == before

    def test_a_layout_with_dockers_types_says_what_old_skopeos_need(self, tmp_path: Path) -> None:
        write_artifactory_folder(OLD, tmp_path / "in" / "team" / "app" / "1")
        write_artifactory_folder(NEW, tmp_path / "in" / "team" / "app" / "2")
        outcome = run("to-oci-layout", tmp_path / "in", "-o", tmp_path / "layout")
        assert "(skopeo before 1.19 finds this image only in a layout that was written with --oci-media-types)" in (
            outcome.output
        )


@pytest.mark.parametrize("command", ["to-registry-tree", "to-oci-layout"])
class TestInAnOutputThatIsThere:
    @pytest.fixture
    def output(self, command: str, tmp_path: Path) -> Path:
        """What was written of the old image."""
        assert run(command, folder_of(OLD, tmp_path / "old"), "-o", tmp_path / "out").code == 0
        return tmp_path / "out"

    def test_a_tag_of_another_image_is_said_and_stays(self, command: str, output: Path, tmp_path: Path) -> None:
        before = contents(output)
        outcome = run(command, folder_of(NEW, tmp_path / "new"), "-o", output)
        assert outcome.code == 2
        assert f"team/app:1 named {OLD.manifest_digest} before" in outcome.output
        assert "--replace-tags" in outcome.output
        assert contents(output) == before
        assert leftovers(output) == []

    def test_replace_tags_says_it_and_moves_the_tag(self, command: str, output: Path, tmp_path: Path) -> None:
        outcome = run(command, folder_of(NEW, tmp_path / "new"), "-o", output, "--replace-tags")
        assert outcome.code == 0
        assert f"team/app:1 named {OLD.manifest_digest} before" in outcome.output
        again = run(command, folder_of(NEW, tmp_path / "new"), "-o", output)
        assert again.code == 0
        assert "before" not in again.output

    def test_the_same_command_again_changes_nothing(self, command: str, output: Path, tmp_path: Path) -> None:
        before = contents(output)
        outcome = run(command, tmp_path / "old", "-o", output)
        assert (outcome.code, contents(output)) == (0, before)

    def test_another_tag_goes_beside_it(self, command: str, output: Path, tmp_path: Path) -> None:
        outcome = run(command, folder_of(NEW, tmp_path / "new"), "-o", output, "-n", "team/app:2")
        assert outcome.code == 0
        assert "named sha256" not in outcome.output


def test_a_layout_of_skopeos_knows_an_image_by_its_tag_alone(tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    assert run("to-oci-layout", folder_of(OLD, tmp_path / "old"), "-o", layout).code == 0
    index = json.loads((layout / "index.json").read_text())
    del index["manifests"][0]["annotations"]["io.containerd.image.name"]
    (layout / "index.json").write_text(json.dumps(index))
    outcome = run("to-oci-layout", folder_of(NEW, tmp_path / "new"), "-o", layout)
    assert outcome.code == 2
    assert f"team/app:1 named {OLD.manifest_digest} before" in outcome.output


def test_a_tag_link_that_names_nothing_is_written_over(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    assert run("to-registry-tree", folder_of(OLD, tmp_path / "old"), "-o", tree).code == 0
    (link,) = tree.rglob("current/link")
    link.write_bytes(b"")
    assert run("to-registry-tree", folder_of(NEW, tmp_path / "new"), "-o", tree).code == 0
    assert link.read_text() == str(NEW.manifest_digest)
