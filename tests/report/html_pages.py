"""HTML pages read back: their elements, and the data of a table that a script makes."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "img", "input", "link", "hr"}


class Page(HTMLParser):
    """The elements of a page; fails when they aren't closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[int, str] = {}
        self._open: list[tuple[str, int]] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, len(self.elements) - 1))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, number in self._open:
            self.text[number] = self.text.get(number, "") + data

    def texts(self, tag: str, **wanted: str) -> list[str]:
        return [
            " ".join(self.text.get(number, "").split())
            for number, (name, attributes) in enumerate(self.elements)
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def table_of(text: str) -> dict[str, Any]:
    """The data of the table with a row for each image or repository."""
    (data,) = re.findall(r'<script type="application/json" id="overview-data">(.*?)</script>', text, re.DOTALL)
    table: dict[str, Any] = json.loads(data)
    return table


def without_policy(text: str) -> str:
    """The page without its content security policy: even so nothing but its own script may run."""
    return re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)


def framed(text: str, script: str, *, sandbox: str | None = None) -> str:
    """A page that shows another in a frame, and the JSON of what a script, a function's body, returns of ``page``."""
    limits = "" if sandbox is None else f' sandbox="{sandbox}"'
    return (
        f'<iframe{limits} srcdoc="{html.escape(text)}"></iframe><pre></pre><script>'
        f"const look = page => {{ {script} }};"
        "document.querySelector('iframe').onload = event => document.querySelector('pre').textContent ="
        " JSON.stringify(look(event.target.contentDocument))</script>"
    )


def result_of(dom: str) -> Any:
    """What the script of a framing page has returned."""
    (result,) = re.findall("<pre>(.*?)</pre>", dom, re.DOTALL)
    return json.loads(html.unescape(result))
