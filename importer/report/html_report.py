"""One HTML file to attach to a ticket: it needs no network, and no name in it can break out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby, islice
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import importer
from importer.domain.digest import Digest
from importer.domain.platform import Host
from importer.investigation import Investigation
from importer.plan.blobs import BlobPlan, InvalidBlob, LostBlob, Role
from importer.plan.fidelity import Fidelity, ImageStatus, fidelity, status_of
from importer.plan.images import ImagePlan
from importer.plan.titles import label_of
from importer.report.downloads import downloads_of
from importer.report.json_report import summary
from importer.report.next_steps import next_steps
from importer.report.page import Paper
from importer.report.remembered import told_of
from importer.report.rendering import Renderer
from importer.report.rule_text import paragraphs
from importer.report.salvage_list import SalvageList, salvage_of
from importer.report.shopping_list import heading_of, ways_to
from importer.report.states import MARKS, PROOFS, STATES, Titles, short_size, worst_first, worst_state
from importer.report.verdict import verdict_of
from importer.rules.catalogue import rule_explaining
from importer.rules.rule import Finding, Rule, Severity
from importer.words.printable import printable
from importer.words.text import Size
from importer.writers.outputs import REPORTED

_SHOWN_OF_A_RULE: Final = 100
_FIDELITIES: Final = {
    Fidelity.EXACT: "exact",
    Fidelity.SAME_IMAGE: "same image id, new manifest digest",
    Fidelity.NONE: "not from what is here",
}


@dataclass(frozen=True, slots=True)
class BlobView:
    """One blob as the report draws it; ``good`` is how much of it is here, in percent."""

    label: str
    number: int | None
    state: str
    state_text: str
    mark: str
    size: int
    short_size: str
    good: int
    rule: Rule | None
    path: str | None
    digest: Digest


@dataclass(frozen=True, slots=True)
class ImageView:
    """One image as the report draws it."""

    title: str
    image: ImagePlan
    status: ImageStatus
    layers: tuple[BlobView, ...]
    blobs: tuple[BlobView, ...]
    outputs: tuple[tuple[str, str, str], ...]
    salvage: tuple[SalvageList, ...]
    proof: str

    @property
    def picture(self) -> str:
        """The drawing of the layers in words."""
        parts = (f"{layer.label}: {layer.short_size}, {layer.state_text}" for layer in self.layers)
        return f"Layers, lowest first: {'; '.join(parts)}"

    @property
    def legend(self) -> tuple[tuple[str, str, str], ...]:
        """The states of the layers, each once: class, mark, word."""
        return tuple(dict.fromkeys((layer.state, layer.mark, layer.state_text) for layer in self.layers))


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """What one rule has found of one severity."""

    rule: Rule
    severity: Severity
    findings: tuple[Finding, ...]
    more: int
    anchor: str

    @property
    def paragraphs(self) -> tuple[tuple[str, str], ...]:
        """The rule's explanation."""
        return tuple(paragraphs(self.rule.explanation))


def print_report(investigation: Investigation, paper: Paper) -> None:
    """Print the report as one document."""
    script = _resource("report.js")
    template = _environment().get_template("report.html.j2")
    paper.write(
        template.render(
            **_content(investigation),
            made=paper.made,
            version=importer.__version__,
            style=Markup(_resource("report.css")),  # noqa: S704 (part of the program)
            script=Markup(script),  # noqa: S704 (part of the program)
            # Whatever might slip into the page, a browser runs this one script and nothing else.
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
        + "\n"
    )


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("importer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _printable(value: Any) -> Any:
    """Names without control characters, and without marks that turn the direction of writing."""
    return value if isinstance(value, Markup) else printable(str(value))


def _resource(name: str) -> str:
    return files("importer.report").joinpath("templates", name).read_text(encoding="utf-8")


def _content(investigation: Investigation) -> dict[str, Any]:
    plan, host, renderer = investigation.case.plan, investigation.case.host, Renderer.of(investigation)
    downloads = downloads_of(plan, investigation.question.origin)
    have = {download.digest: download.have for download in downloads}
    groups = list(_groups(investigation.findings))
    titles = Titles(plan.images)
    return {
        "verdict": verdict_of(investigation),
        "state": str(worst_state(investigation.case) or "nothing"),
        "inputs": [place.shown("") for place in investigation.question.places],
        "renderer": renderer,
        "images": [_image(image, titles.of(image), have, host) for image in worst_first(plan.images, host)],
        "troubles": [group for group in groups if group.severity is not Severity.INFO],
        "remarks": [group for group in groups if group.severity is Severity.INFO],
        "next": next_steps(investigation),
        "downloads": [(heading_of(download), tuple(ways_to(download))) for download in downloads],
        "summary": summary(investigation),
        "remembered": told_of(investigation.account) if investigation.account else "",
        "Size": Size,
    }


def _groups(findings: Iterable[Finding]) -> Iterator[FindingGroup]:
    seen: set[str] = set()
    for (severity, code), group in groupby(findings, key=lambda finding: (finding.severity, finding.rule.code)):
        rest = iter(group)
        found, more = tuple(islice(rest, _SHOWN_OF_A_RULE)), sum(1 for _ in rest)
        # A link to the rule leads to its worst findings; an anchor is there once.
        anchor = f"{code}-{severity}" if code in seen else code
        seen.add(code)
        yield FindingGroup(found[0].rule, severity, found, more, anchor)


def _image(image: ImagePlan, title: str, have: dict[Digest, int], host: Host) -> ImageView:
    blobs = tuple(_blob(image, blob, have) for blob in image.all_blobs)
    layers = tuple(_blob(image, blob, have) for blob in image.blobs if blob.role is Role.LAYER)
    outputs = tuple(
        (output.name.replace("-", " "), str(truth := fidelity(image, output.kind, host)), _FIDELITIES[truth])
        for output in REPORTED
    )
    salvage, proof = tuple(salvage_of(image)), PROOFS[image.proof]
    return ImageView(title, image, status_of(image, host), layers, blobs, outputs, salvage, proof)


def _blob(image: ImagePlan, blob: BlobPlan, have: dict[Digest, int]) -> BlobView:
    size = blob.descriptor.size
    lost = isinstance(blob, LostBlob | InvalidBlob)
    good = 100 * have.get(blob.descriptor.digest, 0) // max(size, 1) if lost else 100
    return BlobView(
        label=" · ".join(str(part) for part in (label_of(image, blob), blob.descriptor.platform) if part),
        number=None if blob.position is None else blob.position + 1,
        state=blob.status.value,
        state_text=STATES[blob.status],
        mark=MARKS[blob.status][0],
        size=size,
        short_size=short_size(blob),
        good=min(good, 100),
        rule=rule_explaining(blob.cause) if blob.cause else None,
        path=blob.file_path,
        digest=blob.descriptor.digest,
    )
