"""What ``fix`` asks of servers: the image that a URL names, and what is missing or damaged here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from importer.cli.console import progress_shown, say, tell
from importer.cli.options import platform_of
from importer.cli.remote import RemoteOptions
from importer.cli.requests import WriteOptions
from importer.cli.working import at_work
from importer.domain.places import Place
from importer.errors import LoginRequiredError, NetworkError, UsageError
from importer.fetching import Order, fetch_into
from importer.investigation import Investigation, Question, investigate
from importer.places.changes import WritableStore
from importer.places.durability import Durability
from importer.places.named import is_an_address, on_disk, place_of
from importer.report.downloads import downloads_of
from importer.transport.credentials import Password
from importer.transport.image_folder import ImageFolder
from importer.transport.pull import Pull
from importer.transport.sources import Login, open_image, repository_of, tag_of


class Server:
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
        root = Path(file_stem(repository_of(place), tag_of(place)))
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

    def _pull(self, place: Place, root: Path) -> None:
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

    def _fetch(self, place: Place, folder: Path, seen: Investigation) -> NetworkError | None:
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


def file_stem(repository: str, tag: str | None) -> str:
    """What files of an image are called: ``NAME-TAG``."""
    name = repository.rpartition("/")[2]
    return f"{name}-{tag}" if tag else name
