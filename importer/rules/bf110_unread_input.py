"""BF110: an archive, a part of one, or a layer, that could not be looked into."""

from collections.abc import Iterator
from typing import Final

from importer.formats.streams import Ending
from importer.plan.blobs import BlobPlan, BlobStatus
from importer.plan.images import ImagePlan
from importer.plan.titles import whereabouts
from importer.recovery.unread import Unread
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Count, FilePath, Size, Text, listed

_MAX_MEMBERS: Final = 3


def find(case: Case) -> Iterator[Observation]:
    """Every archive that could not be read, or not to its end, and every layer that was to be looked into so."""
    for unread in case.unread:
        if unread.is_archive:
            yield Observation(
                Text("{} {}. {}", FilePath(unread.path), _what(unread), _effect(unread)),
                remedy=Text(unread.advice or "get the archive once more, whole"),
                path=unread.path,
                severity=Severity.ERROR if unread.matters else Severity.WARNING,
            )
    for image in case.plan.images:
        yield from (_of_layer(image, layer) for layer in image.layers if _is_unpacked_in_part(layer))


def _is_unpacked_in_part(layer: BlobPlan) -> bool:
    content = layer.file.content if layer.status is BlobStatus.OK and layer.file else None
    return content is not None and content.ending is Ending.TOO_LARGE


def _of_layer(image: ImagePlan, layer: BlobPlan) -> Observation:
    content = layer.file.content if layer.file else None
    grown = Text(": {} of it give {} already", Size(content.consumed), Size(content.size)) if content else None
    diff_id = Text(", {}", layer.diff_id) if layer.diff_id else None
    return Observation(
        Text(
            "{} has the right digest, but was not looked into to its end, since it unpacks to "
            "very much more than it is{}; whether its content is what the config says is not known",
            whereabouts(image, layer),
            grown,
        ),
        remedy=Text(
            "unpack it with gzip -dc or zstd -dc, and compare the sha256 with the config's diff_id{}; "
            "every writing command takes the layer as it is",
            diff_id,
        ),
        path=layer.file_path,
        digest=layer.descriptor.digest,
        image=image,
        severity=Severity.WARNING,
    )


def _what(unread: Unread) -> Text:
    if not unread.members:
        return Text("could not be read, or not to its end: {}", unread.reason)
    names: list[str | Text] = [*unread.members[:_MAX_MEMBERS]]
    if len(unread.members) > _MAX_MEMBERS:
        names.append(Text("{} more", Count(len(unread.members) - _MAX_MEMBERS)))
    return Text("has members that could not be read ({}): {}", unread.reason, listed(names))


def _effect(unread: Unread) -> str:
    if unread.matters:
        return "It may hold images, or parts of them, that this report knows nothing of"
    return "Nothing tells that an image needs it"


RULE: Final = Rule(
    code="BF110",
    name="unread-input",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="an archive, or a part of the input, could not be looked into",
    explanation=Explanation(
        meaning=(
            "The archive is cut or damaged, is locked with a password, lacks a volume, or is packed in a way that "
            "isn't read here. What it holds beyond what was read is unknown: whole images may be among it. "
            "Of a layer it says that --deep didn't unpack it to its end, because it grows to very much more than it "
            "is; its own bytes are proven all the same."
        ),
        origin=(
            "A download or a copy broke off, a disk or a stick was full, somebody protected the archive with a "
            "password, or a program was used that writes its own format (7z, rar)."
        ),
        remedy=(
            "It uses the members that are whole, names the archive in the first line of the report, and never calls "
            "the input intact while a part of it that may matter is unread. The exit code is 4 when the archive was "
            "named on the command line, when what can be seen of it belongs to an image, or when something is missing "
            "that it may hold; otherwise this is a warning. Writing commands write what is whole and exit with the "
            "same code."
        ),
        advice=(
            "Copy or download the archive once more and compare its size with the original's. Unpack a locked archive, "
            "or one of an unknown format, with the program that made it, and give the folder. To work with one image "
            "that is whole all the same, pick it with --select."
        ),
    ),
    on_download=find,
)
