"""What ``make torture`` says of each part, and how it ends."""

from __future__ import annotations

import pytest

from tests.torture import __main__, mutations, power_cuts
from tests.torture.figures import Figures


@pytest.mark.parametrize(("failures", "code"), [((), 0), (("a tree is lost",), 1)])
def test_each_part_has_a_line_and_a_failure_ends_it_with_1(
    failures: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(power_cuts, "run", lambda _: Figures("power cuts", 1234, failures, 5.0))
    monkeypatch.setattr(mutations, "run", lambda _: Figures("mutations", 10, (), 1.0))
    monkeypatch.setattr("sys.argv", ["torture", "power-cuts", "mutations"])
    assert __main__.main() == code
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == [
        f"power cuts: 1,234 tried, {len(failures)} failures, 5 s",
        "mutations: 10 tried, 0 failures, 1 s",
    ]
    assert said[:-2] == [f"FAILED {failure}" for failure in failures]
