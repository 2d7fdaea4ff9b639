"""The package, built and installed where no C compiler works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import damage
from tests.blobfix import HOME
from tests.images.content import text
from tests.images.generated import make_image, write_artifactory_folder
from tests.packages import copy_of_sources, wheel_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is installed."""
    wheel = wheel_of(copy_of_sources(tmp_path_factory.mktemp("source")), {"CC": "/bin/false", "CXX": "/bin/false"})
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(site: Path, cwd: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python with that package."""
    variables = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, encoding="utf-8", env=variables, cwd=cwd, timeout=600
    )


def test_only_the_python_forms_are_in_it(site: Path) -> None:
    assert (site / "importer" / "recompression" / "engines" / "python" / "huffman.py").exists()
    assert [path.name for path in site.rglob("_deflate*") if path.suffix in (".so", ".pyd")] == []
    done = run(site, site, "-c", "from importer.recompression import IS_NATIVE; print(IS_NATIVE)")
    assert done.stdout == "False\n"


def test_it_recovers_a_layer(site: Path, tmp_path: Path) -> None:
    image = make_image([{"a": text("a", 20_000)}, {"b": text("b", 10_000)}])
    folder = write_artifactory_folder(image, tmp_path / "downloads" / "team" / "app" / "1.4")
    for digest in image.layer_digests:
        damage.gunzip_in_place(folder / digest.file_name)
    done = run(site, site, "-m", "importer", "to-registry-tree", tmp_path / "downloads", "-o", tmp_path / "registry")
    assert done.returncode == 0, done.stderr
    assert str(image.manifest_digest) in done.stdout


def test_it_passes_the_tests_of_the_encoders(site: Path, tmp_path: Path) -> None:
    # The C form, which isn't here, and the Python form by itself have tests of their own.
    ignored = shutil.ignore_patterns(
        "__pycache__", Path(__file__).name, "test_encoders.py", "test_sanitized.py", "test_fuzzed.py"
    )
    shutil.copytree(HOME / "tests", tmp_path / "tests", ignore=ignored)
    shutil.copy(HOME / "pyproject.toml", tmp_path)
    done = run(site, tmp_path, "-m", "pytest", "-p", "no:cacheprovider", "tests/recompression")
    assert done.returncode == 0, done.stdout
