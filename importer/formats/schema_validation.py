"""Checks a JSON document against its schema, and words each violation for people.

The schemas are in the repository's ``schemas`` folder, one per format, and name their sources:
the OCI image-spec and Docker's "Image Manifest Version 2, Schema 2".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from importer.formats.schema_conformance import conforms

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

_MAX_FOUND: Final = 80
_MAX_EXAMINED: Final = 200
"""Violations that are looked at; a hostile document has a million."""


class SchemaName(StrEnum):
    """The formats that have a schema; the value is its file's name up to ``.schema.json``."""

    DOCKER_MANIFEST = "docker-manifest"
    DOCKER_MANIFEST_LIST = "docker-manifest-list"
    DOCKER_SAVE_MANIFEST = "docker-save-manifest"
    DOCKER_SCHEMA1 = "docker-schema1"
    IMAGE_CONFIG = "image-config"
    OCI_INDEX = "oci-index"
    OCI_MANIFEST = "oci-manifest"
    SCAN_REPORT = "scan-report"
    TREE_REPORT = "tree-report"


@dataclass(frozen=True, slots=True)
class SchemaViolation:
    """One place where a document violates its schema.

    Attributes:
        pointer: where, as a JSON pointer (RFC 6901); "" is the whole document. For a missing member, where
            it should be. It may hold names from the document, unescaped for terminals.
        expected: what should be there, in plain words.
        found: what is there: short and in printable ASCII.
    """

    pointer: str
    expected: str
    found: str


class _Missing:
    """Stands for the value of a member that isn't there; it is of no JSON type."""


def load_schema(schema: SchemaName) -> dict[str, Any]:
    """Read a schema from the installed package, or from the source tree."""
    text = (_folder() / f"{schema}.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def violations(value: object, schema: SchemaName, limit: int = 20) -> tuple[SchemaViolation, ...]:
    """List a parsed JSON document's violations of a schema, in the document's order; empty when it is valid.

    A document with hundreds of violations is not examined to its end.
    """
    if conforms(value, _loaded(schema)):
        return ()
    validator = _validator(schema)
    try:
        errors = list(islice(validator.iter_errors(value), _MAX_EXAMINED))
        errors.sort(key=lambda error: (_document_order(value, error), str(error.validator)))
        return tuple(dict.fromkeys(_violation(error) for error in errors))[:limit]
    except (RecursionError, ValueError):
        # The validator renders what it rejects, and Python renders neither very deep nor very long values.
        return (SchemaViolation("", "a document of ordinary depth and with numbers of ordinary length", _kind(value)),)


def _folder() -> Traversable:
    try:
        return resources.files("importer.schemas")
    except ModuleNotFoundError:
        return Path(__file__).resolve().parents[2] / "schemas"


@cache
def _loaded(schema: SchemaName) -> dict[str, Any]:
    return load_schema(schema)


@cache
def _validator(schema: SchemaName) -> Draft202012Validator:
    # Imported late: it takes longer than a small scan, and most documents conform.
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    extend: Callable[..., type[Draft202012Validator]] = validators.extend
    strict = extend(Draft202012Validator, validators={"required": _required}, type_checker=types)
    return strict(_loaded(schema))


def _is_integer(_checker: object, value: object) -> bool:
    """As in Go's decoder, to which 1.0 is no integer (encoding/json, ``literalStore``)."""
    return isinstance(value, int) and not isinstance(value, bool)


def _required(
    validator: Draft202012Validator, names: Sequence[str], value: object, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Report a missing member where it should be, in the words of its own schema."""
    if not isinstance(value, dict):
        return
    for name in names:
        if name not in value:
            yield from validator.descend(_Missing(), schema["properties"][name], path=name, schema_path=name)


def _document_order(value: object, error: ValidationError) -> tuple[int, ...]:
    order = []
    for step in error.absolute_path:
        if isinstance(value, dict):
            names = list(value)
            order.append(names.index(step) if step in value else len(names))
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            order.append(step)
            value = value[step]
    return tuple(order)


def _violation(error: ValidationError) -> SchemaViolation:
    pointer = "".join(f"/{_escaped(str(step))}" for step in error.absolute_path)
    return SchemaViolation(pointer, _expected(error), _found(error.instance))


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _expected(error: ValidationError) -> str:
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        return f"no members but {', '.join(schema['properties'])}"
    return str(schema["description"])


def _found(value: object) -> str:
    if isinstance(value, (dict, list, _Missing)):
        return _kind(value)
    shown = json.dumps(value[:_MAX_FOUND] if isinstance(value, str) else value)
    return shown if len(shown) <= _MAX_FOUND else f"{shown[: _MAX_FOUND - 3]}..."


def _kind(value: object) -> str:
    if isinstance(value, _Missing):
        return "nothing"
    if isinstance(value, dict):
        return f"an object, members: {len(value)}"
    if isinstance(value, list):
        return f"a list, entries: {len(value)}"
    return f"a {type(value).__name__}"
