"""BF110: an archive, a part of one, or a layer, that could not be looked into."""

from collections.abc import Iterator
from typing import Final

from importer.formats.streams import Ending
from importer.plan.blobs import BlobPlan, PresentBlob
from importer.plan.images import ImagePlan
from importer.plan.titles import whereabouts
from importer.recovery.unread import Unread
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.sources.source_file import ProblemKind
from importer.words.text import Count, FilePath, Size, Text, listed

_MAX_MEMBERS: Final = 3


def find(case: Case) -> Iterator[Observation]:
    """Every archive that could not be read, or not to its end, and every layer that was to be looked into so."""
    for unread in case.unread:
        if unread.is_archive:
            yield Observation(
                Text("{} {}. {}", FilePath(unread.path), _what(unread), _effect(unread)),
                remedy=Text(unread.advice or "download or copy the archive again"),
                path=unread.path,
                severity=Severity.ERROR if unread.matters else Severity.WARNING,
            )
    for problem in case.inventory.problems:
        if problem.kind is ProblemKind.DAMAGE:
            yield Observation(
                Text("{} was read completely, although {}", FilePath(problem.path), problem.reason),
                remedy=Text("nothing: digests prove the members that are used"),
                path=problem.path,
                severity=Severity.WARNING,
            )
    for image in case.plan.images:
        yield from (_of_layer(image, layer) for layer in image.layers if _is_unpacked_in_part(layer))


def _is_unpacked_in_part(layer: BlobPlan) -> bool:
    content = layer.file.content if isinstance(layer, PresentBlob) else None
    return content is not None and content.ending is Ending.TOO_LARGE


def _of_layer(image: ImagePlan, layer: BlobPlan) -> Observation:
    content = layer.file.content if layer.file else None
    grown = Text(": its first {} unpack to {}", Size(content.consumed), Size(content.size)) if content else None
    diff_id = Text(", {}", layer.diff_id) if layer.diff_id else None
    return Observation(
        Text(
            "{} has the right digest, but was not unpacked completely, because its content is far larger than the "
            "blob{}; whether its content matches the config is unknown",
            whereabouts(image, layer),
            grown,
        ),
        remedy=Text(
            "unpack it with gzip -dc or zstd -dc, and compare the sha256 with the config's diff_id{}; all writing "
            "commands accept the layer unchanged",
            diff_id,
        ),
        path=layer.file_path,
        digest=layer.descriptor.digest,
        image=image,
        severity=Severity.WARNING,
    )


def _what(unread: Unread) -> Text:
    if not unread.members:
        return Text("could not be read completely: {}", unread.reason)
    names: list[str | Text] = [*unread.members[:_MAX_MEMBERS]]
    if len(unread.members) > _MAX_MEMBERS:
        names.append(Text("{} more", Count(len(unread.members) - _MAX_MEMBERS)))
    return Text("has members that could not be read ({}): {}", unread.reason, listed(names))


def _effect(unread: Unread) -> str:
    if unread.matters:
        return "It may contain images, or parts of them, that aren't in this report"
    return "No image is known to need it"


RULE: Final = Rule(
    code="BF110",
    name="unread-input",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="an archive or another part of the input could not be read",
    explanation=Explanation(
        meaning=(
            "The archive is cut or damaged, is locked with a password, lacks a volume, or has a format that blobfix "
            "doesn't read. The rest of its content is unknown and may include entire images. For a layer, it means "
            "that --deep didn't unpack it completely because its content is far larger than the blob; the blob's own "
            "bytes are proven."
        ),
        origin=(
            "A download or a copy was interrupted, a disk or USB stick was full, someone protected the archive with "
            "a password, or it was made by a program with its own format (7z, rar)."
        ),
        remedy=(
            "It uses the complete members, names the archive in the first line of the report, and never calls the "
            "input intact while a part that may matter is unread. The exit code is 4 if the archive was named on the "
            "command line, if its readable part belongs to an image, or if it may contain something that is missing; "
            "otherwise this is a warning. Writing commands write what is complete and exit with the same code."
        ),
        advice=(
            "Copy or download the archive again and compare its size with the original's. Unpack a "
            "password-protected archive, or one in another format, with the program that made it, and give blobfix "
            "the folder. To work with an image that is complete anyway, choose it with --select."
        ),
    ),
    on_download=find,
)
