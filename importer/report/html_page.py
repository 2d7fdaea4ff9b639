"""What all HTML reports have in common: one page that needs no network, and in which no name can break out."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import importer
from importer.report.page import Paper
from importer.words.printable import printable
from importer.words.text import Size

_PIECES: Final = 256
"""So many pieces of the template are written at once."""

_IN_A_SCRIPT: Final = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})
"""What could end a script element, or a line in it; inside of JSON's strings the escapes mean the same."""


def print_page(template: str, paper: Paper, scripts: Sequence[str], content: dict[str, Any]) -> None:
    """Print a page piece by piece, as its template comes to it.

    Args:
        template: its name.
        paper: takes the page.
        scripts: names of the scripts that the page runs.
        content: what the template asks for.
    """
    script = "".join(_resource(name) for name in scripts)
    page = (
        _environment()
        .get_template(template)
        .stream(
            **content,
            made=paper.made,
            version=importer.__version__,
            style=Markup(_resource("report.css")),  # noqa: S704 (part of the program)
            script=Markup(script),  # noqa: S704 (part of the program)
            # Whatever might slip into the page, a browser runs this one script and nothing else.
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            Size=Size,
        )
    )
    page.enable_buffering(_PIECES)
    for piece in page:
        paper.write(piece)
    paper.write("\n")


def json_in_page(value: Any) -> Markup:
    """JSON for a script element that holds data; each text in it is as printable as all of the page."""
    text = json.dumps(_all_printable(value), ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_IN_A_SCRIPT))  # noqa: S704 (nothing in it can end the element)


def _all_printable(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {printable(key): _all_printable(member) for key, member in value.items()}
        case list() | tuple():
            return [_all_printable(member) for member in value]
    return value


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("importer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _printable(value: Any) -> Any:
    """Names without control characters, and without marks that turn the direction of writing."""
    return value if isinstance(value, Markup) else printable(str(value))


def _resource(name: str) -> str:
    return files("importer.report").joinpath("templates", name).read_text(encoding="utf-8")
