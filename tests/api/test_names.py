"""What programs may rely on: the names, their signatures, that nothing changes under them, and what is loaded."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys

import pytest

import blobfix
import importer
from importer import api, errors
from importer.report.next_steps import NextStep
from importer.report.values import Blob, Download, Finding, Fix, Outputs, Unread
from tests.blobfix import HOME, environment

NAMES = [
    "BlobfixError",
    "BuildContext",
    "DockerTar",
    "Image",
    "OciLayout",
    "RegistryTree",
    "Report",
    "TreeReport",
    "Written",
    "check_tree",
    "errors",
    "open_blob",
    "scan",
    "write",
]

SIGNATURES = {
    "scan": "(*paths: 'AnyPath', borrow: 'Iterable[AnyPath]' = (), digests: 'Iterable[str]' = (), "
    "progress: 'Progress | None' = None) -> 'Report'",
    "write": "(image: 'Image', destination: 'Place', *, name: 'str | None' = None, "
    "platform: 'str | None' = None, sparse: 'bool' = False, allow_new_digest: 'bool' = False, "
    "convert_schema1: 'bool' = False, salvage: 'bool' = False, progress: 'Progress | None' = None) -> 'Written'",
    "check_tree": "(root: 'AnyPath', *, blobs: 'Iterable[AnyPath]' = (), quick: 'bool' = False, "
    "progress: 'Progress | None' = None) -> 'TreeReport'",
    "open_blob": "(report: 'Report', digest: 'str') -> 'BinaryIO'",
    "DockerTar": "(path: 'str | os.PathLike[str]', sync: 'bool' = True) -> None",
    "RegistryTree": "(path: 'AnyPath', replace_tags: 'bool' = False, sync: 'bool' = True) -> None",
    "OciLayout": "(path: 'AnyPath', replace_tags: 'bool' = False, oci_media_types: 'bool' = False, "
    "sync: 'bool' = True) -> None",
    "BuildContext": "(path: 'str | os.PathLike[str]', squash: 'bool' = False, sync: 'bool' = True) -> None",
}

ATTRIBUTES = {
    "Report": {"images", "findings", "downloads", "unread", "next", "exit_code", "to_json"},
    "TreeReport": {"findings", "downloads", "exit_code", "to_json", "apply"},
    "Written": {"path", "names", "manifest_digest", "image_id", "referrers", "moved", "warnings", "next"},
    "Image": {
        *("name", "names", "kind", "media_type", "manifest_digest", "image_id", "platform", "parent"),
        *("status", "proof", "outputs", "blobs"),
    },
}

VALUES = [
    *(api.Report, api.TreeReport, api.Written, api.Image),
    *(api.DockerTar, api.RegistryTree, api.OciLayout, api.BuildContext),
    *(Blob, Download, Finding, Fix, NextStep, Outputs, Unread),
]


def test_the_names_are_these_and_no_others() -> None:
    assert blobfix.__all__ == api.__all__ == NAMES
    assert dir(blobfix) == NAMES
    assert all(getattr(blobfix, name) is getattr(api, name) for name in NAMES)
    assert blobfix.__version__ == importer.__version__
    with pytest.raises(AttributeError, match="pull"):
        blobfix.pull  # noqa: B018


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_stays(name: str) -> None:
    assert str(inspect.signature(getattr(blobfix, name))) == SIGNATURES[name]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_value_keeps_its_attributes(name: str) -> None:
    assert set(dir(getattr(blobfix, name))) >= ATTRIBUTES[name]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(value, "__dict__") or "__slots__" in vars(value)
    assert all(field.type for field in dataclasses.fields(value))


def test_all_errors_are_one_family() -> None:
    family = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)}
    assert blobfix.errors.CannotWriteError in family
    assert all(issubclass(each, blobfix.BlobfixError) for each in family)


def loaded_by(program: str) -> set[str]:
    """The modules that a fresh interpreter has loaded when it has run the program."""
    told = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(told.stdout.splitlines()[-1].split())


def test_the_import_alone_loads_next_to_nothing() -> None:
    assert {name for name in loaded_by("import blobfix") if name.startswith("importer")} == {"importer"}


def test_at_work_it_loads_nothing_of_the_command_line() -> None:
    folder = HOME / "fixtures" / "damaged" / "downloads"
    loaded = loaded_by(
        f"import blobfix; report = blobfix.scan({str(folder)!r})\n"
        "report.to_json(); [getattr(blobfix, name) for name in blobfix.__all__]"
    )
    assert "importer.api" in loaded
    assert not {"typer", "click", "rich", "dask", "distributed"} & loaded
    assert not [name for name in loaded if name.startswith("importer.cli")]
