"""Quoting for Dockerfiles.

Source: buildkit, frontend/dockerfile/parser/{parser,line_parsers}.go (lines and words) and
frontend/dockerfile/shell/lex.go (what quotes, backslashes and dollars mean). Docker's classic builder
uses the same code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

NEWLINE_ARGUMENT: Final = "BLOBFIX_NEWLINE"
"""The build argument that stands for a newline, which no Dockerfile can hold within a word."""

_NEWLINE: Final = f"${{{NEWLINE_ARGUMENT}:?}}"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:,@%+-]+")
_MEANT: Final = re.compile(r'[\\"$]')
# The parser takes lines of up to 65,535 bytes; a character has at most four.
_MAX_LINE: Final = 15_000


def quoted(text: str) -> str:
    """The text as one word, in double quotes; a newline becomes the build argument."""
    return _in_quotes(text).replace("\n", _NEWLINE)


def plain_or_quoted(text: str) -> str:
    """The text as one word, in quotes only when it needs them."""
    return text if _PLAIN.fullmatch(text) and not text.startswith("-") else quoted(text)


def json_words(texts: Iterable[str]) -> str:
    """The exec form: a JSON array, in which nothing is expanded."""
    return json.dumps(list(texts), ensure_ascii=False)


def json_paths(paths: Iterable[str]) -> str:
    """A JSON array whose elements are expanded after they were read, as VOLUME's are."""
    return json_words(path if _PLAIN.fullmatch(path) else _in_quotes(path) for path in paths)


def wrapped(line: str) -> str:
    """The instruction in lines that the parser takes; it joins them without a trace.

    Thousands of spaces, backslashes or # in a row stay in one line, which docker may refuse.
    """
    lines = []
    while len(line) > _MAX_LINE:
        end = next((at for at in range(_MAX_LINE, 0, -1) if _can_part(line, at)), len(line))
        lines.append(line[:end])
        line = line[end:]
    return "\\\n".join([*lines, line] if line else lines)


def _in_quotes(text: str) -> str:
    return '"' + _MEANT.sub(r"\\\g<0>", text) + '"'


def _can_part(line: str, at: int) -> bool:
    # A backslash would double the one that continues the line, a # would begin a comment, and space
    # at the ends of lines isn't kept by all versions.
    before, after = line[at - 1], line[at]
    return before != "\\" and after != "#" and not before.isspace() and not after.isspace()
