"""A log on standard input, read line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

_BLOCK: Final = 1 << 18
_LONGEST_LINE: Final = 400_000
"""In bytes; as many as the characters of a line that are looked at can have."""

_LONGEST_MESSAGE: Final = 100_000
_MOST_BYTES: Final = 200_000_000
_MOST_LINES: Final = 5_000_000


class Log:
    """The lines of a log that have text, each with its number; the log is read once and never held as a whole.

    Lines are counted as editors and ``grep -n`` do. What a carriage return separates, as progress displays do, comes
    apart, with the number of the line that it is in. Of a very long line only the beginning comes.

    Attributes:
        filled: how many lines came.
        is_one_message: whether the message is all of their text.
        left_at: after how many lines the rest was left unread, if any was.
    """

    def __init__(self, stream: BinaryIO, most_bytes: int = _MOST_BYTES, most_lines: int = _MOST_LINES) -> None:
        self.filled = 0
        self._message: list[str] = []
        self._size = 0
        self.is_one_message = True
        self.left_at: int | None = None
        self._stream = stream
        self._has_more = False
        self._most_bytes = most_bytes
        self._most_lines = most_lines

    def __iter__(self) -> Iterator[tuple[int, str]]:
        number = 1
        for line in self._lines():
            text = line.decode("utf-8", "replace").strip()
            if text and number > self._most_lines:
                self.left_at = self._most_lines
                return
            if text:
                self._remember(text)
                yield number, text
            number += line.endswith(b"\n")
        if self._has_more:
            self.left_at = number - 1

    def _lines(self) -> Iterator[bytes]:
        held, left, is_at_end = b"", self._most_bytes, False
        while left and not is_at_end:
            asked = min(_BLOCK, left)
            block = self._stream.read(asked)
            # Whoever types a log ends it once: after less than was asked for, nothing more is read.
            is_at_end = len(block) < asked
            left -= len(block)
            for part in block.splitlines(keepends=True):
                if len(held) < _LONGEST_LINE:
                    held += part
                if part.endswith((b"\n", b"\r")):
                    yield held if len(held) < _LONGEST_LINE else held[:_LONGEST_LINE] + part[-1:]
                    held = b""
        if held:
            yield held
        self._has_more = not is_at_end and self._stream.read(1) != b""

    def _remember(self, text: str) -> None:
        self.filled += 1
        if self.is_one_message:
            self._message.append(text)
            self._size += len(text) + 1
            self.is_one_message = self._size <= _LONGEST_MESSAGE

    @property
    def message(self) -> str:
        """The text of the lines as one message; only the beginning, if there is too much of it."""
        return "\n".join(self._message)[:_LONGEST_MESSAGE]
