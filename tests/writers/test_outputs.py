"""What is said of an output in one place, and that a new one needs no other."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Final

import pytest

from importer.cli.app import COMMANDS
from importer.investigation import Question, survey
from importer.places.named import place_of
from importer.plan.fidelity import OutputKind
from importer.writers import destinations
from importer.writers.outputs import OFFERED, REPORTED, Output
from importer.writers.selection import Choice, choose
from tests.images.generated import small_image, write_artifactory_folder
from tests.work.threads import threads

SCHEMA = Path(__file__).parents[2] / "schemas" / "scan-report.schema.json"


_OUTPUTS: Final = tuple(
    dict.fromkeys(
        each
        for module in iter_modules(destinations.__path__)
        for each in vars(import_module(f"{destinations.__name__}.{module.name}")).values()
        if isinstance(each, Output)
    )
)


def test_those_of_the_reports_have_their_destinations() -> None:
    assert {*REPORTED, *OFFERED} < {*_OUTPUTS}


@pytest.mark.parametrize("output", _OUTPUTS, ids=lambda output: output.name)
def test_each_output_has_a_command(output: Output) -> None:
    assert output.command in COMMANDS


def test_reports_say_of_the_outputs_of_their_schema_how_true_they_would_be() -> None:
    outputs = json.loads(SCHEMA.read_text())["$defs"]["image"]["properties"]["outputs"]
    assert [output.name for output in REPORTED] == outputs["required"] == list(outputs["properties"])


def test_what_is_offered_says_how() -> None:
    assert all(output.offer for output in OFFERED)


@pytest.mark.parametrize("needs_names", [False, True])
def test_an_output_that_nothing_else_knows_gets_its_images(tmp_path: Path, *, needs_names: bool) -> None:
    store = Output("containerd-store", OutputKind.ORIGINAL, needs_names=needs_names)
    image = small_image()
    write_artifactory_folder(image, tmp_path)
    plan = survey(Question((place_of(tmp_path),)), threads()).plan
    selection = choose(plan, Choice(), store)
    assert [each.plan.manifest_digest for each in selection.images] == ([] if needs_names else [image.manifest_digest])
    assert len(selection.refused) == int(needs_names)
