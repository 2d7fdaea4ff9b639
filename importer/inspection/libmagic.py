"""What libmagic makes of content that our own signatures don't know: a PDF, a program, a picture.

The library comes with the pylibmagic wheel where there is one, else from the system. Without it
nothing is lost but a better word in a message.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache

from importer.formats.error_pages import quote


def describe(head: bytes) -> str:
    """What the first bytes of a file are, in libmagic's words; empty when it can't tell or isn't here."""
    ask = _library()
    if ask is None:
        return ""
    description = ask(head)
    return "" if description == "data" else quote(description)


def is_available() -> bool:
    """Whether libmagic could be loaded; asking loads it."""
    return _library() is not None


@cache
def _library() -> Callable[[bytes], str] | None:
    # Loading takes as long as hashing 50 MB, and most downloads hold nothing that needs it.
    with suppress(ImportError):
        import pylibmagic  # noqa: F401, PLC0415 (its import puts the library where magic finds it)
    try:
        import magic  # noqa: PLC0415

        library = magic.Magic()
    except (ImportError, OSError, AttributeError):
        return None

    def ask(head: bytes) -> str:
        try:
            return str(library.from_buffer(head))
        except magic.MagicException:
            return ""

    return ask
