"""``write``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from importer.api.arguments import typed, value_of
from importer.conversion import convert, error_of
from importer.domain.platform import Platform
from importer.domain.reference import Reference
from importer.errors import OutputError
from importer.places.named import place_of
from importer.progress import Progress, SilentProgress
from importer.report.values import Image
from importer.work.engines import executor_of
from importer.writers.destination import Place
from importer.writers.selection import Choice


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        path: where to.
        names: under which names.
        manifest_digest: None when the output has no manifest.
        image_id: None for what is no container image.
        referrers: the manifest digests of signatures and the like that were written beside it.
        moved: tags that were there, and what they named before, as in ``team/app:1.4 named sha256:… before``.
        warnings: what the output lacks.
        next: commands that use what was written.
    """

    path: str
    names: tuple[str, ...]
    manifest_digest: str | None
    image_id: str | None
    referrers: tuple[str, ...]
    moved: tuple[str, ...]
    warnings: tuple[str, ...]
    next: tuple[str, ...]


def write(  # noqa: PLR0913 (the options of the commands)
    image: Image,
    destination: Place,
    *,
    name: str | None = None,
    platform: str | None = None,
    sparse: bool = False,
    allow_new_digest: bool = False,
    convert_schema1: bool = False,
    salvage: bool = False,
    progress: Progress | None = None,
) -> Written:
    """Write one image of a report, and what refers to it, as ``blobfix to-… --select`` does.

    What the report calls ``exact`` in ``image.outputs`` is written with no further option. Every byte is verified on
    its way; nothing is seen of the output before all is whole.

    Args:
        image: one of a report's.
        destination: a DockerTar, RegistryTree, OciLayout or BuildContext.
        name: the name to write under, as in ``team/app:1.4``; a registry tree needs one.
        platform: one of an index's, as in ``linux/amd64``.
        sparse: whether an index will do of which some platforms are missing.
        allow_new_digest: whether a new manifest digest will do, and with an edited config a new image id.
        convert_schema1: whether a schema 1 image is to become schema 2, with new digests.
        salvage: whether a bare config, and so a new image id, will do.
        progress: is told of each stretch of work and of its bytes; None: nobody is.

    Raises CannotWriteError when the image can't be written so, UsageError when the call makes no sense, OutputError
    when the system refuses, and VerificationError or InputError when a file has changed since the scan.
    """
    choice = Choice(
        name=value_of(Reference.parse, name),
        select=str(image.plan.manifest.descriptor.digest),
        platform=value_of(Platform.parse, platform),
        sparse=sparse,
        allow_new_digest=allow_new_digest,
        convert_schema1=convert_schema1,
        salvage=salvage,
    )
    asked, depth = image.case.question, image.case.question.depth
    deeper = replace(
        depth,
        every_layer=depth.every_layer or salvage or convert_schema1,
        edited_configs=depth.edited_configs or allow_new_digest,
    )
    question = replace(asked, select=choice.select, depth=deeper)
    seen = image.case.case if deeper == depth else None
    with typed(OutputError), executor_of(None, progress or SilentProgress(), image.case.opener) as executor:
        conversion = convert(question, choice, destination, executor, seen)
    if not conversion.result:
        refused = conversion.selection.refused
        raise error_of(refused, ". ".join(refusal.reason for refusal in refused))
    written, *referrers = conversion.images
    return Written(
        path=place_of(destination.path).shown(""),
        names=tuple(map(str, written.names)),
        manifest_digest=str(written.plan.manifest_digest or "") or None,
        image_id=str(written.plan.image_id or "") or None,
        referrers=tuple(str(each.plan.manifest.descriptor.digest) for each in referrers),
        moved=tuple(map(str, conversion.moved)),
        warnings=conversion.result.warnings,
        next=conversion.result.commands,
    )
