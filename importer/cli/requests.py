"""The options that all commands which write images share: declared once, and what they ask of the rooms."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_type_hints

from importer.cli.options import (
    AllowNewDigest,
    Borrow,
    ConvertSchema1,
    Deep,
    Digests,
    Jobs,
    Name,
    Names,
    NameTemplateText,
    NoProgress,
    NoRecompress,
    NoSync,
    Paths,
    PlatformOption,
    RecompressLimit,
    ReplaceTags,
    Salvage,
    Select,
    Silent,
    Sparse,
    digests_of,
    effort_of,
    naming_of,
    places_or_here,
    platform_of,
    reference_of,
)
from importer.errors import UsageError
from importer.investigation import Question
from importer.recovery.examination import Depth
from importer.writers.selection import Choice

_Code = TypeVar("_Code")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """The options that the commands share, as they were given, in the order in which ``--help`` lists them."""

    paths: Paths = None
    name: Name = None
    names: Names = None
    name_template: NameTemplateText = None
    select: Select = None
    platform: PlatformOption = None
    digest: Digests = None
    borrow: Borrow = None
    allow_new_digest: AllowNewDigest = False
    salvage: Salvage = False
    convert_schema1: ConvertSchema1 = False
    deep: Deep = False
    sparse: Sparse = False
    replace_tags: ReplaceTags = False
    no_recompress: NoRecompress = False
    recompress_limit: RecompressLimit = None
    quiet: Silent = False
    jobs: Jobs = None
    no_progress: NoProgress = False
    no_sync: NoSync = False

    @property
    def shows_progress(self) -> bool:
        """Whether a progress bar is wanted."""
        return not (self.quiet or self.no_progress)

    def question(
        self, *, for_docker: bool = False, only_unproven: bool = False, patience: float | None = None
    ) -> Question:
        """What to look at; raises UsageError.

        Args:
            for_docker: whether docker is to load it, so that layers must be what the config says.
            only_unproven: whether what is written needs no more of a layer than its proven content.
            patience: seconds after which the search for a compressor is in vain, if the user doesn't say.
        """
        limit = patience if self.recompress_limit is None else self.recompress_limit
        return Question(
            places=places_or_here(self.paths),
            borrowed=tuple(self.borrow or ()),
            digests=digests_of(self.digest),
            select=self.select,
            depth=Depth(
                every_layer=self.deep or self.salvage or self.convert_schema1,
                edited_configs=self.allow_new_digest,
                for_docker=for_docker,
            ),
            effort=effort_of(no_recompress=self.no_recompress, limit=limit, only_unproven=only_unproven),
        )

    def demand_other_output(self, output: Path | None) -> None:
        """Raise UsageError when the output, None if it's on no disk, would replace the table of names."""
        if output and self.names and output.exists() and self.names.exists() and output.samefile(self.names):
            raise UsageError(f"{output}: is the table of names; give another name for the output")

    def choice(self) -> Choice:
        """What to write; raises UsageError."""
        if self.name is not None and (self.names or self.name_template is not None):
            raise UsageError("--name names a single image; it can't be combined with --names or --name-template")
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


_SHARED: Final = tuple(field.name for field in fields(WriteOptions))


@dataclass(frozen=True, slots=True)
class After:
    """In the annotation of a command's own option: after which of the shared ones it stands in ``--help``."""

    shared: str


def with_write_options(*left_out: str) -> Callable[[Callable[..., _Code]], Callable[..., _Code]]:
    """Give a command the shared options but for those named: it gets them as one value, its first parameter.

    Its own parameters stand after the paths, first where it has other ones, or where ``After`` says.
    """

    def decorate(command: Callable[..., _Code]) -> Callable[..., _Code]:
        names = [name for name in _SHARED if name not in left_out]

        @wraps(command)
        def run(**values: Any) -> _Code:
            shared = {name: values.pop(name) for name in names}
            return command(WriteOptions(**shared), **values)

        parameters = [*_parameters(command, names)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def _parameters(command: Callable[..., object], names: list[str]) -> Iterator[inspect.Parameter]:
    """The shared parameters of those names, and between them the command's own."""
    hints, shared_hints = (
        get_type_hints(command, include_extras=True),
        get_type_hints(WriteOptions, include_extras=True),
    )
    own: dict[str, list[inspect.Parameter]] = {}
    for parameter in [*inspect.signature(command).parameters.values()][1:]:
        annotation = hints[parameter.name]
        place = next((each.shared for each in get_args(annotation) if isinstance(each, After)), "paths")
        own.setdefault(place, []).append(parameter.replace(annotation=annotation))
    if "paths" not in names:
        yield from own.get("paths", ())
    defaults = WriteOptions()
    for name in names:
        yield inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=getattr(defaults, name), annotation=shared_hints[name]
        )
        yield from own.get(name, ())
