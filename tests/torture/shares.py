"""The work of a part, divided among as many processes as there are processors, each with the shim around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from tests.torture.figures import Figures
from tests.torture.shim import build

_MEMORY: Final = Path("/dev/shm")
"""Thousands of small outputs are made and thrown away; no disk has to see them."""


@dataclass(frozen=True)
class Choice:
    """Which of all tries are made.

    Attributes:
        every: of so many one.
        scenario: those whose names begin so.
        options: more options for each command.
        share: which of several shares.
        shares: how many there are.
    """

    every: int = 1
    scenario: str = ""
    options: tuple[str, ...] = ()
    share: int = 0
    shares: int = 1

    def has(self, number: int) -> bool:
        """Whether the try of a number is among them."""
        return number % self.every == 0 and number // self.every % self.shares == self.share


ALL: Final = Choice()
TryShare = Callable[[Path, Choice], tuple[int, list[str]]]


def run_in_shares(title: str, module: str, choice: Choice = ALL) -> Figures:
    """Run a module as several processes; each tries its share and prints what came of it."""
    started, shares = time.monotonic(), os.cpu_count() or 1
    parts = [replace(choice, share=share, shares=shares) for share in range(shares)]
    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="blobfix-torture-", dir=parent) as name:
        folder = Path(name)
        # Nobody's log-ins are sent to the registry of the downloads.
        ours = {"LD_PRELOAD": str(build(folder)), "PYTHONDONTWRITEBYTECODE": "1", "DOCKER_CONFIG": name}
        running = [
            subprocess.Popen(
                [sys.executable, "-m", module, str(folder / str(share)), json.dumps(asdict(part))],
                env=os.environ | ours,
                stdout=subprocess.PIPE,
            )
            for share, part in enumerate(parts)
        ]
        outputs = [process.communicate()[0] for process in running]
    tried, failures = 0, []
    for process, output in zip(running, outputs, strict=True):
        if process.returncode:
            failures.append(f"a process of {module} ended with {process.returncode}")
            continue
        result = json.loads(output)
        tried += result["tried"]
        failures += result["failures"]
    return Figures(title, tried, tuple(failures), time.monotonic() - started)


def share_main(try_share: TryShare) -> None:
    """What such a process does."""
    folder, choice = Path(sys.argv[1]), Choice(**json.loads(sys.argv[2]))
    tried, failures = try_share(folder, choice)
    sys.stdout.write(json.dumps({"tried": tried, "failures": failures}))
