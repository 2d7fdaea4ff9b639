"""By what a later run knows that the bytes at an address are the same."""

from __future__ import annotations

import os

from importer.places.address import Address, Copied, FileOnDisk, Member, Part, StoredObject, Unpacked
from importer.places.folder_store import identity_of
from importer.places.store import Identity


def identity_at(address: Address) -> Identity:
    """The identity, as it is now, of a file or an object, or of the archive around a member.

    An empty one for anything else, and for what isn't there.
    """
    try:
        match address:
            case FileOnDisk(path):
                return identity_of(os.stat(path))  # noqa: PTH116 (a path as text, a million times)
            case StoredObject(store, key):
                return store.stat(key).identity
            case Member(_, inner) | Part(inner) | Unpacked(inner) | Copied(inner):
                return identity_at(inner)
    except OSError:
        return Identity()
    return Identity()
