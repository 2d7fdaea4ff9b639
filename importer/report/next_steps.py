"""What to do after a scan: commands that work as they stand when they are pasted."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from importer.errors import BlobfixError
from importer.investigation import Investigation, Question
from importer.plan.fidelity import Output
from importer.words.printable import for_shell
from importer.writers.selection import Choice, choose
from importer.writers.verifying_reader import VerifyingReader

_OUTPUTS: Final = (
    (Output.DOCKER_TAR, "image", ".tar", "write a tarball for docker load"),
    (Output.REGISTRY_TREE, "registry", "", "write a storage folder for registry:2"),
    (Output.OCI_LAYOUT, "layout", "", "write an OCI image layout for skopeo and podman"),
)
"""The outputs, the one that most people want first, with the name of the file or folder to write."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command line, and what it is for."""

    command: str
    purpose: str


def next_steps(investigation: Investigation) -> tuple[NextStep, ...]:
    """The commands that write what is whole here, into places where nothing is; none where nothing is whole."""
    question, choice = investigation.question, Choice(host=investigation.case.host)
    steps = []
    for output, stem, suffix, purpose in _OUTPUTS:
        place = _free_place(question, stem, suffix)
        if place and _is_written(investigation, choice, output):
            steps.append(NextStep(_command(f"to-{output}", question, place), purpose))
    return tuple(steps)


def _is_written(investigation: Investigation, choice: Choice, output: Output) -> bool:
    """Whether the command would write an image, given no further option."""
    try:
        return bool(choose(investigation.case.plan, choice, output, VerifyingReader(investigation.opener)).images)
    except BlobfixError:
        return False


def _command(command: str, question: Question, place: Path) -> str:
    words = ["blobfix", command, *(for_shell(os.fspath(path)) for path in question.paths)]
    words += [f"--borrow {for_shell(os.fspath(path))}" for path in question.borrowed]
    words += [f"--digest {digest}" for digest in question.digests]
    return " ".join([*words, "-o", for_shell(os.fspath(place))])


def _free_place(question: Question, stem: str, suffix: str) -> Path | None:
    """A name that nothing has, in the first folder from here upwards that lies in no input."""
    inputs = [os.path.realpath(path) for path in (*question.paths, *question.borrowed)]
    folder = next((here for here in _from_here_upwards() if not _is_within(here, inputs)), None)
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    free = (place for name in names if folder and not os.path.lexists(place := folder / f"{name}{suffix}"))
    return next(free) if folder else None


def _from_here_upwards() -> Iterator[Path]:
    return (Path(*[os.pardir] * number) for number in range(len(Path(os.path.realpath(os.curdir)).parts)))


def _is_within(folder: Path, inputs: list[str]) -> bool:
    return any(Path(os.path.realpath(folder)).is_relative_to(path) for path in inputs)
