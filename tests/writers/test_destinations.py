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
from importer.writers.destinations.docker_tar import DockerTar

MODULES = [import_module(f"{destinations.__name__}.{module.name}") for module in iter_modules(destinations.__path__)]
DESTINATIONS = {
    module: [
        each
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__ and {"check", "opened"} <= {*dir(each)}
    ]
    for module in MODULES
}
PLACES = [
    each
    for found in DESTINATIONS.values()
    for each in found
    if dataclasses.is_dataclass(each) and "path" in {field.name for field in dataclasses.fields(each)}
]


def test_each_module_has_its_destination() -> None:
    assert all(found and module.__doc__ for module, found in DESTINATIONS.items())
    assert {"DockerTar", "RegistryTree", "OciLayout", "BuildContext"} <= {place.__name__ for place in PLACES}


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
