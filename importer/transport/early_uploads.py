"""Uploading layers while they are read for the first time, as far as the registry keeps up.

What a push needs is known only when everything has been read. On a fast line, sending what is just
being read saves reading and hashing it again; what turns out not to be wanted is cancelled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from queue import Empty, Full, Queue
from types import TracebackType
from typing import Final, Self

from importer.domain.digest import Digest
from importer.errors import NetworkError
from importer.inspection.file_facts import BlockSink, FileFacts
from importer.sources.source_file import SourceFile
from importer.transport.client import Ask
from importer.transport.retry import PassingFailure
from importer.transport.timing import Timing
from importer.transport.upload_session import Target, UploadSession

LONGEST_WAIT: Final = 5.0
"""Seconds: what a useless upload may cost."""

_QUEUED: Final = 8
_PIECE: Final = 1 << 16
"""Bytes; copies of larger ones would be fetched from the system, and given back, one by one."""
_TAKEN: Final = frozenset({201, 202, 204})

Lacks = Callable[[Digest, int], bool]
"""Whether the registry lacks a blob of that size (bytes)."""


class EarlyUploads:
    """Begins uploads of files that may, by their size, be what the only image wants.

    A capture for the inspection. Use it as a context manager: whatever wasn't taken over at its end
    is cancelled.

    Args:
        target: where to.
        lacks: asks the registry; raises NetworkError.
        longest_wait: seconds for which the registry may keep the reading waiting, in all.
    """

    def __init__(self, target: Target, lacks: Lacks, *, longest_wait: float = LONGEST_WAIT) -> None:
        self._target = target
        self._lacks = lacks
        self._patience = _Patience(longest_wait, target.client.surroundings.timing)
        self._wanted: dict[int, set[Digest]] = {}
        self._begun: list[_Sending] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sending in self._begun:
            sending.give_up()
        if not isinstance(error, KeyboardInterrupt):
            for sending in self._begun:
                sending.cancel()

    def expect(self, facts: Iterable[FileFacts]) -> None:
        """Note what the registry lacks of the image; of several, nobody knows yet which are wanted."""
        manifests = {fact.digest: fact.document.manifest for fact in facts if fact.document and fact.document.manifest}
        if len(manifests) > 1:
            return
        for manifest in manifests.values():
            for blob in manifest.blobs:
                if self._lacks(blob.digest, blob.size):
                    self._wanted.setdefault(blob.size, set()).add(blob.digest)

    def sink_for(self, file: SourceFile) -> BlockSink | None:
        """The way to the registry, for a file that may be a wanted blob."""
        wanted = self._wanted.get(file.size)
        if not wanted:
            return None
        sending = _Sending(self._target, file.size, frozenset(wanted), self._patience)
        with self._lock:
            self._begun.append(sending)
        return sending

    def take_over(self, digest: Digest) -> UploadSession | None:
        """The upload that was begun of a blob, to go on with; waits until its last byte is answered for."""
        with self._lock:
            found = next((sending for sending in self._begun if sending.digest == digest), None)
            if found:
                self._begun.remove(found)
        return found.session() if found else None


class _Patience:
    """Seconds of waiting that all threads together may spend."""

    def __init__(self, seconds: float, timing: Timing) -> None:
        self._left = seconds
        self._timing = timing
        self._lock = threading.Lock()

    def put(self, queue: Queue[bytes], block: bytes) -> None:
        """Put a block into a queue, once there is room; raises Full when patience is at its end."""
        with suppress(Full):
            queue.put_nowait(block)
            return
        started = self._timing.now()
        try:
            queue.put(block, timeout=max(0.0, self._left))
        finally:
            with self._lock:
                self._left -= self._timing.now() - started


class _Sending:
    """One file on its way: the thread that reads it puts its blocks into a short queue, another sends them."""

    def __init__(self, target: Target, size: int, wanted: frozenset[Digest], patience: _Patience) -> None:
        self.digest: Digest | None = None
        self._target = target
        self._size = size
        self._wanted = wanted
        self._patience = patience
        self._blocks: Queue[bytes] = Queue(_QUEUED)
        self._over = threading.Event()
        self._sent = 0
        self._session: UploadSession | None = None
        self._answered = False
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def write(self, block: memoryview) -> None:
        """Hand a block over; a registry that is too slow gets no more."""
        self._put(bytes(block))

    def close(self, digest: Digest | None) -> None:
        """Say what the file was; what nobody wants isn't sent to its end."""
        if digest in self._wanted:
            self.digest = digest
            self._put(b"")
        else:
            self.give_up()

    def give_up(self) -> None:
        """Send nothing more."""
        self._over.set()
        with suppress(Full):
            self._blocks.put_nowait(b"")

    def session(self) -> UploadSession | None:
        """What the registry has of it; None when the line broke."""
        self._thread.join()
        if self._session is None or not self._answered:
            self.cancel()
            return None
        self._session.proven = self._session.offset == self._size
        return self._session

    def cancel(self) -> None:
        """Let the registry forget what it has got; one that can't be asked forgets it by itself, later."""
        self._thread.join()
        if self._session:
            with suppress(NetworkError, PassingFailure, CancelledError):
                self._target.cancel(self._session)

    def _put(self, block: bytes) -> None:
        if self._over.is_set():
            return
        try:
            self._patience.put(self._blocks, block)
        except Full:
            self.give_up()

    def _send(self) -> None:
        try:
            session = self._session = self._target.begin()
            # Without a length, as docker itself sends layers: so it may end at any moment, in good order.
            headers = {"Content-Type": "application/octet-stream"}
            ask = Ask("PATCH", session.location, headers, self._pieces, self._target.scope)
            with self._target.client.ask_once(ask, _TAKEN) as answer:
                self._target.take(session, answer, self._sent)
            self._answered = True
        except (NetworkError, PassingFailure, CancelledError):
            # The upload proper meets the same trouble, and has the patience and the words for it.
            pass
        finally:
            self._over.set()
            # Lets go of a reader that waits for room.
            with suppress(Empty):
                self._blocks.get_nowait()

    def _pieces(self) -> Iterator[bytes]:
        if self._sent:
            raise PassingFailure("the registry asks for what was read before")
        while (block := self._blocks.get()) and not self._over.is_set():
            for start in range(0, len(block), _PIECE):
                piece = block[start : start + _PIECE]
                self._sent += len(piece)
                yield piece
