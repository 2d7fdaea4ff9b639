"""``blobfix fix``: the whole way in one go, of the steps that the other commands are."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import page_for_stdout, say, tell
from importer.cli.remote import DEFAULT_TIMEOUT, PasswordStdin, PlainHttp, RemoteOptions, Timeout, Username
from importer.cli.requests import WriteOptions, with_write_options
from importer.cli.results import tell_next
from importer.cli.servers import Server, file_stem
from importer.cli.working import at_work
from importer.cli.writing import conclude
from importer.conversion import Conversion, convert
from importer.domain.reference import Reference
from importer.errors import ExitCode, OutputError, UsageError
from importer.investigation import Investigation, investigate
from importer.places.durability import Durability
from importer.places.named import on_disk, place_of
from importer.plan.titles import title_of
from importer.report.verdict import verdict_of
from importer.verification.verifying import verify
from importer.words.printable import printable
from importer.words.text import Size
from importer.writers.destination import Destination, Outcome
from importer.writers.destinations.docker_tar import DockerTar
from importer.writers.destinations.engine import RunningEngine, chosen_engine
from importer.writers.destinations.oci_layout import OciLayout
from importer.writers.destinations.registry_tree import RegistryTree

_SECONDS_IN_VAIN: Final = 60
"""As for a docker tar: where plain layers will do, a search without a match isn't worth more."""


class To(StrEnum):
    """What to write."""

    DOCKER_TAR = "docker-tar"
    REGISTRY_TREE = "registry-tree"
    OCI_LAYOUT = "oci-layout"
    LOAD = "load"


_SHOWN: Final = 3
"""Flaws that are told when what was written can't be read back."""

_FOLDERS: Final = {To.REGISTRY_TREE: "registry", To.OCI_LAYOUT: "layout"}

EXAMPLES: Final = """\b
Examples:
  blobfix fix ./downloads
  blobfix fix ./downloads --from registry.example/team/app:1.4 --to registry-tree
  blobfix fix https://host.example/artifactory/docker-local/team/app/1.4/
"""


@with_write_options("paths")
def fix(
    options: WriteOptions,
    *,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH|URL]...",
            help="The download, or where to download it from. Default: this folder.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[To, typer.Option("--to", help="What to write.")] = To.DOCKER_TAR,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Where to. Default, beside the input: NAME-TAG.tar, registry or layout; these two are added to.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="REFERENCE|URL", help="Where to download what is missing or damaged."),
    ] = None,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    plain_http: PlainHttp = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> ExitCode:
    """Scan, download what is missing, write what can be written, and read it back.

    What is missing is downloaded where a server is known: from --from, or a URL as PATH. On a terminal you are asked
    for the address and the login. Whatever one of the single commands would refuse is refused here as well.
    """
    remote = RemoteOptions(username, password_stdin, plain_http, timeout, options.quiet)
    durability = Durability(is_wanted=not options.no_sync)
    _demand_place(to, output, options)
    server = Server(remote, durability, options)
    places = tuple(map(server.pulled, paths or [os.curdir]))
    options = replace(options, paths=list(places))
    question = options.question(for_docker=to in (To.DOCKER_TAR, To.LOAD), patience=_SECONDS_IN_VAIN)
    with at_work(options.jobs, shows_progress=options.shows_progress) as executor:
        seen = investigate(question, executor)
    seen = server.completed(seen, question, source)
    if not options.quiet:
        page_for_stdout().line(verdict_of(seen))
    destination, place = _destination(to, output, seen, options)
    with at_work(options.jobs, shows_progress=options.shows_progress, opener=seen.opener) as executor:
        written = convert(question, options.choice(), destination, executor, seen.case)
        if written.result and place is not None:
            _demand_whole(place, written, options)
    return _conclude(written, place, destination, options)


def _demand_place(to: To, output: str | None, options: WriteOptions) -> None:
    if to is To.LOAD and output is not None:
        raise UsageError("--to load writes no file; leave out -o")
    if output == "-":
        raise UsageError("what is written is read back, so it needs a file; blobfix to-docker-tar -o - writes a stream")
    if output is not None:
        options.demand_other_output(on_disk(place_of(output)))


def _destination(
    to: To, output: str | None, seen: Investigation, options: WriteOptions
) -> tuple[Destination[Outcome], str | None]:
    """Where the images go, and the place of it where there is one."""
    if to is To.LOAD:
        return RunningEngine(chosen_engine(None), options.replace_tags), None
    place = output or str(_default_place(to, seen, options))
    sync = not options.no_sync
    if to is To.DOCKER_TAR:
        return DockerTar(place, sync=sync), place
    kind = RegistryTree if to is To.REGISTRY_TREE else OciLayout
    return kind(place, replace_tags=options.replace_tags, sync=sync), place


def _default_place(to: To, seen: Investigation, options: WriteOptions) -> Path:
    """Beside the input; a tar gets a name that nothing has, while a tree and a layout are added to."""
    folder = _beside(seen)
    if to in _FOLDERS:
        return folder / _FOLDERS[to]
    stem = _stem_of_images(seen, options)
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(place for name in names if not os.path.lexists(place := folder / f"{name}.tar"))


def _beside(seen: Investigation) -> Path:
    """The folder in which the input lies; the current one for what isn't on a disk, or can't be written beside."""
    first = on_disk(seen.question.places[0])
    parent = Path(os.path.realpath(first)).parent if first else Path.cwd()
    chosen = parent if os.access(parent, os.W_OK) else Path.cwd()
    return Path(os.path.relpath(chosen)) if chosen.is_relative_to(Path.cwd()) else chosen


def _stem_of_images(seen: Investigation, options: WriteOptions) -> str:
    images = seen.case.plan.images
    names = [Reference.parse(options.name)] if options.name else [name for image in images for name in image.names]
    if len(names) != 1:
        return "images" if len(names) > 1 else "image"
    return file_stem(names[0].repository, names[0].tag)


def _demand_whole(place: str, written: Conversion[Outcome], options: WriteOptions) -> None:
    """Raise OutputError when an image can't be read back from where it was written."""
    with at_work(options.jobs, shows_progress=options.shows_progress) as executor:
        found = verify((place_of(place),), executor)
    lacking = [title_of(image.plan) for image in found.lacks(written.images)]
    flaws = [printable(flaw) for output in found.outputs for flaw in output.flaws]
    if lacking or flaws:
        told = "; ".join([*(f"{title} is not in it whole" for title in lacking), *flaws[:_SHOWN]])
        raise OutputError(f"{place}: was written, and reading it back finds: {told}. Run the command again")


def _conclude(
    written: Conversion[Outcome], place: str | None, destination: Destination[Outcome], options: WriteOptions
) -> ExitCode:
    verb = "loaded" if place is None else "written"
    code = conclude(written, quiet=options.quiet, verb=verb)
    if written.result and not options.quiet:
        for warning in written.result.warnings:
            say(f"warning: {warning}")
        if isinstance(destination, RunningEngine):
            tell(f"Loaded into {destination.engine.program}, which has the same image ids")
        else:
            tell(f"Written to {place}, and read back: {_read(written)}")
        _tell_remarks(written.result.remarks)
        tell_next(written.result.next_step, written.result.commands, tell)
    return code


def _tell_remarks(remarks: Sequence[str]) -> None:
    for remark in remarks:
        tell(f"  ({remark})")


def _read(written: Conversion[Outcome]) -> str:
    blobs = {
        blob.descriptor.digest: blob.descriptor.size
        for image in written.images
        for each in image.plan.all_images
        for blob in each.all_blobs
    }
    return f"{len(blobs)} blobs, {Size(sum(blobs.values()))}, each with its digest"
