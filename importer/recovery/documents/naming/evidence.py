"""What a kind of evidence says: which name a manifest or a config has."""

from __future__ import annotations

from importer.domain.digest import Digest
from importer.domain.reference import Reference, Repository

NamedDigest = tuple[Digest, Reference | Repository]
"""The digest of a manifest or a config, and a name it goes by; only its repository, where no tag is known."""
