"""An executor that carries out only what isn't remembered of an earlier run."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar

from importer.places.store import Identity
from importer.work.executor import Executor, Result, largest_first
from importer.work.task import Task, Tools

_SETTLED: Final = 2_000_000_000
"""Nanoseconds: in so many a file may change twice and show one time (FAT counts in steps of two seconds)."""


class Key(NamedTuple):
    """What is remembered: the answer to a question about what lies at a place below the root."""

    place: str
    question: str


@dataclass(frozen=True, slots=True)
class Note:
    """What recalls an answer, and when the reading that gave it began, in nanoseconds since 1970."""

    content: bytes
    began: int


class Memory(Protocol):
    """What keeps notes: a state file."""

    def recall(self, key: Key, identity: Identity, since: int) -> Note | None:
        """What was noted of a place that is unchanged, in a reading that didn't begin before ``since``."""
        ...

    def note(self, key: Key, identity: Identity, note: Note, size: int) -> None:
        """Remember an answer, of which ``size`` bytes were read. Called from several threads. Raises OutputError."""
        ...

    def close(self) -> None:
        """Keep what was noted. Raises OutputError."""
        ...


Answer = TypeVar("Answer", covariant=True)  # noqa: PLC0105 - the name tells enough


class Rememberable(ABC, Generic[Answer]):
    """A task whose answer holds as long as what it reads is unchanged; it inherits from this."""

    __slots__ = ()

    if TYPE_CHECKING:
        # A field in some, which would take a property here for its default.
        @property
        def size(self) -> int:
            """As ``Task`` says."""

    @abstractmethod
    def carry_out(self, tools: Tools) -> Answer:
        """As ``Task`` says."""

    @property
    @abstractmethod
    def key(self) -> Key:
        """What is asked, and of what."""

    @property
    @abstractmethod
    def is_reading(self) -> bool:
        """Whether it is the one reading of a file, by which runs are counted; a closer look comes on top of it."""

    @abstractmethod
    def identity(self) -> Identity:
        """What it reads, as it is listed, or else as it is now; an empty one for what can't be known again."""

    @abstractmethod
    def identity_now(self) -> Identity:
        """What it reads, as it is now."""

    @abstractmethod
    def noted(self, tools: Tools) -> tuple[Answer, bytes]:
        """Carry it out, and give what recalls the answer; nothing for one that isn't to be remembered."""

    @abstractmethod
    def recalled(self, note: bytes) -> Any:
        """The answer; raises ValueError for a note that gives none."""


@dataclass(frozen=True, slots=True)
class Account:
    """How much was read now, and how much is remembered; sizes in bytes, times in nanoseconds since 1970."""

    files_read: int = 0
    bytes_read: int = 0
    files_remembered: int = 0
    bytes_remembered: int = 0
    oldest: int = 0
    newest: int = 0

    def with_read(self, task: Rememberable[Any]) -> Account:
        """With what was read now."""
        if not task.is_reading:
            return self
        return replace(self, files_read=self.files_read + 1, bytes_read=self.bytes_read + task.size)

    def with_remembered(self, task: Rememberable[Any], began: int) -> Account:
        """With what was read then."""
        if not task.is_reading:
            return self
        return replace(
            self,
            files_remembered=self.files_remembered + 1,
            bytes_remembered=self.bytes_remembered + task.size,
            oldest=min(self.oldest or began, began),
            newest=max(self.newest, began),
        )


@dataclass(frozen=True, slots=True)
class _Noted:
    """A task whose answer comes with its note, where that may be believed later."""

    task: Rememberable[Any]
    identity: Identity

    @property
    def size(self) -> int:
        return self.task.size

    def carry_out(self, tools: Tools) -> tuple[Any, Note | None]:
        began = time.time_ns()
        answer, content = self.task.noted(tools)
        is_settled = self.identity.changed + _SETTLED < began
        if content and is_settled and self.task.identity_now().marks == self.identity.marks:
            return answer, Note(content, began)
        return answer, None


@dataclass(frozen=True, slots=True)
class _NotedHere:
    """The same in this process: it is kept at once, however long the tasks before it take."""

    noted: _Noted
    state: Memory

    @property
    def size(self) -> int:
        return self.noted.size

    def carry_out(self, tools: Tools) -> tuple[Any, Note | None]:
        answer, note = self.noted.carry_out(tools)
        _keep(self.noted, note, self.state)
        return answer, None


class RememberingExecutor:
    """Carries out, by another executor, what isn't remembered; what is learned is kept as it comes.

    Args:
        executor: carries out the rest.
        states: where to look; the first of them is added to.
        since: what was read before, in nanoseconds since 1970, is read again; None: everything is.
    """

    def __init__(self, executor: Executor, states: Sequence[Memory], since: int | None = 0) -> None:
        self._executor = executor
        self._states = states
        self._since = since
        self.progress = executor.progress
        self.tools = executor.tools
        self.is_local = executor.is_local
        self.account = Account()

    @contextmanager
    def started(self, tasks: Iterable[Task[Result]]) -> Iterator[Iterator[Result]]:
        """Begin all tasks that aren't remembered, as ``Executor`` says."""
        steps = [self._step(task) for task in largest_first(tasks)]
        with self._executor.started([step for step in steps if not isinstance(step, _Recalled)]) as results:
            yield self._in_order(steps, results)

    def _step(self, task: Task[Any]) -> Task[Any] | _Recalled:
        if not isinstance(task, Rememberable) or not (identity := task.identity()).marks:
            return task
        for state in self._states if self._since is not None else ():
            note = state.recall(task.key, identity, self._since or 0)
            if note:
                try:
                    return _Recalled(task, task.recalled(note.content), note.began)
                except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                    continue
        noted = _Noted(task, identity)
        return _NotedHere(noted, self._states[0]) if self.is_local else noted

    def _in_order(self, steps: list[Task[Any] | _Recalled], results: Iterator[Any]) -> Iterator[Any]:
        for step in steps:
            if isinstance(step, _Recalled):
                self.account = self.account.with_remembered(step.task, step.began)
                self.tools.advance(step.task.size)
                yield step.answer
                continue
            result = next(results)
            if isinstance(step, _NotedHere | _Noted):
                noted = step if isinstance(step, _Noted) else step.noted
                result, note = result
                _keep(noted, note, self._states[0])
                self.account = self.account.with_read(noted.task)
            elif isinstance(step, Rememberable):
                self.account = self.account.with_read(step)
            yield result


@dataclass(frozen=True, slots=True)
class _Recalled:
    task: Rememberable[Any]
    answer: Any
    began: int


def _keep(noted: _Noted, note: Note | None, state: Memory) -> None:
    if note:
        state.note(noted.task.key, noted.identity, note, noted.size)
