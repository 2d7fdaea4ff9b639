"""Texts that a program laid out anew are found again in the form of whoever wrote them first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from importer.recovery.blobs.restoration import restorations

VALUE: dict[str, Any] = {"name": "Zoë <z@example.org>", "list": [1.50, "a", {}], "none": None, "nested": {"x": [[]]}}
WRITERS = {
    "docker": lambda: json.dumps(VALUE, indent=3),
    "BuildKit": lambda: json.dumps(VALUE, indent=2),
    "compact": lambda: json.dumps(VALUE, separators=(",", ":")),
    "tabs": lambda: json.dumps(VALUE, indent="\t"),
    "Python": lambda: json.dumps(VALUE, ensure_ascii=False),
}
VIEWERS = {"re-indented": {"indent": 8}, "compacted": {"separators": (",", ":")}, "in one line": {"indent": None}}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("viewer", VIEWERS)
def test_the_first_form_is_among_the_candidates(writer: str, viewer: str) -> None:
    original = WRITERS[writer]().replace("\\u00eb", "ë").encode()
    shown: Any = VIEWERS[viewer]
    changed = json.dumps(json.loads(original), ensure_ascii=False, **shown).encode()
    assert original in {changed, *(each.content for each in restorations(changed))}
