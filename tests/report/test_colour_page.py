"""What is printed on a terminal can be copied: no digest and no path is broken."""

import io

import pytest
from rich.console import Console

from importer.report.colour_page import ColourPage
from importer.report.page import Styled

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
PATH = f"docker/registry/v2/repositories/team/app/_manifests/revisions/sha256/{DIGEST[7:]}/link"


def printed(*parts: str | Styled, width: int, **indents: int) -> list[str]:
    stream = io.StringIO()
    ColourPage(Console(file=stream, width=width, force_terminal=True, color_system=None)).line(*parts, **indents)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 72, 80, 120])
@pytest.mark.parametrize("word", [DIGEST, PATH])
def test_a_long_word_stays_whole(width: int, word: str) -> None:
    lines = printed(f"layer {word} isn't there, and somebody wants it", width=width, indent=4, hang=2)
    assert sum(word in line for line in lines) == 1
    assert all(len(line) <= width or word in line for line in lines)
    assert " ".join(" ".join(lines).split()) == f"layer {word} isn't there, and somebody wants it"


def test_a_long_word_may_begin_the_line() -> None:
    assert printed(Styled("error BF501", "bold"), f"  {PATH}", width=80, indent=2, hang=2) == [
        "  error BF501",
        f"    {PATH}",
    ]
