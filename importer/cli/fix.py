"""``blobfix fix``: the whole way in one go, of the steps that the other commands are."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import page_for_stdout, progress_shown, say, tell
from importer.cli.options import platform_of
from importer.cli.remote import DEFAULT_TIMEOUT, PasswordStdin, PlainHttp, RemoteOptions, Timeout, Username
from importer.cli.requests import WriteOptions, with_write_options
from importer.cli.results import tell_next
from importer.cli.working import at_work
from importer.cli.writing import conclude
from importer.conversion import Conversion, convert
from importer.domain.places import Place as RemotePlace
from importer.errors import ExitCode, LoginRequiredError, NetworkError, OutputError, UsageError
from importer.fetching import Order, fetch_into
from importer.investigation import Investigation, Question, investigate
from importer.places.changes import WritableStore
from importer.places.durability import Durability
from importer.places.named import is_an_address, on_disk, place_of
from importer.plan.titles import title_of
from importer.report.downloads import downloads_of
from importer.report.verdict import verdict_of
from importer.transport.credentials import Password
from importer.transport.image_folder import ImageFolder
from importer.transport.pull import Pull
from importer.transport.sources import Login, open_image, repository_of, tag_of
from importer.verification import verify
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
        typer.Option("-o", "--output", metavar="OUT", help="Where to. Default: beside the input, NAME-TAG.tar."),
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
    if to is To.LOAD and output is not None:
        raise UsageError("--to load writes no file; leave out -o")
    server = _Server(remote, durability, options)
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


class _Server:
    """Whoever has what is missing, and the login there, which is asked for once."""

    def __init__(self, remote: RemoteOptions, durability: Durability, options: WriteOptions) -> None:
        self._remote = remote
        self._surroundings = remote.surroundings(durability)
        self._options = options
        self._login = remote.login()

    def pulled(self, text: str) -> WritableStore:
        """The place that a PATH names; of a URL, the folder here into which the image was downloaded."""
        if "://" not in text or is_an_address(text) or os.path.lexists(text):
            return place_of(text)
        place = self._remote.place(text)
        root = Path(_file_stem(repository_of(place), tag_of(place)))
        tell(f"Downloading {place} into {root}")
        try:
            self._pull(place, root)
        except LoginRequiredError as error:
            self._ask_for_login(error)
            self._pull(place, root)
        return place_of(root)

    def completed(self, seen: Investigation, question: Question, source: str | None) -> Investigation:
        """What is here once the server gave what it has of what is missing; as it was seen, where none is known."""
        wanted = downloads_of(seen.case.plan, None)
        folder = on_disk(question.places[0]) if len(question.places) == 1 else None
        if not wanted and (seen.case.plan.images or source is None):
            return seen
        if source is None and wanted and folder and _asks() and not self._options.quiet:
            which = "1 file is" if len(wanted) == 1 else f"{len(wanted)} files are"
            say(f"{which} missing or damaged")
            where = "Reference or URL to download from (empty: none)"
            source = typer.prompt(where, "", show_default=False, err=True) or None
        if source is None:
            return seen
        if folder is None or not folder.is_dir():
            raise UsageError("--from needs one folder on this machine as PATH, into which the downloads can go")
        place = self._remote.place(source)
        refusal = self._fetch(place, folder, seen)
        if isinstance(refusal, LoginRequiredError) and _asks():
            self._ask_for_login(refusal)
            refusal = self._fetch(place, folder, seen)
        if refusal:
            say(str(refusal))
        with at_work(self._options.jobs, shows_progress=self._options.shows_progress) as executor:
            return investigate(question, executor)

    def _pull(self, place: RemotePlace, root: Path) -> None:
        surroundings = self._surroundings
        folder = ImageFolder(root, repository_of(place), tag_of(place), surroundings.durability, surroundings.tell)
        image = open_image(place, surroundings, self._login)
        with progress_shown(wanted=self._options.shows_progress) as progress:
            try:
                Pull(image, folder, surroundings, progress).run(platform_of(self._options.platform))
            except LoginRequiredError:
                raise
            except NetworkError as refusal:
                if not root.exists():
                    raise
                # What did come may do; the scan tells what is missing.
                say(str(refusal))

    def _fetch(self, place: RemotePlace, folder: Path, seen: Investigation) -> NetworkError | None:
        image = open_image(place, self._surroundings, self._login)
        order = Order(image, platform_of(self._options.platform), self._surroundings)
        with progress_shown(wanted=self._options.shows_progress) as progress:
            try:
                return fetch_into(folder, seen, order, progress)
            except NetworkError as refusal:
                return refusal

    def _ask_for_login(self, error: LoginRequiredError) -> None:
        if not _asks():
            raise error
        say(str(error))
        name = typer.prompt("User name", err=True)
        self._login = Login(Password(name, typer.prompt("Password", hide_input=True, err=True)))


def _asks() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _destination(
    to: To, output: str | None, seen: Investigation, options: WriteOptions
) -> tuple[Destination[Outcome], str | None]:
    """Where the images go, and the place of it where there is one."""
    if to is To.LOAD:
        return RunningEngine(chosen_engine(None), options.replace_tags), None
    place = output or str(_beside(seen) / _default_name(to, seen, options))
    sync = not options.no_sync
    if to is To.DOCKER_TAR:
        return DockerTar(place, sync=sync), place
    kind = RegistryTree if to is To.REGISTRY_TREE else OciLayout
    return kind(place, replace_tags=options.replace_tags, sync=sync), place


def _beside(seen: Investigation) -> Path:
    """The folder in which the input lies; the current one for what isn't on a disk, or can't be written beside."""
    first = on_disk(seen.question.places[0])
    parent = Path(os.path.realpath(first)).parent if first else Path.cwd()
    chosen = parent if os.access(parent, os.W_OK) else Path.cwd()
    return Path(os.path.relpath(chosen)) if chosen.is_relative_to(Path.cwd()) else chosen


def _default_name(to: To, seen: Investigation, options: WriteOptions) -> str:
    if to in _FOLDERS:
        return _FOLDERS[to]
    names = [options.name] if options.name else [str(n) for image in seen.case.plan.images for n in image.names]
    if len(names) != 1:
        return "images.tar" if len(names) > 1 else "image.tar"
    repository, _, tag = names[0].rpartition(":") if ":" in names[0].rpartition("/")[2] else (names[0], "", "")
    return f"{_file_stem(repository, tag)}.tar"


def _file_stem(repository: str, tag: str | None) -> str:
    """What files of an image are called: ``NAME-TAG``."""
    name = repository.rpartition("/")[2]
    return f"{name}-{tag}" if tag else name


def _demand_whole(place: str, written: Conversion[Outcome], options: WriteOptions) -> None:
    """Raise OutputError when an image can't be read back from where it was written."""
    with at_work(options.jobs, shows_progress=options.shows_progress) as executor:
        found = verify((place_of(place),), executor)
    lacking = [title_of(image.plan) for image in found.lacks(written.images)]
    if lacking:
        raise OutputError(f"{place}: could not be read back whole: {', '.join(lacking)}. Run the command again")


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
