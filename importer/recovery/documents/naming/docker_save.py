"""Names from the ``manifest.json`` of docker save: the tags of each config.

Source: moby, image/tarexport/tarexport.go, ``manifestItem``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from importer.domain.digest import Digest
from importer.domain.json_members import text, texts
from importer.domain.reference import Reference
from importer.formats.signatures import FileKind
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory, file_beside
from importer.recovery.documents.naming.evidence import NamedDigest


@dataclass(frozen=True, slots=True)
class SavedImage:
    """An entry of a docker save manifest: the manifest's file, the tags, and the files it names."""

    manifest: FileFacts
    tags: tuple[str, ...]
    config: str
    layers: tuple[str, ...]

    @property
    def config_digest(self) -> Digest | None:
        """The config's digest, after which docker names its file."""
        return Digest.from_name(self.config.rpartition("/")[2])

    @property
    def names(self) -> Iterator[Reference]:
        """The tags that are names."""
        for tag in self.tags:
            try:
                yield Reference.parse(tag).familiar
            except ValueError:
                continue


def names(inventory: Inventory) -> Iterator[NamedDigest]:
    """The tags of each config, under the config's digest."""
    for config, item in saved_images(inventory):
        yield from ((config.digest, name) for name in item.names)


def saved_images(inventory: Inventory) -> Iterator[tuple[FileFacts, SavedImage]]:
    """Each image that a docker save manifest lists, with its config's file."""
    for item in save_entries(inventory):
        config = file_beside(inventory, item.manifest.file, item.config)
        digest = item.config_digest
        # The file may have lost its name: that of a member of an archive, to a bit in its header.
        found = inventory.with_digest(digest) if config is None and digest else ()
        if config or found:
            yield config or found[0], item


def save_entries(inventory: Inventory) -> Iterator[SavedImage]:
    """Each image that a docker save manifest lists, whether or not its files are here."""
    for fact in inventory.facts:
        if fact.kind is not FileKind.DOCKER_SAVE_MANIFEST or fact.file.borrowed or not fact.document:
            continue
        for item in fact.document.value if fact.document.is_valid else ():
            yield SavedImage(fact, texts(item, "RepoTags"), text(item, "Config"), texts(item, "Layers"))
