"""What a program may import: ``import blobfix`` gives the same names. docs/library.md shows them at work.

Everything is a frozen value or a plain function. Nothing here prints, sets a signal handler or keeps a state, and
all that goes wrong is a BlobfixError, whose subclasses are in ``errors``. Paths are texts or ``os.PathLike``.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from importer import errors
from importer.conversion import convert, error_of
from importer.domain.digest import Digest
from importer.domain.platform import Platform
from importer.domain.reference import Reference
from importer.errors import BlobfixError, ExitCode, InputError, OutputError, UsageError
from importer.investigation import Question, investigate
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.opener import Opener
from importer.plan.blobs import ProvenBlob
from importer.progress import Progress, SilentProgress
from importer.report import tree_report
from importer.report.json_report import download_as_json, finding_as_json
from importer.report.values import Download, Finding, Image, Report
from importer.storage_tree.contents import Remembered
from importer.tree_checkup import TreeQuestion, mended
from importer.tree_checkup import check_tree as check_up
from importer.work.executor import ThreadExecutor
from importer.writers.block_stream import BlockStream
from importer.writers.destination import Place
from importer.writers.destinations.build_context import BuildContext
from importer.writers.destinations.docker_tar import DockerTar
from importer.writers.destinations.oci_layout import OciLayout
from importer.writers.destinations.registry_tree import RegistryTree
from importer.writers.narrowing import narrowed
from importer.writers.selection import Choice
from importer.writers.verifying_reader import VerifyingReader

__all__ = [
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

AnyPath = str | os.PathLike[str]

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        path: where to.
        names: under which names.
        manifest_digest: None when the output has no manifest.
        image_id: None for what is no container image.
        referrers: the manifest digests of signatures and the like that were written beside it.
        moved: tags that were there, and what they named before, as in ``team/app:1.4 named sha256:… before``.
        warnings: what the output lacks.
        next: commands that use what was written.
    """

    path: str
    names: tuple[str, ...]
    manifest_digest: str | None
    image_id: str | None
    referrers: tuple[str, ...]
    moved: tuple[str, ...]
    warnings: tuple[str, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TreeReport:
    """What was found in a registry's storage; its parts are those of ``blobfix repair-tree --format json``.

    Attributes:
        findings: what is wrong; after ``apply``, what is left.
        downloads: what is wanted and nowhere.
        exit_code: that of ``blobfix repair-tree``.
        case: what the report was made of.
        remembered: what was read of the tree, so that ``apply`` need not read it again.
        opener: has the copies of the archives that blobs are taken from.
    """

    findings: tuple[Finding, ...]
    downloads: tuple[Download, ...]
    exit_code: ExitCode
    case: tree_report.TreeReport = field(repr=False, compare=False)
    remembered: Remembered = field(repr=False, compare=False)
    opener: Opener = field(repr=False, compare=False)

    def to_json(self) -> str:
        """The text that ``blobfix repair-tree --format json`` prints."""
        return self.case.as_json() + "\n"

    def apply(self, *, progress: Progress | None = None, sync: bool = True) -> TreeReport:
        """Mend what can be proven, as ``repair-tree --apply`` does, and tell how the tree is then.

        ``sync``: whether each step is on the disk before the next one. Raises OutputError when another repair is at
        work or the system refuses; VerificationError and InputError when a source has changed. What is done by then
        stays, and may be gone on with.
        """
        found = self.case.now
        with _typed(OutputError):
            durability = Durability(is_wanted=sync)
            left = mended(found, progress or SilentProgress(), durability, self.opener, self.remembered)
            return _tree_report(tree_report.TreeReport(found, left), self.remembered, self.opener)


def scan(
    *paths: AnyPath,
    borrow: Iterable[AnyPath] = (),
    digests: Iterable[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Look at a download and explain it, as ``blobfix scan`` does; writes nothing.

    Args:
        paths: folders and archives that hold the download; none is the current folder.
        borrow: more places to find blobs in, of whose images nothing is said.
        digests: manifest digests that are known.
        progress: is told of each stretch of work and of its bytes; None: nobody is.

    Raises UsageError for a path that isn't there or a text that is no digest, and InputError for what can't be read.
    """
    question = Question(
        paths=_paths(paths) or (Path(),),
        borrowed=_paths(borrow),
        digests=tuple(map(_digest, _several(digests))),
    )
    with _typed(InputError):
        case = investigate(question, progress or SilentProgress(), Opener(), narrow=partial(narrowed, choice=Choice()))
        return Report.of(case)


def write(  # noqa: PLR0913 (the options of the commands)
    image: Image,
    destination: Place,
    *,
    name: str | None = None,
    platform: str | None = None,
    sparse: bool = False,
    allow_new_digest: bool = False,
    convert_schema1: bool = False,
    salvage: bool = False,
    progress: Progress | None = None,
) -> Written:
    """Write one image of a report, and what refers to it, as ``blobfix to-… --select`` does.

    What the report calls ``exact`` in ``image.outputs`` is written with no further option. Every byte is verified on
    its way; nothing is seen of the output before all is whole.

    Args:
        image: one of a report's.
        destination: a DockerTar, RegistryTree, OciLayout or BuildContext.
        name: the name to write under, as in ``team/app:1.4``; a registry tree needs one.
        platform: one of an index's, as in ``linux/amd64``.
        sparse: whether an index will do of which some platforms are missing.
        allow_new_digest: whether a new manifest digest will do, and with an edited config a new image id.
        convert_schema1: whether a schema 1 image is to become schema 2, with new digests.
        salvage: whether a bare config, and so a new image id, will do.
        progress: is told of each stretch of work and of its bytes; None: nobody is.

    Raises CannotWriteError when the image can't be written so, UsageError when the call makes no sense, OutputError
    when the system refuses, and VerificationError or InputError when a file has changed since the scan.
    """
    choice = Choice(
        name=_value(Reference.parse, name),
        select=str(image.plan.manifest.descriptor.digest),
        platform=_value(Platform.parse, platform),
        sparse=sparse,
        allow_new_digest=allow_new_digest,
        convert_schema1=convert_schema1,
        salvage=salvage,
    )
    asked, depth = image.case.question, image.case.question.depth
    deeper = replace(
        depth,
        every_layer=depth.every_layer or salvage or convert_schema1,
        edited_configs=depth.edited_configs or allow_new_digest,
    )
    question = replace(asked, select=choice.select, depth=deeper)
    with _typed(OutputError):
        conversion = convert(
            question,
            choice,
            destination,
            ThreadExecutor(question.jobs, progress or SilentProgress(), image.case.opener),
            image.case.case if deeper == depth else None,
        )
    if not conversion.result:
        refused = conversion.selection.refused
        raise error_of(refused, ". ".join(refusal.reason for refusal in refused))
    written, *referrers = conversion.images
    return Written(
        path=os.fspath(destination.path),
        names=tuple(map(str, written.names)),
        manifest_digest=_text(written.plan.manifest_digest),
        image_id=_text(written.plan.image_id),
        referrers=tuple(str(each.plan.manifest.descriptor.digest) for each in referrers),
        moved=tuple(map(str, conversion.moved)),
        warnings=conversion.result.warnings,
        next=conversion.result.commands,
    )


def check_tree(
    root: AnyPath, *, blobs: Iterable[AnyPath] = (), quick: bool = False, progress: Progress | None = None
) -> TreeReport:
    """Look at a registry's storage and explain what is wrong, as ``blobfix repair-tree`` does; changes nothing.

    Args:
        root: the folder that is mounted at ``/var/lib/registry``.
        blobs: places that may hold what is missing.
        quick: whether only links and sizes are looked at.
        progress: is told of each stretch of work and of its bytes; None: nobody is.

    Raises UsageError and NoImageError for what is no such folder, and InputError for what can't be read.
    """
    remembered: Remembered = {}
    opener = Opener()
    question = TreeQuestion(FolderStore(Path(root)), _paths(blobs), quick)
    with _typed(InputError):
        found = check_up(question, progress or SilentProgress(), opener, remembered)
        return _tree_report(tree_report.TreeReport(found), remembered, opener)


def open_blob(report: Report, digest: str) -> BinaryIO:
    """Open a blob that an image of the report wants, repaired if need be, or a layer's content by its diff_id.

    The stream raises VerificationError instead of ending when the bytes aren't those of the digest, and InputError
    when a file can no longer be read. Use it as a context manager; it reads front to back only.

    Raises UsageError for what is no digest, and InputError for a blob that isn't here or is beyond repair.
    """
    wanted = _digest(digest)
    for image in report.case.case.plan.images:
        for blob in image.all_blobs:
            for proven in (blob.exact, blob.content):
                if proven and proven.digest == wanted:
                    return _stream(proven, VerifyingReader(report.case.opener))
    raise InputError(f"{wanted}: is missing or damaged beyond repair; the report's downloads list what to fetch")


def _stream(blob: ProvenBlob, reader: VerifyingReader) -> BinaryIO:
    return io.BufferedReader(BlockStream(reader.blocks(blob)))


def _tree_report(case: tree_report.TreeReport, remembered: Remembered, opener: Opener) -> TreeReport:
    return TreeReport(
        findings=tuple(Finding.of(finding_as_json(finding)) for finding in case.now.findings),
        downloads=tuple(Download.of(download_as_json(download)) for download in case.downloads),
        exit_code=case.exit_code,
        case=case,
        remembered=remembered,
        opener=opener,
    )


def _paths(given: Iterable[AnyPath]) -> tuple[Path, ...]:
    return tuple(map(Path, _several(given)))


def _several(given: Iterable[_Value]) -> Iterable[_Value]:
    if isinstance(given, str | bytes | os.PathLike):
        raise UsageError(f"{given!r}: must be a list, even for a single item")
    return given


def _digest(text: str) -> Digest:
    return _parsed(Digest.parse, text)


def _value(parse: Callable[[str], _Value], text: str | None) -> _Value | None:
    return None if text is None else _parsed(parse, text)


def _parsed(parse: Callable[[str], _Value], text: str) -> _Value:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _text(digest: Digest | None) -> str | None:
    return str(digest) if digest else None


@contextmanager
def _typed(kind: type[BlobfixError]) -> Iterator[None]:
    """What the system refuses becomes an error of blobfix's own."""
    try:
        yield
    except OSError as error:
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        raise kind(f"{place}{error.strerror or error}") from error
    except ValueError as error:
        # A path with a NUL, or one that the file system can't spell.
        raise UsageError(str(error)) from error
