"""What the progress display says, by the width that there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.cli.progress_line import Stretch, amount, duration, line_of

READING = Stretch("Reading", 1_200_000_000, 3_400_000_000, 480_000_000, 4)


def words(width: int) -> str:
    return line_of(READING, width, has_unicode=True)[0]


def test_everything_is_told_where_there_is_room() -> None:
    assert words(60) == "Reading · 1.2 of 3.4 GB · 35 % · 480 MB/s · 4 s left"


def test_what_says_least_goes_first() -> None:
    assert words(45) == "Reading · 35 % · 480 MB/s · 4 s left"
    assert words(30) == "Reading · 35 % · 4 s left"
    assert words(20) == "Reading · 35 %"
    assert words(8) == "Reading"


def test_the_bar_shows_the_share_in_what_is_left_of_the_line() -> None:
    said, done, rest = line_of(READING, 100, has_unicode=True)
    assert len(f"{said} {done}{rest}") == 100
    assert len(done) / len(done + rest) == pytest.approx(1.2 / 3.4, abs=0.05)


def test_work_of_unknown_size_has_neither_share_nor_bar() -> None:
    assert line_of(Stretch("Reading links", 0, None), 80, has_unicode=True) == ("Reading links", "", "")
    assert line_of(Stretch("Reading links", 5000, None), 80, has_unicode=True)[0] == "Reading links · 5.0 kB"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.7, "1 h 0 min"),
        (6000, "1 h 40 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_unit_is_named_once_only_where_it_is_the_same() -> None:
    assert amount(1_200_000_000, 3_400_000_000) == "1.2 of 3.4 GB"
    assert amount(12_000_000, 3_400_000_000) == "12 MB of 3.4 GB"


@given(
    st.builds(
        Stretch,
        st.sampled_from(["Reading", "Recompressing sha256:1a91fa2446d1, try 1"]),
        st.integers(0, 1 << 50),
        st.none() | st.integers(1, 1 << 50),
        st.none() | st.floats(0, 1e12),
        st.none() | st.floats(0, 1e7),
    ),
    st.integers(1, 200),
    st.booleans(),
)
def test_a_line_is_never_wider_than_the_terminal(stretch: Stretch, width: int, has_unicode: bool) -> None:
    said, done, rest = line_of(stretch, width, has_unicode=has_unicode)
    assert len(" ".join(filter(None, [said, done + rest]))) <= width
    assert has_unicode or (said + done + rest).isascii()
