"""How a store is changed: what a folder and a bucket can both do, and what only a folder can.

``Changes`` repair what is there, ``Additions`` (``additions.py``) add to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from importer.places.additions import Additions, Rank
from importer.places.durability import Durability
from importer.places.store import Stamp, Store

SET_ASIDE: Final = ".blobfix-set-aside"
"""Below the root: where entries go that are taken out of their place, each under its key."""


@dataclass(frozen=True, slots=True)
class Job:
    """What changes a store, one process at a time.

    Attributes:
        name: by which the next run finds what a killed one has left.
        busy: what to tell when another process is doing the same.
        landmarks: names of folders that stay when they become empty, where a store has folders.
    """

    name: str
    busy: str
    landmarks: frozenset[str] = field(default_factory=frozenset)


class Changes(Protocol):
    """Changes of one store. What is asked for is done by ``settle``, all of it in the order in which it was asked.

    Sources are read, and contents made, when they are asked for, so that objects may change places. All methods raise
    OSError, and OutputError for a key to which a link leads out of the root, or for an object that somebody else has
    changed meanwhile.
    """

    def put(self, key: str, blocks: Iterable[bytes], *, keeps_former: bool) -> None:
        """Write an object, which appears whole; whatever ``blocks`` raises leaves the key as it was.

        With ``keeps_former`` what had the key is set aside. A folder of that name, or an object that has the name of a
        folder above it, is always set aside: also in a bucket, which could hold both.
        """
        ...

    def copy(self, source: str, key: str, stamp: Stamp) -> None:
        """Give an object a second key, and set aside what had that; OutputError if its stamp is another one now."""
        ...

    def remove(self, key: str) -> None:
        """Take an object away, if it is there: after all else that was asked for is durable."""
        ...

    def set_aside(self, key: str) -> None:
        """Move an object below ``SET_ASIDE``, or a folder with all in it where no object has the key.

        Nothing is done if neither is there.
        """
        ...

    def make_folder(self, key: str) -> None:
        """Make a folder that may stay empty; only where the store has folders."""
        ...

    def move_folder(self, source: str, target: str) -> None:
        """Move a folder in one step to where nothing is; only where the store has folders."""
        ...

    def settle(self) -> None:
        """Do what was asked for; it outlasts a power cut then, and nothing that is asked for later comes before it."""
        ...


class WritableStore(Store, Protocol):
    """A store that can be changed."""

    @property
    def has_folders(self) -> bool:
        """Whether there are folders apart from what is in them, which may be empty, and are moved in one step."""
        ...

    def within(self, key: str) -> WritableStore:
        """As ``Store`` says."""
        ...

    def parents(self) -> Iterator[WritableStore]:
        """As ``Store`` says."""
        ...

    def has_space(self, size: int) -> bool:
        """Whether ``size`` bytes may fit; raises OutputError when the system doesn't say."""
        ...

    def demand_space(self, size: int) -> None:
        """Raise OutputError when ``size`` bytes can't fit."""
        ...

    def adding(self, rank: Rank, durability: Durability) -> AbstractContextManager[Additions]:
        """Add objects to the store, which may be new, maybe beside others that do so; what isn't finished is gone.

        Raises OutputError for everything that the system refuses.
        """
        ...

    def changing(self, job: Job, durability: Durability) -> AbstractContextManager[Changes]:
        """Change the store as the only one who does such a job; what isn't finished at the end is gone.

        Raises OutputError when another process is at it, and for everything that the system refuses.
        """
        ...

    def clear_up(self, job: Job) -> None:
        """Take away what a killed run of the job has left; raises as ``changing`` does."""
        ...
