"""Inspecting all files of all sources, several at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

from importer.formats.documents import checked
from importer.inspection.file_facts import BlockSink, FileFacts, inspect_file
from importer.progress import Progress
from importer.sources.source_file import Source, SourceFile, SourceProblem

_SMALL: Final = 4 << 20
"""Bytes up to which a file is read in the first round: manifests and configs are among these."""

SIDECAR_ALGORITHMS: Final = {".sha256": "sha256", ".sha1": "sha1", ".md5": "md5", ".sha512": "sha512"}
"""Endings of the files that hold a neighbour's digest."""

_BATCH: Final = 4096
"""Files that wait for a thread at a time: each one that waits takes more room than its facts."""

_Result = TypeVar("_Result")


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


class Inspector:
    """Reads files in threads: hashing and decompressing leave the interpreter free.

    Args:
        jobs: how many files are read at once.
        progress: is told of every byte.
    """

    def __init__(self, jobs: int | None, progress: Progress) -> None:
        self._jobs = jobs or os.cpu_count() or 1
        self._progress = progress
        self._stop = threading.Event()

    def inspect(self, sources: Iterable[Source], capture: Capture | None = None) -> Inspection:
        """Read every file of the sources once: the documents first, then all that is large."""
        entries = [entry for source in sources for entry in source.entries()]
        files = [entry for entry in entries if isinstance(entry, SourceFile)]
        problems = [entry for entry in entries if isinstance(entry, SourceProblem)]
        algorithms = _sidecar_algorithms(files)
        small = [file for file in files if file.size <= _SMALL]
        large = [file for file in files if file.size > _SMALL]

        def inspect_one(file: SourceFile, sink: BlockSink | None = None) -> FileFacts | SourceProblem:
            try:
                return inspect_file(file, algorithms=algorithms.get(file.path, ()), sink=sink, advance=self.advance)
            except OSError as error:
                return SourceProblem(file.path, error.strerror or str(error), size=file.size, borrowed=file.borrowed)

        self._progress.start("Reading", sum(file.size for file in files))
        results = self.run(inspect_one, small)
        if capture:
            capture.expect(result for result in results if isinstance(result, FileFacts))
        # Schemas are checked while the threads hash: loading the checker takes as long as hashing 40 MB.
        with self._started(lambda file: inspect_one(file, capture.sink_for(file) if capture else None), large) as rest:
            results = [_checked(result) for result in results]
            results += (_checked(result) for result in rest)
        self._progress.stop()
        problems += [result for result in results if isinstance(result, SourceProblem)]
        facts = [result for result in results if isinstance(result, FileFacts)]
        problems.sort(key=lambda problem: problem.path)
        return Inspection(tuple(sorted(facts, key=lambda fact: fact.file.path)), tuple(problems))

    def run(self, task: Callable[[SourceFile], _Result], files: Iterable[SourceFile]) -> list[_Result]:
        """Do the task for each file, the largest first, so that no thread is left with one at the end.

        An interrupt stops all threads at their next block.
        """
        ordered = sorted(files, key=lambda file: -file.size)
        done: list[_Result] = []
        for start in range(0, len(ordered), _BATCH):
            with self._started(task, ordered[start : start + _BATCH]) as results:
                done += results
        return done

    @contextmanager
    def _started(
        self, task: Callable[[SourceFile], _Result], files: Iterable[SourceFile]
    ) -> Iterator[Iterator[_Result]]:
        ordered = sorted(files, key=lambda file: -file.size)
        with ThreadPoolExecutor(max_workers=self._jobs) as pool:
            try:
                futures = [pool.submit(task, file) for file in ordered]
                yield (future.result() for future in futures)
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def advance(self, size: int) -> None:
        """Pass progress on; raises CancelledError in every thread once one was interrupted."""
        if self._stop.is_set():
            raise CancelledError
        self._progress.advance(size)


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
