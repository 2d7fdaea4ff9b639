"""What is meant when the first word isn't a command: a path to look at, or a word that is nearly one."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Final

from importer.domain.reference import Reference
from importer.errors import UsageError
from importer.places.named import is_an_address
from importer.words.printable import printable, shell_word

_OWN_OPTIONS: Final = frozenset({"--version", "-h", "--help", "--install-completion", "--show-completion"})
"""The options of the program itself; all others are a command's."""

_LIKENESS: Final = 0.6
_SEPARATORS: Final = tuple(filter(None, (os.sep, os.altsep)))
_LIST: Final = "`blobfix --help` lists the commands"


def with_command(arguments: Sequence[str], commands: Collection[str]) -> list[str]:
    """The arguments, with ``scan`` before them where a PATH or an option of scan comes first.

    Raises UsageError, with what may have been meant, for a word that is neither a command nor a path.
    """
    first = arguments[0] if arguments else None
    if first is None or first in _OWN_OPTIONS or first in commands:
        return list(arguments)
    if first.startswith("-"):
        # An option before a command's name is that command's, and told so where the options are read.
        return list(arguments) if any(word in commands for word in arguments) else ["scan", *arguments]
    if is_an_address(first) or os.path.lexists(first):
        return ["scan", *arguments]
    raise UsageError(_what_may_be_meant(first, arguments[1:], commands))


def _what_may_be_meant(word: str, others: Sequence[str], commands: Collection[str]) -> str:
    if "://" in word:
        return (
            f"{printable(word)} is an address, and no path; to download from there: "
            f"blobfix pull {shell_word(word)} -o downloads"
        )
    from difflib import get_close_matches  # noqa: PLC0415 (only a mistake needs it)

    if near := get_close_matches(word.lower(), commands, n=1, cutoff=_LIKENESS):
        meant = " ".join(["blobfix", near[0], *map(shell_word, others)])
        return f"{printable(word)} is neither a command nor a path here; did you mean: {meant}"
    if _has_host(word):
        return (
            f"{printable(word)} is not a path here; if it is an image in a registry, this downloads it: "
            f"blobfix pull {shell_word(word)} -o downloads"
        )
    if any(separator in word for separator in _SEPARATORS):
        return f"{printable(word)}: there is no such file or folder"
    return f"{printable(word)} is neither a command nor a path here; {_LIST}"


def _has_host(word: str) -> bool:
    try:
        return Reference.parse(word.partition("@")[0]).host is not None and not word.startswith(".")
    except ValueError:
        return False
