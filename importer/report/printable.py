"""Names as they can be shown: a file name may hold anything, a report may not."""

from __future__ import annotations


def as_unicode(path: str) -> str:
    r"""The path as text that can be encoded: bytes that aren't UTF-8 become ``\xff``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def for_terminal(text: str) -> str:
    """The text in printable characters alone: control characters are shown, not obeyed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in as_unicode(text))
