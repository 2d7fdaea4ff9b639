from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from importer.report.json_pieces import in_blocks, json_pieces, json_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
ITEMS = st.lists(VALUES, max_size=3)


@given(VALUES)
def test_the_form_is_that_of_the_standard_library(value: object) -> None:
    assert "".join(json_pieces(value, escaped=False)) == json.dumps(value, indent=2, ensure_ascii=False)


@given(ITEMS, ITEMS)
def test_generators_are_written_as_lists(one: list[object], two: list[object]) -> None:
    pieces = json_pieces({"a": (each for each in one), "b": ({"c": (each for each in two)} for _ in [0])})
    assert json.loads("".join(pieces)) == {"a": one, "b": [{"c": two}]}


def test_of_a_long_list_one_item_is_made_at_a_time() -> None:
    made: list[int] = []

    def items() -> Iterator[dict[str, int]]:
        for number in range(100_000):
            made.append(number)
            yield {"number": number}

    blocks = in_blocks(json_pieces({"items": items()}))
    assert len(next(blocks)) < 1 << 17
    assert len(made) < 10_000
    assert sum(1 for _ in blocks) > 10


@given(st.text())
def test_the_values_stay_and_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    written = json_text({"name": text, text: [text]})
    assert json.loads(written) == {"name": text, text: [text]}
    assert [char for char in written if unicodedata.category(char) in ("Cc", "Zl", "Zp") and char != "\n"] == []
    assert not set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(written)
