"""JSON documents: classified by their keys, parsed, and checked against their schemas."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from importer.domain import media_types
from importer.domain.config import ImageConfig, parse_config
from importer.domain.manifest import ImageManifest, Index, parse_index, parse_manifest
from importer.domain.schema1 import Schema1Manifest, parse_schema1
from importer.formats.error_pages import message_of_json_error, quote
from importer.formats.go_names import GoReading, with_field_names
from importer.formats.json_text import TextForm, UnreadableJsonError, decode_json, parse_json
from importer.formats.schema_validation import SchemaName, SchemaViolation, violations
from importer.formats.signatures import FileKind

_DOCUMENT_HINTS: Final = (
    ('"fsLayers"', FileKind.SCHEMA1),
    ('"manifests"', FileKind.INDEX),
    # A config says "type": "layers", so its own words come first.
    ('"rootfs"', FileKind.CONFIG),
    ('"diff_ids"', FileKind.CONFIG),
    ('"layers"', FileKind.MANIFEST),
    ('"schemaVersion"', FileKind.MANIFEST),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON file, classified.

    Attributes:
        kind: what its keys say it is; for a text that doesn't parse, what its words hint at.
        form: the encoding it was written in.
        packed: the JSON of a kind that matters, compressed: parsed it takes five times the memory; None for others.
        media_type: its mediaType; empty where it has none or something other than a string.
        manifest, index, schema1, config: the parsed document, when its schema accepts it.
        problems: where it violates its schema.
        error: why it doesn't parse.
        message: what an error body says.
    """

    kind: FileKind
    form: TextForm = TextForm.UTF8
    packed: bytes | None = field(default=None, repr=False, hash=False)
    media_type: str = ""
    manifest: ImageManifest | None = None
    index: Index | None = None
    schema1: Schema1Manifest | None = None
    config: ImageConfig | None = None
    problems: tuple[SchemaViolation, ...] = ()
    error: str | None = None
    message: str = ""

    @property
    def value(self) -> Any:
        """The JSON of a kind that matters, parsed anew each time; None for others."""
        return None if self.packed is None else json.loads(zlib.decompress(self.packed))

    @property
    def is_valid(self) -> bool:
        """Whether it parses and its schema accepts it."""
        return self.error is None and not self.problems


def read_document(content: bytes) -> Document:
    """Classify, parse and check the bytes of a JSON file; damage is a fact of the result, not an error."""
    return checked(parse_document(content))


def parse_document(content: bytes) -> Document:
    """Classify and parse without checking the schema, which is quick and enough until the result is used."""
    try:
        decoded = decode_json(content)
    except UnreadableJsonError as error:
        return Document(_hint(content.decode("latin-1")), error=str(error))
    try:
        value = parse_json(decoded.text)
    except UnreadableJsonError as error:
        return Document(_hint(decoded.text), form=decoded.form, error=str(error))
    return _classified(value, decoded.form)


def checked(document: Document) -> Document:
    """The document, checked against its schema; one that violates it has no parsed form."""
    problems = _problems(document)
    if not problems:
        return document
    return replace(document, manifest=None, index=None, schema1=None, config=None, problems=problems, error=None)


def _classified(value: Any, form: TextForm) -> Document:
    read = with_field_names(value)
    kind = _kind_of(read.value)
    if read.is_changed and not _is_sound(kind, read.value):
        # Another program's document, as of docker inspect, has such names by chance.
        read, kind = GoReading(value), _kind_of(value)
    if kind is FileKind.JSON:
        message = message_of_json_error(value)
        if message is not None:
            return Document(FileKind.ERROR_PAGE, form, message=message)
        return Document(kind, form, _packed(value) if _is_of_inspect(value) else None)
    if read.clash:
        first, second = (json.dumps(name[:80]) for name in read.clash)
        return Document(
            kind, form, error=f"the names {first} and {second} are in one object, and Go treats them as the same"
        )
    media_type = _media_type(read.value) if isinstance(read.value, dict) else ""
    return _parsed(Document(kind, form, _packed(read.value), media_type), read.value)


def _packed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def _kind_of(value: Any) -> FileKind:
    return _kind_of_list(value) if isinstance(value, list) else _kind_of_object(value)


def _is_of_inspect(value: Any) -> bool:
    """Whether it is the output of ``docker manifest inspect -v``, of one manifest or of several."""
    printed = value if isinstance(value, list) else [value]
    return bool(printed) and all(
        isinstance(item, dict) and isinstance(item.get("Descriptor"), dict) for item in printed
    )


def _is_sound(kind: FileKind, value: Any) -> bool:
    """Whether a document is what its names say, when not all of them are spelt as they should be."""
    match kind:
        case FileKind.MANIFEST:
            return _has_parts(value)
        case FileKind.INDEX:
            return isinstance(value.get("manifests"), list)
        case FileKind.CONFIG:
            return _has_diff_ids(value)
    return kind is FileKind.DOCKER_SAVE_MANIFEST


def _parsed(document: Document, value: Any) -> Document:
    try:
        match document.kind:
            case FileKind.MANIFEST:
                return replace(document, manifest=parse_manifest(value))
            case FileKind.INDEX:
                return replace(document, index=parse_index(value))
            case FileKind.SCHEMA1:
                return replace(document, schema1=parse_schema1(value))
            case FileKind.CONFIG:
                return replace(document, config=parse_config(value))
    except ValueError as error:
        # Only what the schemas accept ends here: their own messages are better, and replace this one.
        return replace(document, error=f"not what Go's decoder reads: {quote(str(error))}")
    return document


def _kind_of_list(value: list[Any]) -> FileKind:
    is_docker_save = bool(value) and all(
        isinstance(item, dict) and {"Config", "Layers"} <= item.keys() for item in value
    )
    return FileKind.DOCKER_SAVE_MANIFEST if is_docker_save else FileKind.JSON


def _kind_of_object(value: Any) -> FileKind:
    if not isinstance(value, dict):
        return FileKind.JSON
    keys, media_type = value.keys(), _media_type(value)
    signs = (
        (FileKind.SCHEMA1, "fsLayers" in keys or value.get("schemaVersion") == 1),
        (FileKind.INDEX, "manifests" in keys or media_type in media_types.INDEX_TYPES),
        (FileKind.MANIFEST, media_type in media_types.MANIFEST_TYPES or _has_parts(value)),
        (FileKind.MANIFEST, "schemaVersion" in keys and bool({"layers", "config"} & keys)),
        (FileKind.CONFIG, "rootfs" in keys and bool({"architecture", "os", "history"} & keys)),
        (FileKind.CONFIG, _has_diff_ids(value)),
        (FileKind.OCI_LAYOUT, "imageLayoutVersion" in keys),
    )
    return next((kind for kind, is_so in signs if is_so), FileKind.JSON)


def _media_type(value: Mapping[str, Any]) -> str:
    """The document's mediaType; empty where it has none or something other than a string."""
    media_type = value.get("mediaType")
    return media_type if isinstance(media_type, str) else ""


def _problems(document: Document) -> tuple[SchemaViolation, ...]:
    schema = None if document.packed is None else _schema_of(document)
    return violations(document.value, schema) if schema else ()


def _has_parts(value: Mapping[str, Any]) -> bool:
    """Whether a document without a schemaVersion is a manifest; other programs' settings have such names, too."""
    return isinstance(value.get("config"), dict) and isinstance(value.get("layers"), list)


def _has_diff_ids(value: Mapping[str, Any]) -> bool:
    rootfs = value.get("rootfs")
    return isinstance(rootfs, dict) and isinstance(rootfs.get("diff_ids"), list)


def _schema_of(document: Document) -> SchemaName | None:
    is_docker = document.media_type.startswith("application/vnd.docker.")
    match document.kind:
        case FileKind.MANIFEST:
            return SchemaName.DOCKER_MANIFEST if is_docker else SchemaName.OCI_MANIFEST
        case FileKind.INDEX:
            return SchemaName.DOCKER_MANIFEST_LIST if is_docker else SchemaName.OCI_INDEX
        case FileKind.CONFIG:
            return SchemaName.IMAGE_CONFIG
        case FileKind.SCHEMA1:
            return SchemaName.DOCKER_SCHEMA1
        case FileKind.DOCKER_SAVE_MANIFEST:
            return SchemaName.DOCKER_SAVE_MANIFEST
    return None


def _hint(text: str) -> FileKind:
    """The kind that a text that doesn't parse was meant to be, by the first of its words that is known."""
    if not text.lstrip().startswith("{"):
        return FileKind.BROKEN_JSON
    return next((kind for word, kind in _DOCUMENT_HINTS if word in text), FileKind.BROKEN_JSON)
