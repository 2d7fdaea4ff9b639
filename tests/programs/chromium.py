"""Chromium without a window, to look at pages as people will (Debian: chromium)."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.programs.command import DEFAULT_TIMEOUT, find

PACKAGE = "chromium"
_CONSOLE = re.compile(r"CONSOLE[:(]\d+[\])]\s*(.*)")
ALONE = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
"""A browser without a window, and without a wish for anything but what it is told."""


@dataclass(frozen=True)
class Rendered:
    """What became of a page: its elements after the scripts have run, and what the console says."""

    dom: str
    console: tuple[str, ...]


class Chromium:
    """The browser with a profile of its own; it asks no server for anything."""

    def __init__(self, profile: Path) -> None:
        self._program = find("chromium", PACKAGE)
        self._profile = profile

    def render(self, page: Path, *options: str, fragment: str = "") -> Rendered:
        """Load a page, at a place in it, and give its elements."""
        address = f"{page.as_uri()}#{fragment}" if fragment else page.as_uri()
        done = self._run("--enable-logging=stderr", "--dump-dom", *options, address)
        console = (_CONSOLE.search(line) for line in done.stderr.splitlines())
        return Rendered(done.stdout, tuple(match[1] for match in console if match))

    def screenshot(self, page: Path, image: Path, width: int, height: int, *options: str) -> None:
        """Load a page and write a picture of it."""
        self._run(f"--screenshot={image}", f"--window-size={width},{height}", *options, page.as_uri())

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *ALONE, f"--user-data-dir={self._profile}", *arguments],
            check=True,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=DEFAULT_TIMEOUT,
        )
