"""Which of several images a command writes, and what it says of each other one."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from importer.domain.platform import Platform
from importer.errors import UsageError
from importer.investigation import Question, survey
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.plan.images import Plan
from importer.progress import SilentProgress
from importer.writers.outputs import DOCKER_TAR, REGISTRY_TREE
from importer.writers.registry_tree import RegistryTree
from importer.writers.selection import Choice, choose
from importer.writers.verifying_reader import VerifyingReader
from tests.blobfix import contents
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run
from tests.work.threads import threads

NAMED = make_image(sample_layers("named", 900))
OTHER = make_image(sample_layers("other", 900), architecture="arm64")
TREE = "to-registry-tree"


OPENER = Opener()
READER = VerifyingReader(OPENER)


def plan_of(folder: Path) -> Plan:
    return survey(Question((place_of(folder),)), threads(opener=OPENER)).plan


def write_nameless(image: GeneratedImage, folder: Path) -> None:
    """An image whose place tells no name."""
    write_artifactory_folder(image, folder / str(image.image_id.hex[:8]).upper())


def test_a_selection_is_a_value(tmp_path: Path) -> None:
    write_artifactory_folder(NAMED, tmp_path / "team" / "app" / "1")
    write_nameless(OTHER, tmp_path)
    selection = choose(plan_of(tmp_path), Choice(), REGISTRY_TREE, READER)
    assert selection == choose(plan_of(tmp_path), Choice(), REGISTRY_TREE, READER)
    assert [refusal.image.image_id for refusal in selection.refused] == [OTHER.image_id]


class TestNames:
    def test_one_without_a_name_among_named_ones_is_named_by_its_digest(self, tmp_path: Path) -> None:
        write_artifactory_folder(NAMED, tmp_path / "in" / "team" / "app" / "1")
        write_nameless(OTHER, tmp_path / "in")
        outcome = run(TREE, tmp_path / "in", "-o", tmp_path / "tree")
        assert outcome.code == 4
        assert f"Not written: image {OTHER.manifest_digest.short}: a registry needs a name" in outcome.output
        assert [path.read_text() for path in tmp_path.rglob("current/link")] == [str(NAMED.manifest_digest)]

    def test_when_none_has_a_name_the_call_is_wrong(self, tmp_path: Path) -> None:
        for image in (NAMED, OTHER):
            write_nameless(image, tmp_path / "in")
        outcome = run(TREE, tmp_path / "in", "-o", tmp_path / "tree")
        assert outcome.code == 2
        assert outcome.output.count("Not written: ") == 2
        assert not (tmp_path / "tree").exists()

    def test_one_alone_is_told_how_to_name_it(self, tmp_path: Path) -> None:
        write_nameless(NAMED, tmp_path / "in")
        outcome = run(TREE, tmp_path / "in", "-o", tmp_path / "tree")
        assert outcome.code == 2
        assert "--name team/app:1.4" in outcome.output
        assert "Not written" not in outcome.output


class TestPlatforms:
    @pytest.fixture
    def both(self, tmp_path: Path) -> Path:
        write_artifactory_folder(NAMED, tmp_path / "in" / "team" / "app" / "1")
        write_artifactory_folder(OTHER, tmp_path / "in" / "team" / "app" / "2")
        return tmp_path / "in"

    def test_those_of_another_platform_are_named(self, both: Path, tmp_path: Path) -> None:
        outcome = run(TREE, both, "-o", tmp_path / "tree", "--platform", "linux/arm64")
        assert outcome.code == 4
        assert "Not written: team/app:1 is for linux/amd64, not for linux/arm64" in outcome.output
        assert [path.read_text() for path in tmp_path.rglob("current/link")] == [str(OTHER.manifest_digest)]

    def test_a_platform_of_none_is_wrong_usage(self, both: Path, tmp_path: Path) -> None:
        selection = choose(plan_of(both), Choice(platform=Platform.parse("linux/s390x")), DOCKER_TAR, READER)
        assert selection.images == ()
        assert all(refusal.is_usage for refusal in selection.refused)
        assert run("to-docker-tar", both, "-o", tmp_path / "a.tar", "--platform", "linux/s390x").code == 2


def test_one_whose_layers_docker_would_refuse_is_left_out_of_a_docker_tar(tmp_path: Path) -> None:
    write_artifactory_folder(NAMED, tmp_path / "in" / "team" / "app" / "1")
    wrong = make_image(sample_layers("wrong", 900), "zstd", docker=False)
    config = wrong.config.replace(wrong.diff_ids[-1].hex.encode(), wrong.diff_ids[0].hex.encode())
    write_artifactory_folder(wrong.with_config(config), tmp_path / "in" / "team" / "app" / "2")
    outcome = run("to-docker-tar", tmp_path / "in", "-o", tmp_path / "images.tar")
    assert outcome.code == 4
    assert "Not written: team/app:2 contradicts itself: layer 3 " in outcome.output
    with tarfile.open(tmp_path / "images.tar") as tar:
        (entry,) = json.load(tar.extractfile("manifest.json") or io.BytesIO())
    assert entry["RepoTags"] == ["docker.io/team/app:1"]


def test_a_tag_that_another_program_gave_meanwhile_is_not_moved(tmp_path: Path) -> None:
    first, second = (make_image(sample_layers(seed, 9_000)) for seed in ("first", "second"))
    for image, folder in ((first, tmp_path / "first"), (second, tmp_path / "second")):
        write_artifactory_folder(image, folder / "team" / "app" / "1.4")
    root = tmp_path / "registry"
    images = choose(plan_of(tmp_path / "second"), Choice(), REGISTRY_TREE, READER).images
    with RegistryTree.opened(FolderStore(root), READER, SilentProgress(), Durability()) as late:
        assert late.moved_tags(images) == ()
        assert run("to-registry-tree", tmp_path / "first", "-o", root).code == 0
        before = contents(root)
        with pytest.raises(UsageError, match=f"team/app:1.4 named {first.manifest_digest} before.*--replace-tags"):
            late.write(images, replace_tags=False)
    assert contents(root) == before
