"""Reading a Dockerfile as docker does: a second opinion on the quoting, after buildkit's Go code.

Sources: frontend/dockerfile/parser/parser.go (lines), line_parsers.go (words), frontend/dockerfile/shell/lex.go
(quotes, backslashes, dollars), of the version in docker 20.10.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_MAX_LINE = 65_535
_CONTINUED = re.compile(r"\\[ \t]*$")


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions, each with the rest of its line, after continued lines are joined."""
    physical = iter(text.split("\n"))
    logical = []
    for first in physical:
        assert len(first.encode()) < _MAX_LINE
        if first.lstrip().startswith("#") or not first.strip():
            continue
        line = first.lstrip()
        while _CONTINUED.search(line):
            line = _CONTINUED.sub("", line)
            following = next(physical)
            assert len(following.encode()) < _MAX_LINE
            if not following.startswith("#") and following.strip():
                line += following
        logical.append(line.removesuffix("\r").strip())
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in logical)]


def words(rest: str) -> list[str]:
    """Split at white space outside quotes, as ENV and LABEL do; quotes and backslashes stay."""
    found, word, quote, at = [], "", "", 0
    while at < len(rest):
        character = rest[at]
        if not quote and character.isspace():
            found += [word] if word else []
            word = ""
        elif character == "\\" and quote != "'":
            word += rest[at : at + 2]
            at += 1
        else:
            quote = _quote_after(quote, character)
            word += character
        at += 1
    return found + ([word] if word else [])


def _quote_after(quote: str, character: str) -> str:
    if quote:
        return "" if character == quote else quote
    return character if character in "\"'" else ""


def expanded(word: str, variables: Mapping[str, str]) -> str:
    """What a word means."""
    result, quote, at = "", "", 0
    while at < len(word):
        character = word[at]
        if character == "\\" and quote != "'":
            escaped = word[at + 1 : at + 2]
            result += escaped if not quote or escaped in ("\\", '"', "$") else "\\" + escaped
            at += 1
        elif character == "$" and quote != "'":
            match = re.compile(r"\$\{(\w+):\?\}").match(word, at)
            assert match, f"a bare $ at {at} of {word!r}"
            result += variables[match[1]]
            at = match.end() - 1
        elif _quote_after(quote, character) != quote:
            quote = _quote_after(quote, character)
        else:
            result += character
        at += 1
    assert not quote
    return result


def pairs(rest: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of an ENV or the labels of a LABEL."""
    divided = [word.partition("=") for word in words(rest)]
    return {expanded(name, variables): expanded(value, variables) for name, _, value in divided}


def json_list(rest: str) -> list[str]:
    """The exec form."""
    value: list[str] = json.loads(rest)
    return value
