"""Files that are called a manifest and hold none: whatever image they were saved for, nothing else tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from importer.formats.signatures import MANIFEST_KINDS, PAGE_KINDS
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory
from importer.plan.causes import ManifestMissing
from importer.plan.images import Plan

_CALLED_MANIFEST: Final = re.compile(r"(?:list\.)?manifest[ _-]?(?:\(?\d+\)?)?\.json(?: ?\(\d+\))?", re.IGNORECASE)


def lost_manifests(inventory: Inventory, plan: Plan) -> Iterator[FileFacts]:
    """Files that are called a manifest and are none, in folders without a manifest."""
    told = plan.used | plan.explained
    called = [fact for fact in inventory.facts if _CALLED_MANIFEST.fullmatch(fact.file.name)]
    whole = {fact.file.folder for fact in inventory.facts if fact.kind in MANIFEST_KINDS and not fact.file.borrowed}
    for fact in called:
        is_told = fact.file.path in told or fact.file.borrowed or fact.file.folder in whole or fact.other
        if not is_told and (fact.document is None or fact.document.error or fact.kind in PAGE_KINDS):
            yield fact


def lost_images(inventory: Inventory, plan: Plan) -> Iterator[FileFacts]:
    """Those of them that no image here was put together beside."""
    # One that was put together to the very bytes of a known digest is here, and was missing all the same.
    remade = [i for i in plan.images if not i.manifest.is_here or isinstance(i.manifest.cause, ManifestMissing)]
    configs = [image.config_blob for image in remade]
    beside = {config.file.file.folder for config in configs if config and config.file}
    yield from (fact for fact in lost_manifests(inventory, plan) if fact.file.folder not in beside)
