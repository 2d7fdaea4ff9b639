"""SARIF 2.1.0, the format that code hosts and CI services show beside the files."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final
from urllib.parse import quote

import importer
from importer.investigation import Investigation
from importer.report.json_pieces import in_blocks, json_pieces
from importer.report.page import Paper
from importer.report.rendering import Renderer, beside_its_path
from importer.report.rule_text import markdown_of, paragraphs
from importer.report.verdict import verdict_of
from importer.rules.rule import Finding, Rule, Severity
from importer.words.printable import as_unicode
from importer.words.text import Text

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ESCAPES: Final = str.maketrans({"{": "{{", "}": "}}", "[": "\\[", "]": "\\]"})
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")


def print_report(investigation: Investigation, paper: Paper) -> None:
    """Print one log with one run."""
    for block in in_blocks(json_pieces(_streamed(investigation), escaped=False)):
        paper.write(block)
    paper.write("\n")


def report(investigation: Investigation) -> dict[str, Any]:
    """The log as JSON values; only rules that found something are described in it."""
    log = _streamed(investigation)
    return {**log, "runs": [{**run, "results": list(run["results"])} for run in log["runs"]]}


def _streamed(investigation: Investigation) -> dict[str, Any]:
    """The log as JSON values, with generators in place of the run and its results."""
    inputs = tuple(place.shown("") for place in investigation.question.places)
    rules = investigation.findings.rules
    positions = {rule.code: position for position, rule in enumerate(rules)}
    driver = {
        "name": "blobfix",
        "version": importer.__version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": (_result(finding, positions, inputs) for finding in investigation.findings),
        "properties": {"verdict": as_unicode(verdict_of(investigation))},
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": (each for each in (run,))}


def uri_of(path: str) -> str:
    """The path as the user gave it, as a URI reference: relative stays relative."""
    plain = path.replace("\\", "/") if _DRIVE.match(path) else path
    escaped = quote(_bytes_of(plain), safe="/")
    if _DRIVE.match(path):
        return f"file:///{escaped.replace('%3A', ':', 1)}"
    # Two slashes at the beginning would be read as the name of a host.
    return f"file://{escaped}" if path.startswith("/") else escaped


def _bytes_of(path: str) -> bytes:
    try:
        # A name may hold bytes that are no text.
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half a surrogate pair, as Windows allows.
        return path.encode("utf-8", "surrogatepass")


def _rule(rule: Rule) -> dict[str, Any]:
    plain = "\n\n".join(f"{heading}: {text}" for heading, text in paragraphs(rule.explanation))
    return {
        "id": rule.code,
        "name": "".join(map(str.capitalize, rule.name.split("-"))),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.explanation.meaning},
        "help": {"text": plain, "markdown": markdown_of(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"name": rule.name, "fix": rule.fix.value, "tags": ["container-image"]},
    }


def _result(finding: Finding, positions: dict[str, int], inputs: tuple[str, ...]) -> dict[str, Any]:
    rule, seen = finding.rule, finding.observation
    result: dict[str, Any] = {
        "ruleId": rule.code,
        "ruleIndex": positions[rule.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "partialFingerprints": {"finding/v1": _fingerprint(finding, inputs)},
        "properties": {
            "certainty": seen.certainty.value,
            "fix": finding.safety.value,
            **({"digest": str(seen.digest)} if seen.digest else {}),
            **({"image": str(seen.image.manifest_digest)} if seen.image and seen.image.manifest_digest else {}),
        },
    }
    path = seen.path or _manifest_path(finding)
    if path:
        result["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": uri_of(path)}}}]
    return result


class _SarifRenderer(Renderer):
    """Writes messages out in SARIF's plain text, where braces are placeholders and square brackets are links."""

    def text(self, text: Text) -> str:
        return super().text(text).translate(_ESCAPES)


def _message(finding: Finding) -> str:
    seen = finding.observation
    return _SarifRenderer().text(Text("{}. Next: {}", beside_its_path(seen), seen.remedy))


def _manifest_path(finding: Finding) -> str | None:
    image = finding.observation.image
    return image.manifest.file.file.path if image and image.manifest.file else None


def _fingerprint(finding: Finding, inputs: tuple[str, ...]) -> str:
    """The same for the same finding in the next scan, wherever the folder lies by then."""
    seen = finding.observation
    image = seen.image.manifest.descriptor.digest if seen.image else None
    path = next(
        (seen.path.removeprefix(root) for root in inputs if seen.path and seen.path.startswith(root)), seen.path
    )
    parts = (finding.rule.code, seen.digest, image, as_unicode(path or "").lstrip("/\\"))
    return hashlib.sha256("\0".join(str(part or "") for part in parts).encode()).hexdigest()
