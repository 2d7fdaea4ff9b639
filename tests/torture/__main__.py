"""``python -m tests.torture [PART]...``: run all parts, or some, and print a line of figures for each.

A part is a module of this package with a function ``run(seconds: float) -> Figures``. TORTURE_SECONDS says
how long a part may go on that has no end of its own (300); the others try everything they have.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Final

PARTS: Final = ("crash-points", "power-cuts", "mutations")
"""The modules, as they are called on the command line: with hyphens."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    chosen = parser.parse_args().parts or PARTS
    unknown = [part for part in chosen if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    seconds = float(os.environ.get("TORTURE_SECONDS", "300"))
    results = []
    for part in chosen:
        figures = import_module(f"tests.torture.{part.replace('-', '_')}").run(seconds)
        for failure in figures.failures:
            print(f"FAILED {failure}", flush=True)
        print(figures, flush=True)
        results.append(figures)
    return 1 if any(figures.failures for figures in results) else 0


if __name__ == "__main__":
    sys.exit(main())
