"""Every output has one shape."""

from __future__ import annotations

import dataclasses
import pickle
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from importer.errors import UsageError
from importer.places.named import place_of
from importer.writers import destinations
from importer.writers.destinations.build_context import BuildContext
from importer.writers.destinations.docker_tar import DockerTar
from importer.writers.destinations.oci_layout import OciLayout
from importer.writers.destinations.registry_tree import RegistryTree

MODULES = {module.name for module in iter_modules(destinations.__path__)}
PLACES = [DockerTar, RegistryTree, OciLayout, BuildContext]


def test_each_module_has_its_destination() -> None:
    names = {place.__module__.rpartition(".")[2] for place in PLACES}
    assert names == MODULES
    assert all(import_module(f"{destinations.__name__}.{name}").__doc__ for name in MODULES)


@pytest.mark.parametrize("place", PLACES)
def test_a_destination_is_a_value(place: type[DockerTar]) -> None:
    first, second = place("here"), place("here")
    assert first == second
    assert hash(first) == hash(second)
    assert pickle.loads(pickle.dumps(first)) == first
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.path = "there"  # type: ignore[misc]


@pytest.mark.parametrize("place", PLACES)
def test_no_destination_lies_in_the_input(place: type[DockerTar], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="inputs are never changed"):
        place(tmp_path / "in" / "out").check([place_of(tmp_path / "in")])
    place(tmp_path / "out").check([place_of(tmp_path / "in")])
    assert not [*tmp_path.iterdir()]
