"""The package built from a copy of its sources, as pip builds it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import pytest

from tests.blobfix import HOME


def copy_of_sources(target: Path) -> Path:
    """Copy all that makes the program, without what was compiled of it."""
    for name in ("blobfix", "importer", "schemas"):
        shutil.copytree(HOME / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(HOME / name, target / name)
    return target


def wheel_of(tree: Path, variables: Mapping[str, str] | None = None) -> Path:
    """Build the wheel of a source tree; skips the test where no setuptools of today is to be had."""
    isolation = ["--no-build-isolation"] if _has_setuptools(77) else []
    result = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", *isolation, "--wheel-dir", str(tree / "wheels"), str(tree)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **(variables or {})},
    )
    if result.returncode and re.search(
        r"No matching distribution found for setuptools|No module named pip", result.stderr
    ):
        pytest.skip("a wheel can't be built without setuptools 77; get it with: pip install 'setuptools>=77'")
    assert result.returncode == 0, result.stderr
    (wheel,) = (tree / "wheels").glob("blobfix-*.whl")
    return wheel


def source_archive_of(tree: Path) -> Path:
    """Build the source distribution of a source tree; skips the test as ``wheel_of`` does."""
    program = "from setuptools.build_meta import build_sdist; build_sdist('dist')"
    builder = tree / "builder"
    if not _has_setuptools(77):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(builder), "setuptools>=77"]
        if subprocess.run(command, check=False, capture_output=True, timeout=300).returncode:
            pytest.skip("an archive can't be built without setuptools 77; get it with: pip install 'setuptools>=77'")
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tree,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(builder)},
    )
    assert result.returncode == 0, result.stderr
    (archive,) = (tree / "dist").glob("blobfix-*.tar.gz")
    return archive


def _has_setuptools(version: int) -> bool:
    try:
        return int(metadata.version("setuptools").split(".")[0]) >= version
    except metadata.PackageNotFoundError:
        return False
