"""How what a program gives becomes values, and what the system refuses an error of blobfix's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from importer.domain.digest import Digest
from importer.errors import BlobfixError, UsageError
from importer.places.changes import WritableStore
from importer.places.named import AnyPath, place_of

_Value = TypeVar("_Value")


def places_of(given: Iterable[AnyPath]) -> tuple[WritableStore, ...]:
    """The places in a list; raises UsageError."""
    return tuple(map(place_of, several(given)))


def several(given: Iterable[_Value]) -> Iterable[_Value]:
    """What was given, if it is more than one thing; raises UsageError."""
    if isinstance(given, str | bytes | os.PathLike):
        raise UsageError(f"{given!r}: must be a list, even for a single item")
    return given


def digest_of(text: str) -> Digest:
    """The digest; raises UsageError."""
    return _parsed(Digest.parse, text)


def value_of(parse: Callable[[str], _Value], text: str | None) -> _Value | None:
    """What the text says, if there is one; raises UsageError."""
    return None if text is None else _parsed(parse, text)


def _parsed(parse: Callable[[str], _Value], text: str) -> _Value:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


@contextmanager
def typed(kind: type[BlobfixError]) -> Iterator[None]:
    """What the system refuses becomes an error of blobfix's own."""
    try:
        yield
    except OSError as error:
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        raise kind(f"{place}{error.strerror or error}") from error
    except ValueError as error:
        # A path with a NUL, or one that the file system can't spell.
        raise UsageError(str(error)) from error
