"""How objects are added to a store: they are gathered unseen, each is whole, and they appear in a given order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from importer.places.store import Stamp

Rank = Callable[[str], int]
"""The order of objects by their keys: those of a higher rank become visible later."""


def nothing() -> None:
    """What is to be added depends on nothing that the store has."""


class Upload(Protocol):
    """An object that is written before anybody knows whether it is wanted; whoever doesn't keep it, loses it.

    All methods raise OutputError.
    """

    def write(self, block: memoryview | bytes) -> None:
        """Add the next bytes."""
        ...

    def close(self) -> None:
        """All bytes are there, and proven; what holds the upload open ends, as there may be thousands of them."""
        ...

    def keep(self, key: str) -> None:
        """Add it, closed, under one of the keys that it was begun for."""
        ...

    def drop(self) -> None:
        """Take it back, whole or not."""
        ...


class Additions(Protocol):
    """What is to be added to one store. Nothing of it is seen before ``finish``.

    All methods raise OSError or OutputError; what isn't finished at the end is gone.
    """

    def begin(self, keys: Collection[str]) -> Upload:
        """Begin an object that will have one of these keys if its bytes turn out to be right.

        A bucket makes it a multipart upload out of sight, which the server copies to its key at ``finish``.
        """
        ...

    def put(self, key: str, blocks: Iterable[bytes]) -> None:
        """Add an object whose key says what is in it: whoever else writes it, writes the same bytes.

        It is instead of one that was added before under the key. What ``blocks`` raises leaves nothing under the key.
        """
        ...

    def replace(self, key: str, content: bytes, former: Stamp | None) -> None:
        """Add a small object that others may write as well, with other bytes.

        Args:
            key: where.
            content: its bytes.
            former: the stamp of what has the key; None when nothing has. If that is no longer so when the object is
                to appear, and other bytes are there, ``finish`` asks anew what is to be added.
        """
        ...

    def make_folder(self, key: str) -> None:
        """Add a folder that may stay empty; only where the store has folders."""
        ...

    def rely_on(self, key: str) -> None:
        """An object of the store is right, and what is added needs it: it must still be there at the end."""
        ...

    def finish(self, merge: Callable[[], None] = nothing) -> None:
        """Make everything appear: all of one rank outlasts a power cut before anything of the next is visible.

        Args:
            merge: adds what depends on what the store has, and reads that for it; what it raises ends all. It is
                called when nobody else adds to the store. Where others can't be kept out, it is called again as often
                as a ``replace`` meets something else than was read; what it added before is forgotten each time.
        """
        ...
