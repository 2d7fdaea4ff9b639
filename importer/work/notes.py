"""Values as notes and back: JSON of what frozen dataclasses have in their fields, by the types that these declare.

Unlike pickles, notes of strangers can't do anything.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def note_of(value: object) -> bytes:
    """The note of a value whose type is known when it is read."""
    return json.dumps(_plain(value), separators=(",", ":")).encode()


def value_of(note: bytes, kind: type[Value]) -> Value:
    """The value that a note is of; raises ValueError, TypeError or LookupError for one that is none of that type."""
    value: Value = _typed(json.loads(note), kind)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _typed(plain: Any, kind: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _of_union(plain, arguments)
    if origin is tuple:
        kinds = [arguments[0]] * len(plain) if arguments[-1] is Ellipsis else [*arguments]
        return tuple(_typed(each, one) for each, one in zip(plain, kinds, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        return {key: _typed(each, arguments[1]) for key, each in plain.items()}
    return _single(plain, kind)


def _of_union(plain: Any, kinds: tuple[Any, ...]) -> Any:
    if plain is None and NoneType in kinds:
        return None
    others = [kind for kind in kinds if kind is not NoneType]
    return _typed(plain, type(plain) if type(plain) in others else others[0])


def _single(plain: Any, kind: Any) -> Any:
    if issubclass(kind, Enum):
        return kind[plain]
    if is_dataclass(kind):
        make: Any = kind
        hints = _hints(make)
        return make(*(_typed(each, hints[field.name]) for each, field in zip(plain, fields(kind), strict=True)))
    if kind is bytes:
        return b64decode(plain, validate=True)
    if not isinstance(plain, kind):
        raise TypeError(f"{plain!r} is not {kind.__name__}")
    return plain


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
