"""Inspecting all files of all sources, several at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from importer.formats.documents import checked
from importer.inspection.file_facts import BlockSink, FileFacts, inspect_file
from importer.inspection.remembered import KeptContent, facts_of_note, identity_of, key_of, note_of_facts
from importer.places.identity import identity_at
from importer.places.store import Identity
from importer.sources.source_file import Source, SourceFile, SourceProblem
from importer.work.executor import Executor, run
from importer.work.remembering import Key, Rememberable
from importer.work.share import Share
from importer.work.task import Task, Tools

_SMALL: Final = 4 << 20
"""Bytes up to which a file is read in the first round: manifests and configs are among these."""

SIDECAR_ALGORITHMS: Final = {".sha256": "sha256", ".sha1": "sha1", ".md5": "md5", ".sha512": "sha512"}
"""Endings of the files that hold a neighbour's digest."""


class Capture(Protocol):
    """Takes copies of large files while they are read, so that a writer need not read them again."""

    def expect(self, facts: Iterable[FileFacts]) -> None:
        """These are all small files of the input, its documents among them; the large ones come next."""
        ...

    def sink_for(self, file: SourceFile) -> BlockSink | None:
        """Where a copy of the file should go; None when it isn't worth one."""
        ...


@dataclass(frozen=True, slots=True)
class Inspection:
    """The facts of every file that could be read, and the entries that could not."""

    facts: tuple[FileFacts, ...]
    problems: tuple[SourceProblem, ...]


@dataclass(frozen=True, slots=True)
class InspectFile(Rememberable["FileFacts | SourceProblem"]):
    """Read one file; ``algorithms`` besides sha256 are those of the digests that lie beside it."""

    file: SourceFile
    algorithms: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes to read."""
        return self.file.size

    def carry_out(self, tools: Tools, sink: BlockSink | None = None) -> FileFacts | SourceProblem:
        """Give the facts, or say why there are none."""
        file = self.file
        try:
            return inspect_file(file, tools.opener, algorithms=self.algorithms, sink=sink, advance=tools.advance)
        except OSError as error:
            return SourceProblem(file.path, error.strerror or str(error), size=file.size, borrowed=file.borrowed)

    @property
    def key(self) -> Key:
        """Its place, and the algorithms."""
        return key_of(self.file, " ".join(("facts", *self.algorithms)))

    @property
    def is_reading(self) -> bool:
        """It is."""
        return True

    def identity(self) -> Identity:
        """That of the listing, if it tells one."""
        return identity_of(self.file)

    def identity_now(self) -> Identity:
        """That of the file, or of the archive it is in."""
        return identity_at(self.file.address)

    def noted(self, tools: Tools) -> tuple[FileFacts | SourceProblem, bytes]:
        """The facts, and what recalls them; problems are looked at again."""
        kept = KeptContent()
        answer = self.carry_out(tools, kept)
        return answer, note_of_facts(answer, kept) if isinstance(answer, FileFacts) else b""

    def recalled(self, note: bytes) -> FileFacts:
        """The facts."""
        return facts_of_note(self.file, self.algorithms, note)


@dataclass(frozen=True, slots=True)
class _InspectAndCopy:
    """Read one file here, and hand its bytes on as they come."""

    task: InspectFile
    capture: Capture

    @property
    def size(self) -> int:
        return self.task.size

    def carry_out(self, tools: Tools) -> FileFacts | SourceProblem:
        return self.task.carry_out(tools, self.capture.sink_for(self.task.file))


def inspect(
    sources: Iterable[Source], executor: Executor, capture: Capture | None = None, share: Share | None = None
) -> Inspection:
    """Read every file of the sources once: the documents first, then all that is large.

    A ``capture`` gets copies of the large files, where they are read in this process. Of a ``share``, only its files
    are read.
    """
    entries = [entry for source in sources for entry in source.entries()]
    files = [entry for entry in entries if isinstance(entry, SourceFile)]
    problems = [entry for entry in entries if isinstance(entry, SourceProblem)]
    algorithms = _sidecar_algorithms(files)
    files = [file for file in files if not share or share.takes_place("/".join(file.parts))]
    tasks = [InspectFile(file, algorithms.get(file.path, ())) for file in files]
    small = [task for task in tasks if task.size <= _SMALL]
    large: list[Task[FileFacts | SourceProblem]] = [task for task in tasks if task.size > _SMALL]
    executor.progress.start("Reading", sum(file.size for file in files))
    results = run(executor, small)
    if capture and executor.is_local:
        capture.expect(result for result in results if isinstance(result, FileFacts))
        large = [_InspectAndCopy(task, capture) for task in tasks if task.size > _SMALL]
    # Schemas are checked while the threads hash: loading the checker takes as long as hashing 40 MB.
    with executor.started(large) as rest:
        results = [_checked(result) for result in results]
        results += (_checked(result) for result in rest)
    executor.progress.stop()
    problems += [result for result in results if isinstance(result, SourceProblem)]
    facts = [result for result in results if isinstance(result, FileFacts)]
    problems.sort(key=lambda problem: problem.path)
    return Inspection(tuple(sorted(facts, key=lambda fact: fact.file.path)), tuple(problems))


def _checked(result: FileFacts | SourceProblem) -> FileFacts | SourceProblem:
    if isinstance(result, SourceProblem) or result.document is None:
        return result
    return replace(result, document=checked(result.document))


def _sidecar_algorithms(files: Iterable[SourceFile]) -> dict[str, tuple[str, ...]]:
    wanted: dict[str, tuple[str, ...]] = {}
    for file in files:
        for ending, algorithm in SIDECAR_ALGORITHMS.items():
            if file.name.lower().endswith(ending) and algorithm != "sha256":
                target = file.path[: -len(ending)]
                wanted[target] = (*wanted.get(target, ()), algorithm)
    return wanted
