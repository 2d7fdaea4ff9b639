"""The command line called in this process: for tests that need hundreds of runs, not the process around them."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typer.testing
from typer.main import get_command
from typer.testing import CliRunner

from importer.cli.app import app, load_commands
from importer.domain.digest import Digest
from importer.errors import CannotWriteError
from importer.formats.schema_validation import SchemaName, violations
from importer.places.opener import Opener
from importer.plan.images import Plan
from importer.writers.named_image import NamedImage
from importer.writers.outputs import Output
from importer.writers.selection import Choice, choose
from importer.writers.verifying_reader import VerifyingReader
from tests.blobfix import Result

SEVERE = ("error", "warning")

load_commands()

# typer makes all commands anew for each call, which takes longer than most of them run.
setattr(typer.testing, "_get_command", cache(get_command))  # noqa: B010


def chosen(plan: Plan, choice: Choice, output: Output) -> tuple[NamedImage, ...]:
    """The images to write; raises CannotWriteError, as a command does, when there is none that can be."""
    selection = choose(plan, choice, output, VerifyingReader(Opener()))
    if not selection.images:
        raise CannotWriteError(selection.refused[0].reason)
    return selection.images


def run(*arguments: str | os.PathLike[str]) -> Result:
    """Run a command; an exception that the command line doesn't expect is raised."""
    result = CliRunner().invoke(app, [os.fspath(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Result(result.exit_code, result.stdout_bytes, result.stderr)


@dataclass(frozen=True)
class Scan:
    """A report, and the exit code that came with it."""

    code: int
    report: dict[str, Any]

    def codes(self, *severities: str) -> list[str]:
        """The codes of the findings of these severities, in the report's order, each as often as it was found."""
        return [finding["code"] for finding in self.report["findings"] if finding["severity"] in severities]

    @property
    def image(self) -> dict[str, Any]:
        """The one image."""
        (image,) = self.report["images"]
        value: dict[str, Any] = image
        return value


def scan(*arguments: str | os.PathLike[str]) -> Scan:
    """Scan; the report is always valid against its schema."""
    outcome = run("scan", "--format", "json", "--no-progress", *arguments)
    report = json.loads(outcome.stdout.decode("utf-8"))
    assert violations(report, SchemaName.SCAN_REPORT) == ()
    return Scan(outcome.code, report)


@dataclass(frozen=True)
class TreeCheck:
    """A report about a storage tree, and the exit code that came with it."""

    code: int
    report: dict[str, Any]

    @property
    def codes(self) -> list[str]:
        """The codes of all findings, in the report's order."""
        return [finding["code"] for finding in self.report["findings"]]

    @property
    def severities(self) -> set[str]:
        """How bad the findings are."""
        return {finding["severity"] for finding in self.report["findings"]}

    @property
    def left(self) -> list[str]:
        """The codes of what is wrong now."""
        return [finding["code"] for finding in self.report["left"]]


def check_tree(root: Path, *arguments: str | os.PathLike[str]) -> TreeCheck:
    """Check a storage tree, and mend it if ``--apply`` is among the arguments; the report is always valid."""
    outcome = run("repair-tree", root, "--format", "json", "--no-progress", *arguments)
    assert outcome.code not in (2, 3, 5), outcome.output
    report = json.loads(outcome.stdout.decode("utf-8"))
    assert violations(report, SchemaName.TREE_REPORT) == ()
    return TreeCheck(outcome.code, report)


def blobs_of_tree(root: Path) -> dict[Digest, bytes]:
    """The blobs of a registry tree by the digests that their paths claim."""
    return {Digest("sha256", path.parent.name): path.read_bytes() for path in root.rglob("data")}


def members_of_tar(archive: Path) -> dict[str, bytes]:
    """The files of a tar, by name."""
    with tarfile.open(archive) as opened:
        return {entry.name: _content(opened, entry) for entry in opened.getmembers() if entry.isfile()}


def assert_tree_is_sound(root: Path, manifest: Digest) -> None:
    """Every blob has its digest, every link its blob, and each tag names the manifest."""
    blobs = blobs_of_tree(root)
    assert blobs
    assert all(Digest.of(content) == digest for digest, content in blobs.items())
    for link in root.rglob("link"):
        assert Digest.parse(link.read_text()) in blobs
    tags = [path.read_text() for path in root.rglob("current/link")]
    assert tags == [str(manifest)] * len(tags)
    assert tags
    value = json.loads(blobs[manifest])
    wanted = {Digest.parse(entry["digest"]) for entry in (value["config"], *value["layers"])}
    assert wanted | {manifest} == set(blobs)


def assert_tar_is_sound(archive: Path, image_id: Digest) -> None:
    """Every blob has its digest, and what manifest.json lists unpacks to the config's diff_ids."""
    files = members_of_tar(archive)
    for name, content in files.items():
        if name.startswith("blobs/"):
            assert str(Digest.of(content)) == name.removeprefix("blobs/").replace("/", ":")
    (entry,) = json.loads(files["manifest.json"])
    assert entry["Config"] == f"blobs/sha256/{image_id.hex}"
    diff_ids = json.loads(files[entry["Config"]])["rootfs"]["diff_ids"]
    assert [str(Digest.of(_unpacked(files[name]))) for name in entry["Layers"]] == diff_ids


def _unpacked(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def _content(opened: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    stream = opened.extractfile(entry) or io.BytesIO()
    with stream:
        return stream.read()
