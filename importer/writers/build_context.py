"""A folder from which ``docker build`` makes an image with the same files and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from importer.domain.json_members import object_of
from importer.domain.run_settings import RunSettings, parse_run_settings
from importer.errors import CannotWriteError
from importer.places.additions import Additions
from importer.plan.images import ContainerImage, ImagePlan
from importer.plan.titles import title_of
from importer.progress import Progress
from importer.writers.context_folder import DOCKERFILE
from importer.writers.dockerfile import Dockerfile, dockerfile
from importer.writers.layer_archives import LayerArchive, layer_archives, layer_title
from importer.writers.merged_names import MergedNames, Origin
from importer.writers.tar_entries import FOLDER, TarReader
from importer.writers.tar_stream import END
from importer.writers.verifying_reader import VerifyingReader

_MERGED: Final = "root.tar"


@dataclass(frozen=True, slots=True)
class WrittenContext:
    """The Dockerfile, and the layers whose whiteouts get lost."""

    dockerfile: Dockerfile
    with_whiteouts: tuple[LayerArchive, ...] = ()


class BuildContext:
    """Writes an image's layers, or one merged root file system, and the Dockerfile that binds them.

    Raises CannotWriteError for what is no container image of Linux, and VerificationError.
    """

    def __init__(self, additions: Additions, reader: VerifyingReader, progress: Progress) -> None:
        self._reader = reader
        self._additions = additions
        self._progress = progress

    def write(self, plan: ImagePlan, *, squash: bool) -> WrittenContext:
        """Write the context; its folder appears at the end."""
        settings = _settings_of(plan)
        archives = () if squash else self._add_layers(plan)
        names = self._add_merged(plan) if squash else [archive.name for archive in archives]
        made = dockerfile(f"{title_of(plan)}, image id {plan.image_id}", names, settings)
        self._additions.put(DOCKERFILE, [made.text.encode()])
        self._additions.finish()
        return WrittenContext(made, tuple(archive for archive in archives if archive.whiteouts))

    def _add_layers(self, plan: ImagePlan) -> tuple[LayerArchive, ...]:
        # ADD would put an archive without members into the image as a file.
        archives = tuple(archive for archive in layer_archives(plan, self._reader) if archive.members)
        self._progress.start("Writing", sum(archive.blob.size for archive in archives))
        for archive in archives:
            self._additions.put(archive.name, self._reader.blocks(archive.blob, self._progress.advance))
        self._progress.stop()
        return archives

    def _add_merged(self, plan: ImagePlan) -> Sequence[str]:
        names = MergedNames()
        size = 0

        def count(read: int) -> None:
            nonlocal size
            size += read

        for number, layer in enumerate(plan.layers):
            title = layer_title(plan, layer)
            names.apply(number, TarReader(self._reader.unpacked_blocks(layer, count), title), title)
        survivors = names.survivors()
        self._progress.start("Writing", size)
        self._additions.put(_MERGED, self._merged(plan, survivors))
        self._progress.stop()
        return [_MERGED] if survivors else []

    def _merged(self, plan: ImagePlan, survivors: Mapping[Origin, Sequence[bytes]]) -> Iterator[bytes]:
        """The tar of what is left of all layers: each file where it stands, its other names right after it."""
        for number, layer in enumerate(plan.layers):
            reader = TarReader(self._reader.unpacked_blocks(layer, self._progress.advance), layer_title(plan, layer))
            for position, entry in enumerate(reader):
                paths = survivors.get((number, position), ())
                if paths:
                    yield entry.renamed(paths[0])
                    yield from reader.content() if entry.kind != FOLDER else ()
                yield from (entry.renamed(path, link=paths[0]) for path in paths[1:])
        yield END


def _settings_of(plan: ImagePlan) -> RunSettings:
    config = plan.config_blob
    if not isinstance(plan, ContainerImage) or not config or not config.exact:
        raise CannotWriteError(f"{title_of(plan)} is not a container image; a Dockerfile can't build it")
    if plan.config and plan.config.platform.os == "windows":
        raise CannotWriteError(
            f"{title_of(plan)} is a Windows image: its layers build on Windows base layers and hold parts of "
            "the Windows registry, which a Dockerfile FROM scratch can't recreate; write a registry tree instead"
        )
    try:
        return parse_run_settings(object_of(plan.config_document.value if plan.config_document else None, "the config"))
    except ValueError as error:
        raise CannotWriteError(f"{title_of(plan)} has settings that docker can't read: {error}") from error
