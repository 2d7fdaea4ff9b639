"""The quick half of checking a document against its schema: whether it conforms beyond doubt.

Nearly every document does, and loading the validator takes longer than a small scan. What is in doubt here
(a violation, a keyword that isn't known) is left to the validator, which also says what is wrong; so this may
be wrong in one direction only. JSON Schema draft 2020-12, Validation, section 6, and Core, section 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_TYPES: Final[Mapping[str, type]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "object": dict,
    "string": str,
}
_ANNOTATIONS: Final = frozenset({"$defs", "$id", "$schema", "description", "title"})


def conforms(value: object, schema: Schema, root: Schema | None = None) -> bool:
    """Whether a parsed JSON value is valid beyond doubt; False for one that the validator must decide on.

    Args:
        value: what ``json.loads`` gives.
        schema: what the value is held to.
        root: the whole schema, in which references are looked up; by default ``schema`` itself.
    """
    whole = schema if root is None else root
    return all(_holds(value, keyword, argument, schema, whole) for keyword, argument in schema.items())


def _holds(value: object, keyword: str, argument: object, schema: Schema, root: Schema) -> bool:
    if keyword in _ANNOTATIONS:
        return True
    check = _CHECKS.get(keyword)
    return check is not None and check(value, argument, schema, root)


def _type(value: object, names: str | list[str], _schema: Schema, _root: Schema) -> bool:
    return any(type(value) is _TYPES.get(name) for name in ([names] if isinstance(names, str) else names))


def _equal(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted


def _reference(value: object, pointer: str, _schema: Schema, root: Schema) -> bool:
    definition = root.get("$defs", {}).get(pointer.removeprefix("#/$defs/"))
    return definition is not None and conforms(value, definition, root)


def _properties(value: object, members: Mapping[str, Schema], _schema: Schema, root: Schema) -> bool:
    if not isinstance(value, dict):
        return True
    return all(conforms(value[name], member, root) for name, member in members.items() if name in value)


def _other_properties(value: object, member: Schema | bool, schema: Schema, root: Schema) -> bool:
    if not isinstance(value, dict):
        return True
    known = schema.get("properties", {})
    others = [content for name, content in value.items() if name not in known]
    return not others or (isinstance(member, dict) and all(conforms(other, member, root) for other in others))


def _items(value: object, item: Schema, _schema: Schema, root: Schema) -> bool:
    return not isinstance(value, list) or all(conforms(entry, item, root) for entry in value)


_CHECKS: Final[Mapping[str, Callable[[Any, Any, Schema, Schema], bool]]] = {
    "$ref": _reference,
    "additionalProperties": _other_properties,
    "const": lambda value, wanted, _schema, _root: _equal(value, wanted),
    "enum": lambda value, options, _schema, _root: any(_equal(value, option) for option in options),
    "items": _items,
    "maximum": lambda value, limit, _schema, _root: type(value) is int and value <= limit,
    "minItems": lambda value, least, _schema, _root: isinstance(value, list) and len(value) >= least,
    "minimum": lambda value, limit, _schema, _root: type(value) is int and value >= limit,
    "pattern": lambda value, pattern, _schema, _root: isinstance(value, str) and bool(re.search(pattern, value)),
    "properties": _properties,
    "required": lambda value, names, _schema, _root: isinstance(value, dict) and all(name in value for name in names),
    "type": _type,
}
