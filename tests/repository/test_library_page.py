"""What docs/library.md shows works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import blobfix
from tests.api.downloads import download
from tests.blobfix import HOME, environment

PAGE = (HOME / "docs" / "library.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def run(example: str, here: Path) -> list[str]:
    """Run an example in a folder; gives what it printed, by lines."""
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=here,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not told.stderr
    return told.stdout.splitlines()


def test_the_examples_do_what_the_page_says(tmp_path: Path) -> None:
    _, image = download(tmp_path)
    looked, wrote, read, checked = (run(example, tmp_path) for example in EXAMPLES)
    assert looked[0] == "team/app:1.4 intact exact"
    assert [line[:10] for line in looked[1:]] == ["BF307 info"]
    assert wrote == [f"team/app:1.4 {image.manifest_digest}"]
    assert read == []
    assert [(tmp_path / str(digest).replace(":", "-")).read_bytes() for digest in image.layer_digests] == list(
        image.layers
    )
    assert checked == ["0 []"]


def test_the_page_names_what_there_is() -> None:
    table = PAGE.partition("|---|---|\n")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)\(", table.replace("`apply()`", "")))
    assert named == {
        name
        for name in blobfix.__all__
        if name not in ("BlobfixError", "errors", "Image", "Report", "TreeReport", "Written")
    }
    assert "](docs/library.md)" in (HOME / "README.md").read_text(encoding="utf-8")
