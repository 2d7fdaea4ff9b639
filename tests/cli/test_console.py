"""Messages and lines of results on a terminal."""

import pytest

from importer.cli.console import say, tell


def test_nothing_that_is_said_or_told_is_obeyed_by_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("evil\x1b[2J\r\nname \udcff")
    tell("evil\x1b[2J\r\nname \u202e")
    captured = capsys.readouterr()
    assert captured.err == "evil\\x1b[2J\\r\\nname \\xff\n"
    assert captured.out == "evil\\x1b[2J\\r\\nname \\u202e\n"
