"""The options that commands which write images share: declared once, the same everywhere."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Annotated

import pytest

from importer.cli.app import COMMANDS
from importer.cli.requests import After, WriteOptions, with_write_options
from importer.writers.outputs import REPORTED

SHARED = [*inspect.signature(WriteOptions).parameters]
WRITERS = [
    function
    for name in (command.replace("-", "_") for command in COMMANDS)
    if "allow_new_digest"
    in inspect.signature(function := getattr(import_module(f"importer.cli.{name}"), name)).parameters
]


def test_all_commands_that_write_images_are_found() -> None:
    assert {"load", "push", "serve", *(output.command.replace("-", "_") for output in REPORTED)} <= {
        command.__name__ for command in WRITERS
    }


@pytest.mark.parametrize("command", WRITERS)
def test_shared_options_stand_in_the_same_order(command: object) -> None:
    names = [*inspect.signature(command).parameters]  # type: ignore[arg-type]
    shared = [name for name in names if name in SHARED]
    assert shared == [name for name in SHARED if name in names]
    assert names[0] == "paths"


def test_a_command_gets_them_as_one_value_and_its_own_where_they_belong() -> None:
    @with_write_options("names", "jobs")
    def command(options: WriteOptions, *, first: int, late: Annotated[int, After("select")] = 2) -> tuple[object, ...]:
        return options, first, late

    names = [*inspect.signature(command).parameters]
    assert names == [
        *("paths", "first", "name", "name_template", "select", "late", "platform"),
        *(name for name in SHARED[SHARED.index("platform") + 1 :] if name != "jobs"),
    ]
    given = {name: None for name in names if name in SHARED} | {"quiet": True}
    options, first, late = command(**given, first=1, late=3)
    assert isinstance(options, WriteOptions)
    assert (options.quiet, options.jobs, first, late) == (True, None, 1, 3)
