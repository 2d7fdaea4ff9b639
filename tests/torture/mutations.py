"""Inputs with random changes: every reader of outside data, and whole commands, answer with a word and never fall.

Anything but an error of the kind that a reader promises, or an exit code of the contract, is a failure; so are more
than 10 seconds or 500 MB, and an input that was changed.

``python -m tests.torture mutations`` goes on for TORTURE_SECONDS; ``python -m tests.torture.mutations SEED TRIAL``
tries one again, as a failure says.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

from tests.torture.figures import Figures
from tests.torture.limits import SECONDS
from tests.torture.mutated_commands import Inputs, failure_of
from tests.torture.mutators import mutated
from tests.torture.readers import READERS

_READS_FOR_A_COMMAND: Final = 100
_MEMORY: Final = Path("/dev/shm")


def run(seconds: float, seed: str | None = None, most: int | None = None) -> Figures:
    """Try for so many seconds, or so many trials; a trial is a hundred reads and one command."""
    started = time.monotonic()
    seed = seed or os.environ.get("TORTURE_SEED") or str(time.time_ns())
    failures: list[str] = []
    trial = 0
    with _room() as folder:
        inputs = Inputs(folder / "inputs")
        while (most is None or trial < most) and time.monotonic() - started < seconds:
            failures += try_one(seed, trial, inputs, folder / "trial")
            trial += 1
    tried = trial * (_READS_FOR_A_COMMAND + 1)
    return Figures(f"mutations (seed {seed})", tried, tuple(failures), time.monotonic() - started)


def try_one(seed: str, trial: int, inputs: Inputs, folder: Path) -> list[str]:
    """All of one trial; each failure says how to try it again."""
    random = Random(f"{seed}/{trial}")
    tries: list[Callable[[], str | None]] = [lambda: _read(random)] * _READS_FOR_A_COMMAND
    tries.append(lambda: failure_of(inputs, folder, random))
    found = [each() for each in tries]
    again = f"again: python -m tests.torture.mutations {seed} {trial}"
    return [f"{failure}\n  {again}" for failure in found if failure]


def _read(random: Random) -> str | None:
    reader = random.choice(READERS)
    content = mutated(random.choice(reader.samples), random)
    started = time.process_time()
    try:
        reader.read(content)
    except reader.errors:
        pass
    except Exception:
        return f"the reader of {reader.name}: {traceback.format_exc()} of {content[:200]!r}"
    taken = time.process_time() - started
    return f"the reader of {reader.name} took {taken:.1f} s" if taken > SECONDS else None


@contextmanager
def _room() -> Iterator[Path]:
    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="blobfix-torture-", dir=parent) as name:
        yield Path(name)


if __name__ == "__main__":
    with _room() as room:
        for failed in try_one(sys.argv[1], int(sys.argv[2]), Inputs(room / "inputs"), room / "trial"):
            print(failed)
