from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from importer.report.json_report import json_text


@given(st.text())
def test_the_values_stay_and_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    written = json_text({"name": text, text: [text]})
    assert json.loads(written) == {"name": text, text: [text]}
    assert [char for char in written if unicodedata.category(char) in ("Cc", "Zl", "Zp") and char != "\n"] == []
    assert not set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(written)
