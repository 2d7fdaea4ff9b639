"""The quick check is held against the validator: what it lets through, the validator finds valid."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from importer.formats.schema_conformance import conforms
from importer.formats.schema_validation import SchemaName, load_schema
from tests.formats.test_schemas import BREAKS, BUILDERS, MORE_VALID, changed

_OF_IMAGES: Final = [name for name in SchemaName if not name.endswith("-report")]
_VALUES: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([2.0, 1.5, 2**63, 10**400]),
    st.sampled_from(["", "sha256:" + "0" * 64, "sha256:" + "A" * 64, "sha512:" + "0" * 128, "application/json", "a\n"]),
    st.sampled_from([[], {}, [None], {"": None}, [[]], {"digest": "sha256:0"}]),
)


@pytest.mark.parametrize(("name", "build"), [*((name, BUILDERS[name]) for name in _OF_IMAGES), *MORE_VALID])
def test_a_valid_document_of_an_image_needs_no_validator(name: SchemaName, build: Callable[[], Any]) -> None:
    assert conforms(build(), load_schema(name))


@pytest.mark.parametrize(("name", "pointer", "value"), [row[:3] for row in BREAKS])
def test_no_violation_conforms(name: SchemaName, pointer: str, value: object) -> None:
    assert not conforms(changed(BUILDERS[name](), pointer, value), load_schema(name))


@given(st.data())
def test_what_conforms_is_valid(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(_OF_IMAGES))
    document = copy.deepcopy(BUILDERS[name]())
    for _ in range(data.draw(st.integers(1, 3))):
        document = _with_something_else(document, data)
    if conforms(document, load_schema(name)):
        Draft202012Validator(load_schema(name)).validate(document)


def _with_something_else(value: Any, data: st.DataObject) -> Any:
    """The document with one value in it, at any depth, replaced, removed or added."""
    if not isinstance(value, dict | list) or not value or data.draw(st.integers(0, 4)) == 0:
        return copy.deepcopy(data.draw(_VALUES))
    key = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
    if data.draw(st.integers(0, 5)) == 0:
        del value[key]
    else:
        value[key] = _with_something_else(value[key], data)
    if isinstance(value, dict) and data.draw(st.integers(0, 5)) == 0:
        value["unknown"] = copy.deepcopy(data.draw(_VALUES))
    return value


def test_true_is_not_the_number_1() -> None:
    assert not conforms(True, {"const": 1})
    assert not conforms(1.0, {"type": "integer"})


def test_an_unknown_keyword_is_left_to_the_validator() -> None:
    assert not conforms({}, {"minProperties": 0})


def test_a_scan_loads_neither_the_validator_nor_processes(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"rootfs": {"type": "layers", "diff_ids": []}}')
    program = (
        "import sys; from importer.cli.main import main\n"
        "try: main()\n"
        "finally: print(sorted({'jsonschema', 'multiprocessing', 'typer'} & {*sys.modules}))"
    )
    call = [sys.executable, "-c", program, "scan", "-q", str(tmp_path)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("['typer']\n")
