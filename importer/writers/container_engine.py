"""Container engines that take an archive on their standard input: docker, podman, nerdctl and containerd's ctr.

Sources: moby 20.10 (``docker load``, ``docker image inspect``), podman 4.3, nerdctl 1, containerd 1.6 (``ctr images
import -``). With containerd's image store, docker gives a manifest's digest for an image id.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from importer.domain.digest import Digest
from importer.errors import OutputError
from importer.formats.documents import parse_document
from importer.words.printable import printable

_MOST_SAID: Final = 2000
_MOST_ANSWERED: Final = 16 << 20
_PATIENCE: Final = 60
"""Seconds for a question that an engine answers from memory."""


@dataclass(frozen=True, slots=True)
class Engine:
    """How one engine is asked.

    Attributes:
        program: the command.
        probe: what succeeds when the engine can be used.
        load: what reads an archive from standard input.
        inspect: what prints an image's id; its name follows. Empty for ctr, which has no such command.
        run: what starts a container; the name follows.
    """

    program: str
    probe: tuple[str, ...]
    load: tuple[str, ...]
    inspect: tuple[str, ...]
    run: tuple[str, ...]

    @property
    def is_installed(self) -> bool:
        """Whether its command is here."""
        return shutil.which(self.program) is not None

    def trouble(self) -> str:
        """Why the engine can't be used, in its own words; empty when it can."""
        if not self.is_installed:
            return f"there is no {self.program} command here"
        try:
            answer = self._ask(self.probe)
        except OutputError as error:
            return str(error)
        return "" if answer.returncode == 0 else _last_line(answer.stderr or answer.stdout) or "it doesn't answer"

    def identity_of(self, name: str) -> Digest | None:
        """The id under which the engine has an image; None when it has none of that name, or doesn't say."""
        if not self.inspect:
            return self._config_digest(name)
        answer = self._ask((*self.inspect, name))
        return _digest(answer.stdout.decode("utf-8", "replace").strip()) if answer.returncode == 0 else None

    @contextmanager
    def loading(self) -> Iterator[BinaryIO]:
        """Give the stream into which the archive is to be written; when it ends, the engine has the images.

        What goes wrong within ends the engine's command before it has seen the end of the archive. Raises OutputError
        with the engine's own words when it refuses.
        """
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603 (one of a fixed list)
                [self.program, *self.load], stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT
            )
            stream = cast("BinaryIO", process.stdin)
            try:
                yield stream
                stream.close()
            except BaseException as error:
                is_refusal = isinstance(error, BrokenPipeError)
                if not is_refusal:
                    process.kill()
                with suppress(OSError):
                    stream.close()
                process.wait()
                if is_refusal:
                    raise OutputError(self._refusal(said)) from error
                raise
            if process.wait() != 0:
                raise OutputError(self._refusal(said))

    def _refusal(self, said: BinaryIO) -> str:
        said.seek(0)
        words = _last_line(said.read()[-_MOST_SAID:]) or "it ended without a word"
        return f"{self.program} did not take the image: {words}"

    def _ask(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        command = [self.program, *arguments]
        # Into files: a pipe stays open as long as any child that the command leaves behind.
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as wrong:
            try:
                code = subprocess.run(  # noqa: S603 (one of a fixed list)
                    command, stdin=subprocess.DEVNULL, stdout=said, stderr=wrong, check=False, timeout=_PATIENCE
                ).returncode
            except subprocess.TimeoutExpired as error:
                raise OutputError(f"{self.program} has not answered for {_PATIENCE} seconds") from error
            except OSError as error:
                raise OutputError(f"{self.program} can't be run: {error.strerror or error}") from error
            said.seek(0)
            wrong.seek(0)
            return subprocess.CompletedProcess(command, code, said.read(_MOST_ANSWERED), wrong.read(_MOST_SAID))

    def _config_digest(self, name: str) -> Digest | None:
        """The image id of what ctr lists: its target's manifest names the config."""
        listed = self._ask(("images", "list", f"name=={name}")).stdout.decode("utf-8", "replace").splitlines()[1:]
        target = next((words[2] for line in listed if len(words := line.split()) > 2 and words[0] == name), None)
        for _ in range(2):
            document = parse_document(self._ask(("content", "get", target)).stdout) if target else None
            if document and document.manifest:
                return document.manifest.config.digest
            children = document.index.children if document and document.index else ()
            target = str(children[0].digest) if children else None
        return None


ENGINES: Final = {
    engine.program: engine
    for engine in (
        Engine(
            "docker",
            ("version", "--format", "{{.Server.Version}}"),
            ("load",),
            ("image", "inspect", "--format", "{{.Id}}"),
            ("docker", "run", "--rm"),
        ),
        Engine("podman", ("info",), ("load",), ("image", "inspect", "--format", "{{.Id}}"), ("podman", "run", "--rm")),
        Engine(
            "nerdctl", ("info",), ("load",), ("image", "inspect", "--format", "{{.Id}}"), ("nerdctl", "run", "--rm")
        ),
        Engine("ctr", ("version",), ("images", "import", "-"), (), ("ctr", "run", "--rm")),
    )
}
"""By their commands, the one that is tried first at the beginning."""


def _digest(text: str) -> Digest | None:
    try:
        return Digest.parse(text if ":" in text else f"sha256:{text}")
    except ValueError:
        return None


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return printable(lines[-1].strip()) if lines else ""
