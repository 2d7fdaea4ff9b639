"""What to do after a scan: commands that work as they stand when they are pasted.

They write what is whole; where something is missing, they complete it, where a server is known, or explain it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from importer.domain.places import parse_place
from importer.domain.platform import Platform
from importer.errors import BlobfixError
from importer.investigation import Investigation, Question
from importer.places.named import on_disk
from importer.places.store import EntryKind, kind_at
from importer.plan.fidelity import ImageStatus, status_of, whole_images
from importer.plan.images import ImageKind, ImagePlan
from importer.report.downloads import downloads_of
from importer.report.states import worst_first, worst_state
from importer.rules.rule import Finding
from importer.words.printable import for_shell, shell_word
from importer.writers.naming import NameTemplate, Naming
from importer.writers.outputs import OFFERED, Output
from importer.writers.selection import Choice, choose
from importer.writers.verifying_reader import VerifyingReader

_MOST: Final = 3
_STORAGE: Final = ("docker", "registry", "v2")
_BY_IMAGE_ID: Final = NameTemplate.parse("recovered/{image_id}")
_BY_DIGEST: Final = NameTemplate.parse("recovered/{digest}")


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command line, and what it is for."""

    command: str
    purpose: str


@dataclass(frozen=True, slots=True)
class _Way:
    """How a command may be called: what it chooses, the words that say so, and what comes of them."""

    choice: Choice
    words: tuple[str, ...] = ()
    effect: str = ""


def next_steps(investigation: Investigation) -> tuple[NextStep, ...]:
    """One to three commands: those that write what is whole here, into places where nothing is; else what helps."""
    checking, completing = [*_checking(investigation)], [*_completing(investigation)]
    writing = [*_writing(investigation)]
    if worst_state(investigation.case) in (ImageStatus.INTACT, ImageStatus.REPAIRABLE):
        return (*checking, *(writing or _learning(investigation)))[:_MOST]
    return (*checking, *completing, *writing[: _MOST - 1], *_learning(investigation))[:_MOST]


def _checking(investigation: Investigation) -> Iterator[NextStep]:
    """The check of a registry's storage: whether its links lead to what is here is no matter of the images' bytes."""
    places = investigation.question.places
    is_storage = any(fact.file.parts[: len(_STORAGE)] == _STORAGE for fact in investigation.case.inventory.facts)
    if is_storage and len(places) == 1 and kind_at(places[0], "") is EntryKind.FOLDER:
        yield NextStep(f"blobfix repair-tree {for_shell(places[0].shown(''))}", "check this registry's storage")


def _completing(investigation: Investigation) -> Iterator[NextStep]:
    """The download of what is missing, where it is known from where, and there is a folder to put it into."""
    question = investigation.question
    origin, places = question.origin, question.places
    folder = on_disk(places[0]) if len(places) == 1 else None
    if not origin or not folder or not folder.is_dir():
        return
    try:
        parse_place(origin)
    except ValueError:
        return
    if downloads_of(investigation.case.plan, origin):
        words = ["complete", for_shell(os.fspath(folder)), "--from", shell_word(origin)]
        words += ["--platform", str(question.platform)] if question.platform else []
        yield NextStep(" ".join(["blobfix", *words]), "download only what is missing or damaged")


def _writing(investigation: Investigation) -> Iterator[NextStep]:
    is_partial = worst_state(investigation.case) is ImageStatus.INCOMPLETE
    for output in OFFERED:
        offer = output.offer
        place = _free_place(investigation.question, offer.stem, offer.suffix) if offer else None
        way = next(_working_ways(investigation, output), None) if place else None
        if offer and place and way:
            words = [output.command, *_input(investigation.question), *way.words, "-o", for_shell(os.fspath(place))]
            written = f"write what is complete as {offer.description}" if is_partial else f"write {offer.description}"
            yield NextStep(" ".join(["blobfix", *words]), f"{written}{way.effect}")


def _learning(investigation: Investigation) -> Iterator[NextStep]:
    """What tells more: an explanation of the worst finding, and a report for those who can help."""
    finding = _worst_finding(investigation)
    if finding:
        rule = finding.rule
        yield NextStep(f"blobfix explain {rule.code}", f"explain {rule.code} {rule.name}")
    place = _free_place(investigation.question, "report", ".html")
    if place and investigation.case.plan.images:
        words = ["blobfix", "scan", *_input(investigation.question), "--format", "html"]
        yield NextStep(
            " ".join([*words, ">", for_shell(os.fspath(place))]), "write a report for whoever can download the files"
        )
    if not investigation.case.plan.images:
        yield NextStep("blobfix pull --help", "download an image from a registry or from Artifactory")


def _worst_finding(investigation: Investigation) -> Finding | None:
    return next(investigation.findings.troubles, None)


def _working_ways(investigation: Investigation, output: Output) -> Iterator[_Way]:
    """The ways in which the command writes an image, the plainest first."""
    for way in _ways(investigation, output):
        try:
            chosen = choose(investigation.case.plan, way.choice, output, VerifyingReader(investigation.opener))
        except BlobfixError:
            continue
        if chosen.images:
            yield way


def _ways(investigation: Investigation, output: Output) -> Iterator[_Way]:
    question, images = investigation.question, investigation.case.plan.images
    # The plan is what was selected, under the name that was given.
    select = None if question.name else question.select
    plain = _Way(Choice(select=select, platform=question.platform, host=investigation.case.host))
    if output.needs_names:
        plain = _named(plain, images)
    yield plain
    for platform in () if question.platform else _whole_platforms(investigation):
        host = replace(plain.choice.host, asked=platform)
        yield _with(plain, "--platform", platform.with_version, f", for {platform}", platform=platform, host=host)
    yield _with(plain, "--sparse", "", ", with the platforms that are here", sparse=True)
    yield _with(plain, "--allow-new-digest", "", ", under a new digest", allow_new_digest=True)
    for image in () if question.select else _whole(investigation):
        digest = str(image.manifest.descriptor.digest)
        yield _with(plain, "--select", digest, ", for one of the images", select=digest)


def _with(way: _Way, option: str, value: str, effect: str, **change: object) -> _Way:
    words = (option, shell_word(value)) if value else (option,)
    return _Way(replace(way.choice, **change), (*way.words, *words), way.effect + effect)  # type: ignore[arg-type]


def _named(way: _Way, images: tuple[ImagePlan, ...]) -> _Way:
    """The way with names for the images that have none, by what each of them has."""
    nameless = [image for image in images if not image.names and not image.parents]
    if not nameless:
        return way
    has_ids = all(image.kind is ImageKind.IMAGE and image.image_id for image in nameless)
    template, named_after = (_BY_IMAGE_ID, "image id") if has_ids else (_BY_DIGEST, "manifest digest")
    effect = f"; an image without a name is named after its {named_after}"
    return _with(way, "--name-template", template.text, effect, naming=Naming(template=template))


def _whole_platforms(investigation: Investigation) -> list[Platform]:
    """The platforms of which an index here has a whole image, this machine's first."""
    host = investigation.case.host
    indexes = (image for image in investigation.case.plan.images if image.kind is ImageKind.INDEX)
    found = {child.platform: None for index in indexes for child in whole_images(index, host) if child.platform}
    return sorted(found, key=lambda platform: not platform.matches(host.platform))[:_MOST]


def _whole(investigation: Investigation) -> list[ImagePlan]:
    """A few images that can be written."""
    host, images = investigation.case.host, investigation.case.plan.images
    standing = (image for image in reversed(worst_first(images, host)) if not image.parents)
    return [*itertools.islice((i for i in standing if status_of(i, host) is not ImageStatus.INCOMPLETE), _MOST)]


def _input(question: Question) -> list[str]:
    """The words that say what was looked at."""
    words = [for_shell(place.shown("")) for place in question.places]
    words += [word for place in question.borrowed for word in ("--borrow", for_shell(place.shown("")))]
    words += [word for digest in question.digests for word in ("--digest", str(digest))]
    words += ["--select", shell_word(question.select)] if question.select else []
    words += ["--name", shell_word(str(question.name))] if question.name else []
    return words + (["--platform", question.platform.with_version] if question.platform else [])


def _free_place(question: Question, stem: str, suffix: str) -> Path | None:
    """A name that nothing has, in the first folder from here upwards that lies in no input and can be written to."""
    paths = map(on_disk, (*question.places, *question.borrowed))
    inputs = [os.path.realpath(path) for path in paths if path]
    suited = (here for here in _from_here_upwards() if not _is_within(here, inputs) and os.access(here, os.W_OK))
    folder = next(suited, None)
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    free = (place for name in names if folder and not os.path.lexists(place := folder / f"{name}{suffix}"))
    return next(free) if folder else None


def _from_here_upwards() -> Iterator[Path]:
    return (Path(*[os.pardir] * number) for number in range(len(Path(os.path.realpath(os.curdir)).parts)))


def _is_within(folder: Path, inputs: list[str]) -> bool:
    return any(Path(os.path.realpath(folder)).is_relative_to(path) for path in inputs)
