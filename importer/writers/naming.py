"""Names for images that have none: from a table of the user's, or made by a template.

Source of the labels: OCI image-spec, annotations.md, ``org.opencontainers.image.title`` and ``….version``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index
from importer.domain.reference import Reference
from importer.domain.run_settings import parse_run_settings
from importer.formats.name_table import NameTable
from importer.plan.images import Artifact, ImagePlan, Plan
from importer.recovery.documents.referrers import is_listing, subject_of
from importer.writers.verifying_reader import VerifyingReader

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]*)\}")
_TITLE: Final = "org.opencontainers.image.title"
_VERSION: Final = "org.opencontainers.image.version"
PLACEHOLDERS: Final = ("image_id", "digest", "title", "version")


@dataclass(frozen=True, slots=True)
class NameTemplate:
    """A name with placeholders, as in ``recovered/{image_id}``; ``parse`` makes one."""

    text: str

    @classmethod
    def parse(cls, text: str) -> NameTemplate:
        """Check a template; raises ValueError."""
        unknown = [name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValueError(f"{{{unknown[0]}}} is unknown; available are {known}")
        Reference.parse(_PLACEHOLDER.sub("x", text))
        return cls(text)

    def name_of(self, image: ImagePlan) -> Reference | None:
        """The image's name; None when it lacks what a placeholder stands for."""
        values = _values_of(image, _PLACEHOLDER.findall(self.text))
        if not all(values.values()):
            return None
        try:
            return Reference.parse(_PLACEHOLDER.sub(lambda match: values[match[1]], self.text))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Naming:
    """Where names come from: the table first, the template for what it doesn't name."""

    table: NameTable | None = None
    template: NameTemplate | None = None

    def names_of(self, image: ImagePlan, reader: VerifyingReader | None) -> tuple[Reference, ...]:
        """The image's names, sorted; none when nothing gives it one."""
        found = tuple(sorted(set(_in_table(image, self.table, reader)), key=str)) if self.table else ()
        belongs_to_another = is_listing(image) or (subject_of(image) and isinstance(image, Artifact))
        if found or not self.template or belongs_to_another:
            return found
        made = self.template.name_of(image)
        return (made,) if made else ()


def with_names(plan: Plan, naming: Naming, reader: VerifyingReader | None) -> Plan:
    """The plan in which images that stand on their own and have no name get one, where there is one for them."""
    return replace(plan, images=tuple(_named(image, naming, reader) for image in plan.images))


def _named(image: ImagePlan, naming: Naming, reader: VerifyingReader | None) -> ImagePlan:
    names = () if image.names or image.parents else naming.names_of(image, reader)
    return replace(image, names=names) if names else image


def _in_table(image: ImagePlan, table: NameTable, reader: VerifyingReader | None) -> Iterator[Reference]:
    for digest in (image.manifest.descriptor.digest, image.image_id):
        if digest and digest.algorithm == "sha256":
            yield from table.by_sha256.get(digest.hex, ())
    for blob in (image.manifest, image.config_blob):
        if reader and table.by_sha1 and blob and blob.exact:
            sha1 = hashlib.sha1(reader.content(blob.exact), usedforsecurity=False)
            yield from table.by_sha1.get(sha1.hexdigest(), ())
        path = blob.file_path if table.by_path and blob else None
        for place in (path, *(folder.as_posix() for folder in Path(path).parents)) if path else ():
            yield from table.by_path.get(place, ())


def _values_of(image: ImagePlan, wanted: list[str]) -> Mapping[str, str]:
    values = {"image_id": _hex(image.image_id), "digest": _hex(image.manifest_digest)}
    if {"title", "version"} & set(wanted):
        labels = _labels_of(image)
        values |= {"title": _as_component(labels.get(_TITLE, "")), "version": _as_component(labels.get(_VERSION, ""))}
    return {name: values[name] for name in wanted}


def _hex(digest: Digest | None) -> str:
    return digest.hex if digest else ""


def _labels_of(image: ImagePlan) -> Mapping[str, str]:
    parsed = image.parsed
    annotations = parsed.annotations if isinstance(parsed, ImageManifest | Index) else {}
    if not image.config_document:
        return annotations
    return {**annotations, **parse_run_settings(image.config_document.value).labels}


def _as_component(text: str) -> str:
    """A text as part of a repository's name: lower case, everything else than letters and digits a hyphen."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
