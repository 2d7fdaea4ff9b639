"""Foreign text as it can be shown: a file's name may hold anything, a report may not."""

from __future__ import annotations

import os
import re
import shlex
from typing import Final

# Halves of surrogate pairs, but for those that stand for a byte of a name: JSON can hold them, no output can.
_LONE_SURROGATES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def as_unicode(path: str) -> str:
    r"""The path as text that can be encoded: bytes that aren't UTF-8 become ``\xff``."""
    text = _LONE_SURROGATES.sub(lambda match: f"\\u{ord(match[0]):04x}", path)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def printable(text: str) -> str:
    """The text in printable characters alone, on one line: control characters are shown, not obeyed."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in as_unicode(text))


def for_shell(path: str) -> str:
    r"""The path as a shell takes it; what can't be printed is written ``$'\x1b'``, as bash and zsh read it.

    A relative path that begins with a dash would be taken for an option, and gets ``./`` before it.
    """
    return shell_word(f"./{path}" if path.startswith("-") else path)


def shell_word(word: str) -> str:
    """The word of a command, an option perhaps, as a shell takes it."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(_in_ansi_c(character) for character in word) + "'"


def _in_ansi_c(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
