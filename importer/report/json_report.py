"""The report for scripts; its form is ``schemas/scan-report.schema.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import GeneratorType
from typing import Any, Final

import importer
from importer.domain.digest import Digest
from importer.domain.platform import Host
from importer.investigation import Investigation
from importer.plan.blobs import BlobPlan, Role
from importer.plan.causes import Gunzipped
from importer.plan.fidelity import ImageStatus, fidelity, status_of
from importer.plan.images import ImagePlan
from importer.recovery.blobs.salvage import salvaged_files
from importer.recovery.unread import Unread
from importer.report.downloads import Download, downloads_of
from importer.report.json_pieces import in_blocks, json_pieces
from importer.report.next_steps import next_steps
from importer.report.page import Paper
from importer.report.remembered import account_as_json
from importer.rules.catalogue import rule_explaining
from importer.rules.rule import Finding
from importer.words.printable import as_unicode
from importer.writers.outputs import REPORTED

SCHEMA_VERSION: Final = 1


def print_report(investigation: Investigation, paper: Paper) -> None:
    """Print the whole report as one JSON document."""
    for block in in_blocks(_pieces(investigation)):
        paper.write(block)


def as_json(investigation: Investigation) -> str:
    """The whole report as the text of one JSON document, with a newline at its end."""
    return "".join(_pieces(investigation))


def _pieces(investigation: Investigation) -> Iterator[str]:
    yield from json_pieces(_streamed(investigation))
    yield "\n"


def report(investigation: Investigation) -> dict[str, Any]:
    """The report as JSON values."""
    streamed = _streamed(investigation)
    return {key: list(value) if isinstance(value, GeneratorType) else value for key, value in streamed.items()}


def _streamed(investigation: Investigation) -> dict[str, Any]:
    """The report as JSON values, with a generator in place of each list that may be long."""
    plan = investigation.case.plan
    return {
        "schema_version": SCHEMA_VERSION,
        "blobfix": importer.__version__,
        "inputs": [as_unicode(place.shown("")) for place in investigation.question.places],
        "images": (_image(image, investigation.case.host) for image in plan.images),
        "files": _files(investigation),
        "findings": (finding_as_json(finding) for finding in investigation.findings),
        "downloads": [download_as_json(download) for download in downloads_of(plan, investigation.question.origin)],
        "unread": [_unread(unread) for unread in investigation.case.unread],
        "next": [{"command": step.command, "purpose": step.purpose} for step in next_steps(investigation)],
        "summary": summary(investigation),
        **({"state": account_as_json(investigation.account)} if investigation.account else {}),
    }


def summary(investigation: Investigation) -> dict[str, int]:
    """How many images and files there are, and how the images fare."""
    images, facts = investigation.case.plan.images, investigation.case.inventory.files
    states = Counter(status_of(image, investigation.case.host) for image in images)
    counts = {status.value: states[status] for status in ImageStatus}
    return {
        "images": len(images),
        **counts,
        "unread": len(investigation.case.unread),
        "files": len(facts),
        "bytes": sum(fact.size for fact in facts),
    }


def _unread(unread: Unread) -> dict[str, Any]:
    return {
        "path": as_unicode(unread.path),
        "reason": as_unicode(unread.reason),
        "advice": as_unicode(unread.advice),
        "bytes": unread.size,
    }


def _image(image: ImagePlan, host: Host) -> dict[str, Any]:
    return {
        "name": image.name,
        "names": [str(name) for name in image.names],
        "kind": image.kind.value,
        "media_type": as_unicode(image.manifest.descriptor.media_type),
        "manifest_digest": _text(image.manifest_digest),
        "image_id": _text(image.image_id),
        "platform": _text(image.platform),
        "parent": _text(image.parents[0]) if image.parents else None,
        "status": status_of(image, host).value,
        "proof": image.proof.value,
        "outputs": {output.name: str(fidelity(image, output.kind, host)) for output in REPORTED},
        "blobs": [_blob(image, blob) for blob in image.all_blobs],
    }


def _blob(image: ImagePlan, blob: BlobPlan) -> dict[str, Any]:
    rule = rule_explaining(blob.cause) if blob.cause else None
    path = blob.file_path
    unknown = blob.role is Role.MANIFEST and not blob.is_here and not image.proofs
    entry: dict[str, Any] = {
        "role": blob.role.value,
        "position": blob.position,
        "digest": None if unknown else str(blob.descriptor.digest),
        "size": blob.descriptor.size,
        "status": blob.status.value,
        "path": as_unicode(path) if path else None,
        "rule": rule.name if rule else None,
    }
    if isinstance(blob.cause, Gunzipped) and blob.cause.compressor:
        entry["compressor"] = blob.cause.compressor
    salvaged = salvaged_files(blob.cause)
    if salvaged:
        entry["files"] = [{"name": file.name, "size": file.size, "state": file.state.value} for file in salvaged]
    return entry


def _files(investigation: Investigation) -> Iterator[dict[str, Any]]:
    used = investigation.case.plan.used
    inventory = investigation.case.inventory
    for fact in inventory.files:
        yield {
            "path": as_unicode(fact.file.path),
            "size": fact.size,
            "sha256": fact.digest.hex,
            "kind": fact.kind.value,
            "used": fact.file.path in used,
        }
    for problem in inventory.problems:
        yield {"path": as_unicode(problem.path), "size": 0, "sha256": None, "kind": "unreadable", "used": False}


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """A finding in the form that all reports share."""
    seen = finding.observation
    return {
        "code": finding.rule.code,
        "rule": finding.rule.name,
        "severity": finding.severity.value,
        "certainty": seen.certainty.value,
        "path": as_unicode(seen.path) if seen.path else None,
        "digest": _text(seen.digest),
        "image": _text(_digest_of(seen.image)) if seen.image else None,
        "message": str(seen.message),
        "fix": {"safety": finding.safety.value, "summary": str(seen.remedy)},
    }


def _digest_of(image: ImagePlan) -> Digest | None:
    """The digest of the manifest's file, whole or not; None when no file is the manifest."""
    return image.manifest.descriptor.digest if image.manifest.file or image.manifest.is_here else None


def download_as_json(download: Download) -> dict[str, Any]:
    """An entry of the shopping list in the form that all reports share."""
    return {
        "digest": str(download.digest),
        "size": download.size,
        "have": download.have,
        "reason": download.reason,
        "file_name": download.file_name,
        "paths": [as_unicode(path) for path in download.paths],
        "command": download.command,
    }


def _text(value: object) -> str | None:
    return None if value is None else as_unicode(str(value))
