"""An image's documents written anew: a manifest that changes gets another digest, and so does each index above it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest, Index, parse_index, parse_manifest
from importer.formats.documents import read_document
from importer.formats.json_text import json_bytes
from importer.plan.blobs import BlobPlan, RewrittenBlob, Role, WantedBlob
from importer.plan.content import literal
from importer.plan.images import ImageIndex, ImagePlan

_Value = dict[str, Any]
Change = Callable[[ImagePlan, _Value], _Value]
"""Gives the document that an image, or an index with its new children, is to have instead of its own."""


def with_changed_documents(plan: ImagePlan, change: Change) -> ImagePlan:
    """The plan with its manifest, and those of its children, as ``change`` wants them; itself if it wants no other.

    Configs and layers, and so image ids, stay.
    """
    if not plan.manifest.exact or not plan.document or not isinstance(plan.parsed, ImageManifest | Index):
        return plan
    renewed = plan
    if isinstance(plan, ImageIndex):
        renewed = replace(plan, children=tuple(with_changed_documents(child, change) for child in plan.children))
    changed = change(renewed, _with_children(plan.document.value, _renewals(plan, renewed)))
    return plan if changed == plan.document.value else _rewritten(renewed, changed)


def _renewals(old: ImagePlan, new: ImagePlan) -> dict[str, Descriptor]:
    pairs = zip(old.children, new.children, strict=True)
    return {str(was.manifest.descriptor.digest): now.manifest.descriptor for was, now in pairs if was is not now}


def _with_children(value: _Value, renewals: Mapping[str, Descriptor]) -> _Value:
    if not renewals:
        return value
    return value | {"manifests": [_entry(entry, renewals) for entry in value["manifests"]]}


def _entry(entry: _Value, renewals: Mapping[str, Descriptor]) -> _Value:
    notes = entry.get("annotations") or {}
    # An attestation's entry names, in an annotation, the child that it is about.
    renamed = {key: str(renewals[text].digest) for key, text in notes.items() if text in renewals}
    new = renewals.get(entry["digest"])
    reference = {"mediaType": new.media_type, "digest": str(new.digest), "size": new.size} if new else {}
    return entry | reference | ({"annotations": notes | renamed} if renamed else {})


def _rewritten(plan: ImagePlan, value: _Value) -> ImagePlan:
    content = json_bytes(value)
    parsed = parse_index(value) if isinstance(plan, ImageIndex) else parse_manifest(value)
    exact = literal(content)
    descriptor = Descriptor(parsed.media_type, exact.digest, exact.size)
    manifest = RewrittenBlob(WantedBlob(descriptor, Role.MANIFEST), exact)
    manifests = {child.manifest.descriptor.digest: child.manifest for child in plan.children}
    blobs = tuple(_blob(blob, _descriptor(blob, parsed), manifests) for blob in plan.blobs)
    written = replace(plan, manifest=manifest, document=read_document(content), blobs=blobs)
    if isinstance(written, ImageIndex):
        return replace(written, parsed=parse_index(value))
    return replace(written, parsed=parse_manifest(value))


def _descriptor(blob: BlobPlan, parsed: ImageManifest | Index) -> Descriptor:
    if isinstance(parsed, ImageManifest):
        return parsed.config if blob.role is Role.CONFIG else parsed.layers[blob.position or 0]
    return parsed.children[blob.position or 0]


def _blob(blob: BlobPlan, new: Descriptor, manifests: Mapping[Digest, BlobPlan]) -> BlobPlan:
    wanted = replace(blob.wanted, descriptor=new)
    rewritten = manifests[new.digest].exact if new.digest != blob.descriptor.digest else None
    return RewrittenBlob(wanted, rewritten) if rewritten else replace(blob, wanted=wanted)
