"""From the options of a writing command to what it asks of the rooms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from importer.cli.options import digests_of, effort_of, naming_of, paths_or_here, platform_of, reference_of
from importer.errors import UsageError
from importer.investigation import Question
from importer.recovery.examination import Depth
from importer.writers.selection import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """The options that all writing commands share, as they were given.

    ``only_unproven``: whether what is written needs no more of a layer than its proven content.
    ``for_docker``: whether docker is to load it, so that layers must be what the config says.
    """

    paths: list[Path] | None
    name: str | None
    names: Path | None = None
    name_template: str | None = None
    select: str | None
    platform: str | None
    digest: list[str] | None
    borrow: list[Path] | None
    allow_new_digest: bool = False
    salvage: bool = False
    sparse: bool = False
    convert_schema1: bool = False
    no_recompress: bool = False
    recompress_limit: float | None = None
    only_unproven: bool = False
    for_docker: bool = False
    deep: bool = False
    jobs: int | None = None

    def question(self) -> Question:
        """What to look at; raises UsageError."""
        return Question(
            paths=paths_or_here(self.paths),
            borrowed=tuple(self.borrow or ()),
            digests=digests_of(self.digest),
            one_image=self.select is not None,
            depth=Depth(
                every_layer=self.deep or self.salvage or self.convert_schema1,
                edited_configs=self.allow_new_digest,
                for_docker=self.for_docker,
            ),
            effort=effort_of(
                no_recompress=self.no_recompress, limit=self.recompress_limit, only_unproven=self.only_unproven
            ),
            jobs=self.jobs,
        )

    def demand_other_output(self, output: Path) -> None:
        """Raise UsageError when the output would replace the table of names."""
        if self.names and output.exists() and self.names.exists() and output.samefile(self.names):
            raise UsageError(f"{output}: is the table of names; give another name for the output")

    def choice(self) -> Choice:
        """What to write; raises UsageError."""
        if self.name is not None and (self.names or self.name_template is not None):
            raise UsageError("--name names one image; leave it out, or --names and --name-template")
        return Choice(
            name=reference_of(self.name),
            naming=naming_of(self.names, self.name_template),
            select=self.select,
            platform=platform_of(self.platform),
            allow_new_digest=self.allow_new_digest,
            salvage=self.salvage,
            sparse=self.sparse,
            convert_schema1=self.convert_schema1,
        )
