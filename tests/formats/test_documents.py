"""Documents keep their JSON compressed, and give it as it was."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from importer.formats.documents import parse_document

_TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3), max_leaves=8
)


@given(_VALUES)
def test_value_is_what_was_parsed(labels: Any) -> None:
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}, "x": labels}
    value = parse_document(json.dumps(config).encode()).value
    assert json.dumps(value) == json.dumps(config)


def test_many_steps_of_a_history_take_little_memory() -> None:
    steps = [{"created_by": f"RUN step {number}", "empty_layer": True} for number in range(1000)]
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}, "history": steps}
    document = parse_document(json.dumps(config).encode())
    assert document.packed is not None
    assert len(document.packed) < len(json.dumps(config)) / 4
