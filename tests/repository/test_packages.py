"""The packages know each other in one direction only, and the wheel holds all that the program needs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.packages import copy_of_sources, source_archive_of, wheel_of

HOME = Path(__file__).parents[2]
SCHEMAS = sorted(path.name for path in (HOME / "schemas").glob("*.json"))


def lint_imports(home: Path) -> subprocess.CompletedProcess[str]:
    """Hold a source tree to the contracts of its pyproject.toml."""
    if not importlib.util.find_spec("importlinter"):
        pytest.skip("import-linter is not installed; get it with: pip install -e '.[test]'")
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(home)},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of all that makes the program."""
    return copy_of_sources(tmp_path)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once."""
    return wheel_of(copy_of_sources(tmp_path_factory.mktemp("wheel")))


def test_imports_go_one_way() -> None:
    result = lint_imports(HOME)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("domain/digest.py", "from importer.sources import folder"),
        ("inspection/content.py", "from importer.inventory import inventory"),
        ("plan/images.py", "import importer.rules.rule"),
        ("recovery/planning.py", "from importer.mutate import labels"),
        ("rules/bf101_renamed.py", "from importer.writers import docker_tar"),
        ("writers/docker_tar.py", "from importer.report import page"),
        ("writers/docker_tar.py", "from importer.rules import catalogue"),
        ("words/text.py", "from importer.plan import images"),
        ("writers/docker_tar.py", "from importer.places.opener import Opener"),
        ("writers/registry_tree.py", "import importer.places.opener"),
        ("recovery/planning.py", "import importer.places.opener"),
        ("report/json_report.py", "import importer.cli.app"),
        ("investigation.py", "import rich.console"),
        ("inspection/inspecting.py", "import typer"),
        ("progress.py", "import importer.domain.digest"),
    ],
)
@pytest.mark.slow
def test_an_import_the_other_way_is_noticed(tree: Path, module: str, line: str) -> None:
    path = tree / "importer" / module
    path.write_text(f"{path.read_text()}\n\n{line}\n")
    assert lint_imports(tree).returncode == 1


def test_the_core_loads_without_what_talks_to_people() -> None:
    program = (
        "import sys; sys.modules['typer'] = sys.modules['rich'] = None\n"
        "import importer.investigation, importer.rules.catalogue as catalogue\n"
        "import importer.writers.docker_tar, importer.writers.registry_tree, importer.writers.tar_file\n"
        "catalogue.all_rules()"
    )
    subprocess.run([sys.executable, "-c", program], cwd=HOME, check=True, timeout=60)


@pytest.mark.slow
def test_the_wheel_holds_schemas_and_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert sorted(name.split("/")[-1] for name in names if name.startswith("importer/schemas/")) == SCHEMAS
        assert {"importer/py.typed", "blobfix/py.typed"} <= set(names)
        packages = [HOME / "importer", HOME / "blobfix"]
        sources = {path.relative_to(HOME).as_posix() for package in packages for path in package.rglob("*.py")}
        assert sources <= set(names)
        assert not [name for name in names if name.startswith(("tests/", "fixtures/", "tools/"))]
        entry_points = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert "blobfix = importer.cli.main:main" in entry_points


def test_a_program_imports_it_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = "import blobfix, sys; print(blobfix.__file__, blobfix.scan(sys.argv[1]).exit_code)"
    told = subprocess.run(
        [sys.executable, "-c", program, str(HOME / "fixtures" / "clean")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.stdout.split() == [str(tmp_path / "blobfix" / "__init__.py"), "0"]


def test_the_source_distribution_holds_both_packages(tree: Path) -> None:
    with tarfile.open(source_archive_of(tree)) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"blobfix/__init__.py", "blobfix/py.typed", "importer/api/__init__.py", "importer/cli/main.py"} <= names


@pytest.mark.slow
def test_the_wheel_runs_from_where_it_is_unpacked(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    result = subprocess.run(
        [sys.executable, "-m", "importer", "scan", "--format", "json", str(HOME / "fixtures" / "clean")],
        cwd=tmp_path / "site",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr.decode()
