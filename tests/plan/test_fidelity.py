"""How true an output would be, and for whose docker."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.domain.platform import Host, Platform
from importer.plan.fidelity import Fidelity, OutputKind, docker_child, fidelity, obstacles
from importer.plan.flaws import ForeignSystem
from importer.plan.images import ImageIndex, ImagePlan
from tests.images.generated import index_of, small_image, write_artifactory_folder
from tests.rules.workshop import case_of

LINUX = Host(Platform("linux", "amd64"))
WINDOWS = Host(Platform("linux", "amd64"), is_windows=True)


def planned(folder: Path) -> ImagePlan:
    """The one image, or the index that no other lists."""
    (image,) = (image for image in case_of(folder).plan.images if not image.parents)
    return image


def outputs(image: ImagePlan, host: Host = LINUX) -> tuple[Fidelity, ...]:
    return tuple(fidelity(image, kind, host) for kind in (OutputKind.ORIGINAL, OutputKind.DOCKER))


ONLY_TREE = (Fidelity.EXACT, Fidelity.NONE)
BOTH = (Fidelity.EXACT, Fidelity.EXACT)


def test_a_windows_image_is_loaded_on_windows_alone(tmp_path: Path) -> None:
    plan = planned(write_artifactory_folder(small_image(os="windows"), tmp_path))
    assert obstacles(plan, LINUX) == (ForeignSystem("windows"),)
    assert (outputs(plan), outputs(plan, WINDOWS)) == (ONLY_TREE, BOTH)


@pytest.mark.parametrize("os", ["freebsd", "Linux", "unknown"])
def test_an_image_for_a_system_that_docker_does_not_know_is_loaded_nowhere(tmp_path: Path, os: str) -> None:
    plan = planned(write_artifactory_folder(small_image(os=os), tmp_path))
    assert obstacles(plan, WINDOWS) == (ForeignSystem(os),)
    assert (outputs(plan), outputs(plan, WINDOWS)) == (ONLY_TREE, ONLY_TREE)


def test_of_several_platforms_docker_gets_the_hosts(tmp_path: Path) -> None:
    amd, arm = small_image(), small_image(architecture="arm64")
    for image in (amd, arm):
        write_artifactory_folder(image, tmp_path / image.architecture)
    content = index_of((amd.manifest, "linux/amd64"), (arm.manifest, "linux/arm64"))
    (tmp_path / "list.manifest.json").write_bytes(content)
    index = planned(tmp_path)
    assert isinstance(index, ImageIndex)
    for architecture in ("amd64", "arm64"):
        child = docker_child(index, Host(Platform("linux", architecture)))
        assert child
        assert child.platform == Platform("linux", architecture)
    assert docker_child(index, Host(Platform("linux", "s390x"))) is None
