"""The work of a part, divided among as many processes as there are processors, each with the shim around it."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.torture.figures import Figures
from tests.torture.shim import build

_MEMORY: Final = Path("/dev/shm")
"""Thousands of small outputs are made and thrown away; no disk has to see them."""

TryShare = Callable[[Path, int, int, int], tuple[int, list[str]]]


def run_in_shares(title: str, module: str, every: int) -> Figures:
    """Run a module as several processes; each tries its share and prints what came of it."""
    started, shares = time.monotonic(), os.cpu_count() or 1
    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="blobfix-torture-", dir=parent) as name:
        folder = Path(name)
        environment = os.environ | {"LD_PRELOAD": str(build(folder)), "PYTHONDONTWRITEBYTECODE": "1"}
        running = [
            subprocess.Popen(
                [sys.executable, "-m", module, str(folder / str(share)), str(share), str(shares), str(every)],
                env=environment,
                stdout=subprocess.PIPE,
            )
            for share in range(shares)
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
    folder, share, shares, every = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    gc.freeze()
    tried, failures = try_share(folder, share, shares, every)
    sys.stdout.write(json.dumps({"tried": tried, "failures": failures}))
