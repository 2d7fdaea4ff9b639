"""Logs on standard input: which lines are read, and under which numbers."""

import io
import json
import sys
from functools import partial

import pytest
from typer.testing import CliRunner

from importer.cli import log as module
from importer.cli.app import app
from importer.cli.log import Log
from tests.blobfix import blobfix
from tests.in_process import run


def test_lines_are_counted_as_editors_do() -> None:
    log = Log(io.BytesIO(b"\n\n \nfirst\x0b\x0c\r\n\n10%\r20%\rfailed\n\xe2\x80\xa8last"))
    assert list(log) == [(4, "first"), (6, "10%"), (6, "20%"), (6, "failed"), (7, "last")]
    assert (log.filled, log.message, log.left_at) == (5, "first\n10%\n20%\nfailed\nlast", None)
    assert log.is_one_message


@pytest.mark.parametrize("block", [1, 2, 3, 5, 7, 100])
def test_lines_are_the_same_however_they_are_read(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    log = Log(io.BytesIO("a\r\nbü\r\r\nc\n\n\nd\re\r".encode()))
    assert list(log) == [(1, "a"), (2, "bü"), (3, "c"), (6, "d"), (6, "e")]


def test_of_a_very_long_line_the_beginning_is_read_and_the_next_line_has_its_number() -> None:
    log = Log(io.BytesIO(b"a" * 3_000_000 + b"\nb\n" + b"c" * 3_000_000))
    (first, long), second, (third, _) = log
    assert (first, second, third) == (1, (2, "b"), 3)
    assert 100_000 <= len(long) < 1_000_000
    assert not log.is_one_message
    assert len(log.message) == 100_000


@pytest.mark.parametrize(("content", "left_at"), [(b"a\nb\n", None), (b"a\nb\nc", 2), (b"a\nb\n\n\n", None)])
def test_too_many_lines_are_left(content: bytes, left_at: int | None) -> None:
    log = Log(io.BytesIO(content), most_lines=2)
    assert list(log) == [(1, "a"), (2, "b")]
    assert log.left_at == left_at


def test_too_many_bytes_are_left() -> None:
    log = Log(io.BytesIO(b"a\nb\nc\nd\n"), most_bytes=4)
    assert list(log) == [(1, "a"), (2, "b")]
    assert log.left_at == 2
    whole = Log(io.BytesIO(b"a\nb\n"), most_bytes=4)
    assert (list(whole), whole.left_at) == ([(1, "a"), (2, "b")], None)


def test_the_end_of_a_long_log_is_explained() -> None:
    log = b"\n" + b"#12 1.234 Get:17 deb trixie/main amd64 libfoo\n" * 30_000 + b"unexpected EOF\n"
    result = blobfix("explain", "-", stdin=log)
    assert result.text.startswith("line 30002: unexpected EOF\n")
    (value,) = json.loads(blobfix("explain", "-", "--format", "json", stdin=log).text)
    assert (value["name"], value["lines"], value["line_count"]) == ("truncated", [30_002], 1)


def test_a_long_log_of_which_nothing_is_known_is_not_taken_for_one_message() -> None:
    log = b"the unexpected end of the file layer was found in the archive\n" * 3_000
    result = blobfix("explain", "-", stdin=log)
    assert result.code == 2
    assert "nothing known matches" in result.stderr


def test_a_log_that_was_not_read_to_its_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    run("explain", "BF206")
    monkeypatch.setattr(sys.modules["importer.cli.explain"], "Log", partial(Log, most_lines=3))
    result = CliRunner().invoke(app, ["explain", "-"], input=b"unexpected EOF\n" + b"a\n" * 4)
    assert result.stdout.startswith("line 1: unexpected EOF\n")
    assert "after its line 3 was not read" in result.stderr


@pytest.mark.parametrize("size", range(399_997, 400_003))
def test_a_line_at_the_limit_is_counted(size: int) -> None:
    assert [number for number, _ in Log(io.BytesIO(b"a" * size + b"\r\nb\n"))] == [1, 2]
